// Media connections of the SDK to a handler's protocol in the same process.
import { onTestFinished } from 'vitest';
import type { ConnectionError } from '../../../client/core/errors.ts';
import { MediaConnection } from '../../../client/core/media/MediaConnection.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { LoopbackMedia } from '../../support/loopbackMedia.ts';
import { type PairOptions, pairWebTransports } from '../../support/pairedWebTransport.ts';
import { ManualTime } from './ManualTime.ts';

export const TIMEOUT_MS = 5_000;

export function open(handler: LoopbackMedia, options: PairOptions = {}) {
  const time = new ManualTime();
  const pair = pairWebTransports(options);
  const server = handler.serve(pair.server);
  const media = new MediaConnection({
    transport: pair.client,
    clock: time,
    timers: time,
    log: silentLogger,
    timeoutMs: TIMEOUT_MS,
  });
  const ends: (ConnectionError | undefined)[] = [];
  const states: string[] = [];
  media.on('ended', (error) => ends.push(error));
  media.on('stateChanged', (state) => states.push(state));
  onTestFinished(() => media.close());
  return { time, pair, server, media, ends, states };
}

/** One that is ready. */
export async function connected(userId = 1, handler = new LoopbackMedia()) {
  const connection = open(handler);
  await connection.media.connect(`token-${userId}`);
  return { ...connection, handler };
}

/** A receiver that keeps what it gets. */
export function recorder() {
  const got: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  return {
    got,
    frames,
    onDatagram: (bytes: Uint8Array) => got.push(bytes),
    onStreamFrame: (bytes: Uint8Array) => frames.push(bytes),
  };
}
