// Runs in the Deno binary: what a listener does about peers that are hostile, broken or too many.
import process from 'node:process';
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import { listenQuic } from '../../../media-node/transport/deno/listen.ts';
import { type QuicConnection, quicApi } from '../../../media-node/transport/deno/quic.ts';
import { transportOptions } from '../../../media-node/transport/deno/transportOptions.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type ListenOptions,
  type MediaSession,
  type SessionListener,
} from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { GATE_CASES } from './gateCases.ts';
import { Arrivals, withTimeout } from './harness.ts';
import { hashBytes, readInput, reportCases } from './inDeno.ts';
import { LISTENER_CASES, type ListenerHarness } from './listenerCases.ts';

const CASE_TIMEOUT_MS = 10_000;

async function main(): Promise<void> {
  const input = await readInput();
  if (input.next === undefined) throw new Error('The configuration has no second certificate');
  const next = input.next;
  const hashes = { first: hashBytes(input.hash), next: hashBytes(next.hash) };

  const start = async (options: Partial<ListenOptions> = {}): Promise<ListenerHarness> => {
    const limits = options.limits ?? DEFAULT_TRANSPORT_LIMITS;
    const sessions = new Arrivals<MediaSession>();
    const listener: SessionListener = await listenQuic({
      hostname: '127.0.0.1',
      port: 0,
      certificatePem: input.certificatePem,
      privateKeyPem: input.privateKeyPem,
      onRequest: () => ({ accept: true }),
      onSession: (session) => sessions.push(session),
      gate: new AddressGate(limits, systemClock),
      ...options,
      limits,
    });
    const certificateHashes = [hashes.first];
    return {
      listener,
      sessions,
      dial: (with_ = 'first') =>
        dialSession({
          url: `https://127.0.0.1:${listener.port}/`,
          certificateHashes: [hashes[with_]],
          limits: DEFAULT_TRANSPORT_LIMITS,
        }),
      connect: async (alpn = 'h3'): Promise<QuicConnection> =>
        await quicApi().connectQuic({
          ...transportOptions(DEFAULT_TRANSPORT_LIMITS),
          hostname: '127.0.0.1',
          port: listener.port,
          alpnProtocols: [alpn],
          serverCertificateHashes: certificateHashes.map((value) => ({ algorithm: 'sha-256', value })),
        }),
      replaceCertificate: () => listener.replaceCertificate(next.certificatePem, next.privateKeyPem),
    };
  };

  await reportCases(
    [...LISTENER_CASES, ...GATE_CASES].map(({ name, run }) => ({
      name,
      run: () => withTimeout(run(start), CASE_TIMEOUT_MS),
    })),
  );
  process.exit(0);
}

await main();
