// The contract's harness over TCP: WebSocket framing at both ends, on loopback.
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type DialOptions,
  type MediaSession,
  type SessionListener,
} from '../../../media-node/transport/MediaSession.ts';
import { listenTcp } from '../../../media-node/transport/tcp/listen.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import type { Harness } from './harness.ts';
import { hashBytes } from './inDeno.ts';
import type { ContractInput } from './report.ts';

const REFUSED = /^\/refused\/(\d+)$/;

export interface TcpHarness extends Harness {
  readonly listener: SessionListener;
}

/** `dial` is the client's side, ours or somebody else's. */
export async function startTcpHarness(
  input: ContractInput,
  dial: (options: DialOptions) => Promise<MediaSession>,
): Promise<TcpHarness> {
  const waiting: ((session: MediaSession) => void)[] = [];
  const limits = DEFAULT_TRANSPORT_LIMITS;
  const listener = await listenTcp({
    hostname: '127.0.0.1',
    port: input.port,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits,
    gate: new AddressGate({ ...limits, handshakesPerSecondPerAddress: 0 }, systemClock),
    onRequest: ({ path }) => {
      const status = REFUSED.exec(path)?.[1];
      return status === undefined ? { accept: true } : { accept: false, status: Number(status) };
    },
    onSession: (session) => waiting.shift()?.(session),
  });
  const dialPath = (path: string): Promise<MediaSession> =>
    dial({
      url: `https://127.0.0.1:${listener.port}${path}`,
      certificateHashes: [hashBytes(input.hash)],
      limits,
    });
  return {
    listener,
    capabilities: new Set(['refusal', 'streamCodes']),
    maxIncomingStreams: limits.maxIncomingStreams,
    maxDatagramsInFlight: limits.maxDatagramsInFlight,
    connect: async (path = '/') => {
      const accepted = new Promise<MediaSession>((resolve) => waiting.push(resolve));
      const client = await dialPath(path);
      return { client, server: await accepted };
    },
    connectRefused: (status) => dialPath(`/refused/${status}`),
  };
}
