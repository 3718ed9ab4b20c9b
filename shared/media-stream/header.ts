// The 32-byte header that starts a unidirectional media stream (protocol document, "Media on streams").
//
//   magic "DART"(4) version 1 (1) type(1) stream UUID(16) codec FourCC(4) reserved(6, zero)
//
// The UUID is version 8 (RFC 9562, section 5.8) and carries the two numbers that name a stream, so that the header can be
// checked against the sender: bytes 0-3 user id, 12-15 stream id, version and variant bits set, the rest zero.
import { readUint32 } from '../frame/read.ts';
import { writeUint32 } from '../frame/write.ts';

export const STREAM_HEADER_BYTES = 32;
const MAGIC = 0x44415254;
const VERSION = 1;
const UUID_AT = 6;
const FOURCC_AT = 22;
const RESERVED_AT = 26;
const UUID_VERSION_8 = 0x80;
const UUID_VARIANT = 0x80;

export const StreamType = { audio: 0, video: 1 } as const;
export type StreamType = (typeof StreamType)[keyof typeof StreamType];

/** Codes with which a media stream is reset. */
export const ResetCode = {
  none: 0x00,
  invalidFormat: 0x01,
  authenticationFailed: 0x02,
  quotaExceeded: 0x03,
  internalError: 0x04,
} as const;
export type ResetCode = (typeof ResetCode)[keyof typeof ResetCode];

export const StreamFault = {
  none: 0,
  truncated: 1,
  badMagic: 2,
  unknownVersion: 3,
  unknownType: 4,
  badStreamUuid: 5,
  badFourCc: 6,
  reservedNotZero: 7,
} as const;
export type StreamFault = (typeof StreamFault)[keyof typeof StreamFault];

export interface StreamHeader {
  readonly type: StreamType;
  readonly userId: number;
  readonly streamId: number;
  /** Four printable ASCII characters, such as `VP80` or `Opus`. */
  readonly fourCc: string;
}

/**
 * Writes the 32 bytes at `at`.
 * @throws RangeError when the target has no room or the FourCC is not four printable ASCII characters.
 */
export function writeStreamHeader(target: Uint8Array, at: number, header: StreamHeader): void {
  if (target.length - at < STREAM_HEADER_BYTES) {
    throw new RangeError(
      `Stream header needs ${STREAM_HEADER_BYTES} bytes at ${at}: the buffer has ${target.length}`,
    );
  }
  if (!/^[\x20-\x7e]{4}$/.test(header.fourCc))
    throw new RangeError(`FourCC must be four printable ASCII characters: "${header.fourCc}"`);
  target.fill(0, at, at + STREAM_HEADER_BYTES);
  writeUint32(target, at, MAGIC);
  target[at + 4] = VERSION;
  target[at + 5] = header.type;
  writeUint32(target, at + UUID_AT, header.userId);
  target[at + UUID_AT + 6] = UUID_VERSION_8;
  target[at + UUID_AT + 8] = UUID_VARIANT;
  writeUint32(target, at + UUID_AT + 12, header.streamId);
  for (let i = 0; i < 4; i++) target[at + FOURCC_AT + i] = header.fourCc.charCodeAt(i);
}

/** What is wrong with the header at `at`; StreamFault.none when nothing is. Never throws. */
export function validateMediaStreamHeader(bytes: Uint8Array, at: number): StreamFault {
  if (bytes.length - at < STREAM_HEADER_BYTES) return StreamFault.truncated;
  if (readUint32(bytes, at) !== MAGIC) return StreamFault.badMagic;
  if (bytes[at + 4] !== VERSION) return StreamFault.unknownVersion;
  if ((bytes[at + 5] ?? 0) > StreamType.video) return StreamFault.unknownType;
  for (let i = 4; i < 12; i++) {
    const expected = i === 6 ? UUID_VERSION_8 : i === 8 ? UUID_VARIANT : 0;
    if (bytes[at + UUID_AT + i] !== expected) return StreamFault.badStreamUuid;
  }
  for (let i = 0; i < 4; i++) {
    const character = bytes[at + FOURCC_AT + i] ?? 0;
    if (character < 0x20 || character > 0x7e) return StreamFault.badFourCc;
  }
  for (let i = RESERVED_AT; i < STREAM_HEADER_BYTES; i++)
    if (bytes[at + i] !== 0) return StreamFault.reservedNotZero;
  return StreamFault.none;
}

/** Reads a header that validateMediaStreamHeader has passed. */
export function readStreamHeader(bytes: Uint8Array, at: number): StreamHeader {
  return {
    type: bytes[at + 5] === StreamType.audio ? StreamType.audio : StreamType.video,
    userId: readUint32(bytes, at + UUID_AT),
    streamId: readUint32(bytes, at + UUID_AT + 12),
    fourCc: String.fromCharCode(...bytes.subarray(at + FOURCC_AT, at + FOURCC_AT + 4)),
  };
}
