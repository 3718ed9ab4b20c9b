// Writes a header into a caller's buffer. Numbers are taken modulo their field's width.
import {
  FRAME_VERSION,
  HEADER_BYTES,
  LAYER_SPATIAL_MASK,
  LAYER_TEMPORAL_MASK,
  LAYER_TEMPORAL_SHIFT,
  OFFSET_BASE_FRAME,
  OFFSET_FLAGS,
  OFFSET_FRAGMENT_INDEX,
  OFFSET_HOP_COUNT,
  OFFSET_LAYER,
  OFFSET_PAYLOAD_LENGTH,
  OFFSET_SEQUENCE,
  OFFSET_STREAM_ID,
  OFFSET_TIMESTAMP,
  OFFSET_TYPE,
  OFFSET_USER_ID,
  OFFSET_VERSION,
} from './layout.ts';

const TWO_POW_32 = 4_294_967_296;

export interface FrameHeader {
  /** FrameType. */
  readonly type: number;
  readonly userId: number;
  readonly streamId: number;
  /** Capture time, microseconds since the Unix epoch. */
  readonly timestampUs: number;
  readonly sequence: number;
  readonly payloadLength: number;
  /** Of FLAG_END_OF_FRAME, FLAG_DISCARDABLE and FLAG_ON_DEMAND. */
  readonly flags: number;
  readonly spatialLayer: number;
  readonly temporalLayer: number;
  readonly fragmentIndex: number;
  readonly hopCount: number;
  /** Modulo 65,536. */
  readonly baseFrame: number;
}

export function writeUint16(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 8;
  target[at + 1] = value;
}

export function writeUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

export function writeUint64(target: Uint8Array, at: number, value: number): void {
  writeUint32(target, at, Math.floor(value / TWO_POW_32));
  writeUint32(target, at + 4, value >>> 0);
}

/**
 * Writes the 42 bytes of the header at `at`.
 * @throws RangeError when the target has no room for them.
 */
export function writeFrameHeader(target: Uint8Array, at: number, header: FrameHeader): void {
  if (target.length - at < HEADER_BYTES) {
    throw new RangeError(
      `Frame header needs ${HEADER_BYTES} bytes at ${at}: the buffer has ${target.length}`,
    );
  }
  target[at + OFFSET_VERSION] = FRAME_VERSION;
  target[at + OFFSET_TYPE] = header.type;
  writeUint64(target, at + OFFSET_USER_ID, header.userId);
  writeUint32(target, at + OFFSET_STREAM_ID, header.streamId);
  writeUint64(target, at + OFFSET_TIMESTAMP, header.timestampUs);
  writeUint64(target, at + OFFSET_SEQUENCE, header.sequence);
  writeUint32(target, at + OFFSET_PAYLOAD_LENGTH, header.payloadLength);
  writeUint16(target, at + OFFSET_FLAGS, header.flags);
  target[at + OFFSET_LAYER] =
    (header.spatialLayer & LAYER_SPATIAL_MASK) |
    ((header.temporalLayer << LAYER_TEMPORAL_SHIFT) & LAYER_TEMPORAL_MASK);
  writeUint16(target, at + OFFSET_FRAGMENT_INDEX, header.fragmentIndex);
  target[at + OFFSET_HOP_COUNT] = header.hopCount;
  writeUint16(target, at + OFFSET_BASE_FRAME, header.baseFrame);
}
