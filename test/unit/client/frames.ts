// Frames for the tests of the receiving side.

import type { EncodedFrame, ReceivedFrame } from '../../../client/core/media/EncodedFrame.ts';
import { packetize } from '../../../client/core/media/packetize.ts';
import { FrameType } from '../../../shared/frame/layout.ts';

export const CAPTURE_US = 1_700_000_000_000_000;

export function encoded(frame: Partial<EncodedFrame> = {}): EncodedFrame {
  return {
    type: FrameType.videoDelta,
    timestampUs: CAPTURE_US,
    payload: Uint8Array.of(1, 2, 3),
    temporalLayer: 0,
    discardable: false,
    ...frame,
  };
}

export function received(frame: Partial<ReceivedFrame> = {}): ReceivedFrame {
  return { ...encoded(frame), baseFrame: 0, firstSequence: 0, completedAtMs: 0, ...frame };
}

/** A frame's datagrams, of a stream of user 7, stream 3. */
export function datagrams(
  frame: EncodedFrame,
  place: { readonly sequence: number; readonly baseFrame: number },
  maxFragmentBytes = 10,
): Uint8Array[] {
  return packetize(frame, { userId: 7, streamId: 3, spatialLayer: 0, ...place }, maxFragmentBytes);
}

export function bytesOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

/** mulberry32: the same numbers for the same seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
