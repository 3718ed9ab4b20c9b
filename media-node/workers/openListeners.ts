// The transports of a worker: QUIC on its UDP port and, where the node has a certificate for it, TCP on the same number.
// What is below the seam differs; requests, sessions and bounds are one.
import { systemClock } from '../../shared/base/clock.ts';
import type { WorkerConfig } from '../ipc/protocol.ts';
import { AddressGate } from '../transport/AddressGate.ts';
import { listenQuic } from '../transport/deno/listen.ts';
import type { ListenOptions, SessionListener, TransportCounters } from '../transport/MediaSession.ts';
import { listenTcp } from '../transport/tcp/listen.ts';

export interface Listeners {
  readonly udpPort: number;
  /** What all of them refused, by reason; reasons that never happened are left out. */
  refusals(): Record<string, number>;
  replaceCertificate(certificatePem: string, privateKeyPem: string): void;
  /** Does nothing where there is no TCP: it begins with a worker. */
  replaceTcpCertificate(certificatePem: string, privateKeyPem: string): void;
  /** Closes every session with this code and reason, then the ports. */
  close(code: number, reason: string): Promise<void>;
}

/** Rejects when a port is taken or a certificate is not one. */
export async function openListeners(
  config: WorkerConfig,
  { onRequest, onSession }: Pick<ListenOptions, 'onRequest' | 'onSession'>,
): Promise<Listeners> {
  const common = {
    hostname: config.hostname,
    limits: config.transport,
    gate: new AddressGate(config.transport, systemClock),
    onRequest,
    onSession,
  };
  const { certificatePem, privateKeyPem, tcpCertificate } = config;
  const quic = await listenQuic({ ...common, port: config.udpPort, certificatePem, privateKeyPem });
  const tcp =
    tcpCertificate === undefined
      ? undefined
      : await listenTcp({ ...common, port: quic.port, ...tcpCertificate });
  const all: readonly SessionListener[] = tcp === undefined ? [quic] : [quic, tcp];
  return {
    udpPort: quic.port,
    refusals: () => nonZero(all.map(({ counters }) => counters)),
    replaceCertificate: (certificate, key) => quic.replaceCertificate(certificate, key),
    replaceTcpCertificate: (certificate, key) => tcp?.replaceCertificate(certificate, key),
    close: async (code, reason) => {
      await Promise.all(all.map((listener) => listener.close(code, reason)));
    },
  };
}

function nonZero(counters: readonly Readonly<TransportCounters>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of counters.flatMap((counter) => Object.entries(counter)))
    if (count > 0) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
