// Reads header fields in place, at fixed offsets from `at`, where the header starts (ledger MH-2): no allocation.
// Callers have checked the bytes with validate.ts; a read past the end gives 0, never a throw.
import {
  FLAG_DISCARDABLE,
  FLAG_END_OF_FRAME,
  FLAG_ON_DEMAND,
  LAYER_SPATIAL_MASK,
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

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

/** A 64-bit integer as a number: exact up to 2^53 - 1, which microseconds since the epoch stay under until 2255. */
export function readUint64(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) * TWO_POW_32 + readUint32(bytes, at + 4);
}

export function readVersion(bytes: Uint8Array, at: number): number {
  return bytes[at + OFFSET_VERSION] ?? 0;
}

export function readType(bytes: Uint8Array, at: number): number {
  return bytes[at + OFFSET_TYPE] ?? 0;
}

/** Upper half of the user id: zero in every valid frame. */
export function readUserIdHigh(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + OFFSET_USER_ID);
}

export function readUserId(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + OFFSET_USER_ID + 4);
}

export function readStreamId(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + OFFSET_STREAM_ID);
}

export function readTimestampUs(bytes: Uint8Array, at: number): number {
  return readUint64(bytes, at + OFFSET_TIMESTAMP);
}

export function readSequence(bytes: Uint8Array, at: number): number {
  return readUint64(bytes, at + OFFSET_SEQUENCE);
}

export function readPayloadLength(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + OFFSET_PAYLOAD_LENGTH);
}

export function readFlags(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at + OFFSET_FLAGS);
}

export function isEndOfFrame(bytes: Uint8Array, at: number): boolean {
  return (readFlags(bytes, at) & FLAG_END_OF_FRAME) !== 0;
}

export function isDiscardable(bytes: Uint8Array, at: number): boolean {
  return (readFlags(bytes, at) & FLAG_DISCARDABLE) !== 0;
}

export function isOnDemand(bytes: Uint8Array, at: number): boolean {
  return (readFlags(bytes, at) & FLAG_ON_DEMAND) !== 0;
}

export function readLayer(bytes: Uint8Array, at: number): number {
  return bytes[at + OFFSET_LAYER] ?? 0;
}

export function readSpatialLayer(bytes: Uint8Array, at: number): number {
  return readLayer(bytes, at) & LAYER_SPATIAL_MASK;
}

export function readTemporalLayer(bytes: Uint8Array, at: number): number {
  return readLayer(bytes, at) >> LAYER_TEMPORAL_SHIFT;
}

export function readFragmentIndex(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at + OFFSET_FRAGMENT_INDEX);
}

export function readHopCount(bytes: Uint8Array, at: number): number {
  return bytes[at + OFFSET_HOP_COUNT] ?? 0;
}

export function readBaseFrame(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at + OFFSET_BASE_FRAME);
}
