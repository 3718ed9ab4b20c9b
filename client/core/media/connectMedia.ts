import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { ConnectionError } from '../errors.ts';
import { openTransport } from '../openTransport.ts';
import type { MediaServerAddress } from '../signaling/types.ts';
import type { Timers } from '../timers.ts';
import type { TransportFactory } from '../transport.ts';
import { MediaConnection } from './MediaConnection.ts';

export interface ConnectMediaOptions {
  readonly transport: TransportFactory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** For each server, ms. */
  readonly timeoutMs: number;
}

/** Connects to the first media server in rank order that lets us in (ledger MC-11). Rejects with the last ConnectionError. */
export async function connectMedia(
  servers: readonly MediaServerAddress[],
  options: ConnectMediaOptions,
): Promise<MediaConnection> {
  let failure = ConnectionError.protocol('the meeting controller', 'no media server in its answer');
  for (const server of servers) {
    try {
      const media = new MediaConnection({
        ...options,
        transport: openTransport(options.transport, server.url, server.certificateHashes),
      });
      await media.connect(server.connectionToken);
      return media;
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      options.log.warn('A media server did not let us in', { handler_id: server.handlerId, error });
      failure = error;
    }
  }
  throw failure;
}
