import type { FrameType } from '../../../shared/frame/layout.ts';

/** One encoded frame, on its way out of an encoder or into a decoder. */
export interface EncodedFrame {
  readonly type: FrameType;
  /** Capture time, microseconds since the Unix epoch. */
  readonly timestampUs: number;
  readonly payload: Uint8Array;
  readonly temporalLayer: number;
  /** Simulcast layer that it is a picture of; absent where there is one only. */
  readonly spatialLayer?: number;
  /** No later frame depends on it. */
  readonly discardable: boolean;
}

/** A frame as it was put together at a receiver. */
export interface ReceivedFrame extends EncodedFrame {
  /** Number of the stream's latest frame of temporal layer 0, modulo 65,536 (protocol document). */
  readonly baseFrame: number;
  /** Sequence number of the frame's first datagram; of the datagram after it for a frame that went on a stream alone. */
  readonly firstSequence: number;
  /** Monotonic time at which the frame was complete, ms. */
  readonly completedAtMs: number;
}
