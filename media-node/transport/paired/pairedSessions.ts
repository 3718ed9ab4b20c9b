// Two ends of a session in one process, for tests of everything above the seam: bytes are copied as the kernel would,
// delivery is asynchronous (microtasks, in order), and a peer that stops reading can be acted out with hold().
import { PairedEnd } from './PairedEnd.ts';
import type { PairedSession } from './PairedSession.ts';

export type { PairedSession } from './PairedSession.ts';

export interface PairOptions {
  /** Request path with its query. Default `/`. */
  readonly path?: string;
  /** Origin that the server sees. Default none. */
  readonly origin?: string;
  /** Largest datagram payload, bytes. Default 1161: a minimal QUIC path less the prefix. */
  readonly maxDatagramBytes?: number;
  /** Datagrams sent and not delivered, per direction; further ones are congested. Default 64. */
  readonly maxDatagramsInFlight?: number;
  /** Streams that each end may have open towards the other at once. Default 64. */
  readonly maxIncomingStreams?: number;
  /** Bytes of one stream that may be written and not read. Default 65,536. */
  readonly streamWindowBytes?: number;
}

export interface SessionPair {
  readonly client: PairedSession;
  readonly server: PairedSession;
}

export function createSessionPair(options: PairOptions = {}): SessionPair {
  const limits = {
    maxDatagramBytes: options.maxDatagramBytes ?? 1_161,
    maxDatagramsInFlight: options.maxDatagramsInFlight ?? 64,
    maxIncomingStreams: options.maxIncomingStreams ?? 64,
    streamWindowBytes: options.streamWindowBytes ?? 65_536,
  };
  const path = options.path ?? '/';
  const client = new PairedEnd({ ...limits, path, origin: undefined, remoteAddress: 'paired:server' });
  const server = new PairedEnd({ ...limits, path, origin: options.origin, remoteAddress: 'paired:client' });
  client.connectTo(server);
  server.connectTo(client);
  return { client, server };
}
