// Says what is wrong with a frame (ledger MH-10). Never throws, allocates nothing: the answer is a small integer.
import {
  FIRST_CONTROL_TYPE,
  FRAME_VERSION,
  FrameType,
  HEADER_BYTES,
  KNOWN_FLAGS,
  LAYER_BITS,
  MAX_DATAGRAM_BYTES,
  MAX_HOPS,
  MAX_SPATIAL_LAYER,
  MAX_STREAM_FRAME_BYTES,
} from './layout.ts';
import {
  readFlags,
  readHopCount,
  readLayer,
  readPayloadLength,
  readSpatialLayer,
  readType,
  readUserIdHigh,
  readVersion,
} from './read.ts';

export const FrameFault = {
  none: 0,
  truncated: 1,
  oversized: 2,
  unknownVersion: 3,
  unknownType: 4,
  userIdTooLarge: 5,
  lengthMismatch: 6,
  unknownFlags: 7,
  badLayer: 8,
  tooManyHops: 9,
} as const;
export type FrameFault = (typeof FrameFault)[keyof typeof FrameFault];

/** Name of a fault, for counters and logs. */
export const FRAME_FAULT_NAMES: readonly (keyof typeof FrameFault)[] = [
  'none',
  'truncated',
  'oversized',
  'unknownVersion',
  'unknownType',
  'userIdTooLarge',
  'lengthMismatch',
  'unknownFlags',
  'badLayer',
  'tooManyHops',
];

/** Whether the datagram that starts at `at` is a control datagram (its own codec validates the rest). */
export function isControl(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 1] ?? 0) >= FIRST_CONTROL_TYPE;
}

/** Checks a whole media datagram: header and payload from `at` to the end of `bytes`. */
export function validateDatagram(bytes: Uint8Array, at: number): FrameFault {
  const length = bytes.length - at;
  if (length < HEADER_BYTES) return FrameFault.truncated;
  if (length > MAX_DATAGRAM_BYTES) return FrameFault.oversized;
  const fault = validateHeader(bytes, at);
  if (fault !== FrameFault.none) return fault;
  if (readPayloadLength(bytes, at) !== length - HEADER_BYTES) return FrameFault.lengthMismatch;
  return FrameFault.none;
}

/** Checks a header on a stream, where the payload is yet to come; the payload length it announces is bounded. */
export function validateStreamHeader(bytes: Uint8Array, at: number): FrameFault {
  if (bytes.length - at < HEADER_BYTES) return FrameFault.truncated;
  const fault = validateHeader(bytes, at);
  if (fault !== FrameFault.none) return fault;
  if (readPayloadLength(bytes, at) > MAX_STREAM_FRAME_BYTES - HEADER_BYTES) return FrameFault.oversized;
  return FrameFault.none;
}

function validateHeader(bytes: Uint8Array, at: number): FrameFault {
  if (readVersion(bytes, at) !== FRAME_VERSION) return FrameFault.unknownVersion;
  if (readType(bytes, at) > FrameType.videoDelta) return FrameFault.unknownType;
  if (readUserIdHigh(bytes, at) !== 0) return FrameFault.userIdTooLarge;
  if ((readFlags(bytes, at) & ~KNOWN_FLAGS) !== 0) return FrameFault.unknownFlags;
  if ((readLayer(bytes, at) & ~LAYER_BITS) !== 0 || readSpatialLayer(bytes, at) > MAX_SPATIAL_LAYER)
    return FrameFault.badLayer;
  if (readHopCount(bytes, at) > MAX_HOPS) return FrameFault.tooManyHops;
  return FrameFault.none;
}
