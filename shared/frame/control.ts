// Control datagrams (frame types 0x80 and up). All integers big-endian, version 1 as in media frames.
//
//   ping 0x82, pong 0x83   version(1) type(1) id(4) senderTimeUs(8)                        14 bytes
//   ack  0x84              version(1) type(1) count(2) then count entries of
//                          userId(4) streamId(4) highestSequence(8)                        4 + 16 * count bytes
//
// A pong repeats its ping's id and time, so that the sender keeps no state. An ack names, for each stream received since
// the ack before, the highest sequence number that has arrived.
import { FRAME_VERSION, MAX_DATAGRAM_BYTES } from './layout.ts';
import { readUint16, readUint32, readUint64 } from './read.ts';
import { writeUint16, writeUint32, writeUint64 } from './write.ts';

export const ControlType = { ping: 0x82, pong: 0x83, ack: 0x84 } as const;
export type ControlType = (typeof ControlType)[keyof typeof ControlType];

export const PING_BYTES = 14;
const ACK_HEADER_BYTES = 4;
const ACK_ENTRY_BYTES = 16;
export const MAX_ACK_ENTRIES = Math.floor((MAX_DATAGRAM_BYTES - ACK_HEADER_BYTES) / ACK_ENTRY_BYTES);

export interface AckEntry {
  readonly userId: number;
  readonly streamId: number;
  readonly highestSequence: number;
}

/** Length of the control datagram at `at` when it is well formed, else 0. */
export function controlLength(bytes: Uint8Array, at: number): number {
  const length = bytes.length - at;
  if (length < ACK_HEADER_BYTES || bytes[at] !== FRAME_VERSION) return 0;
  switch (bytes[at + 1]) {
    case ControlType.ping:
    case ControlType.pong:
      return length === PING_BYTES ? length : 0;
    case ControlType.ack: {
      const count = readUint16(bytes, at + 2);
      return count <= MAX_ACK_ENTRIES && length === ACK_HEADER_BYTES + count * ACK_ENTRY_BYTES ? length : 0;
    }
    default:
      return 0;
  }
}

export function writePing(target: Uint8Array, at: number, id: number, senderTimeUs: number): void {
  target[at] = FRAME_VERSION;
  target[at + 1] = ControlType.ping;
  writeUint32(target, at + 2, id);
  writeUint64(target, at + 6, senderTimeUs);
}

export function readPingId(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + 2);
}

export function readPingTimeUs(bytes: Uint8Array, at: number): number {
  return readUint64(bytes, at + 6);
}

/** Turns the ping at `at` into its pong, in place. */
export function turnPingIntoPong(bytes: Uint8Array, at: number): void {
  bytes[at + 1] = ControlType.pong;
}

/**
 * One ack datagram for up to MAX_ACK_ENTRIES streams.
 * @throws RangeError when there are more.
 */
export function encodeAck(entries: readonly AckEntry[]): Uint8Array {
  if (entries.length > MAX_ACK_ENTRIES) {
    throw new RangeError(`An ack holds at most ${MAX_ACK_ENTRIES} streams: got ${entries.length}`);
  }
  const bytes = new Uint8Array(ACK_HEADER_BYTES + entries.length * ACK_ENTRY_BYTES);
  bytes[0] = FRAME_VERSION;
  bytes[1] = ControlType.ack;
  writeUint16(bytes, 2, entries.length);
  let at = ACK_HEADER_BYTES;
  for (const entry of entries) {
    writeUint32(bytes, at, entry.userId);
    writeUint32(bytes, at + 4, entry.streamId);
    writeUint64(bytes, at + 8, entry.highestSequence);
    at += ACK_ENTRY_BYTES;
  }
  return bytes;
}

/** Number of entries of the well-formed ack at `at`, and where each starts: for reading them in place. */
export function readAckCount(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at + 2);
}

export function ackEntryAt(at: number, index: number): number {
  return at + ACK_HEADER_BYTES + index * ACK_ENTRY_BYTES;
}

export function readAckUserId(bytes: Uint8Array, entryAt: number): number {
  return readUint32(bytes, entryAt);
}

export function readAckStreamId(bytes: Uint8Array, entryAt: number): number {
  return readUint32(bytes, entryAt + 4);
}

export function readAckSequence(bytes: Uint8Array, entryAt: number): number {
  return readUint64(bytes, entryAt + 8);
}

/** Entries of the ack at `at`; none when it is malformed. */
export function decodeAck(bytes: Uint8Array, at: number): AckEntry[] {
  if (bytes[at + 1] !== ControlType.ack || controlLength(bytes, at) === 0) return [];
  const entries: AckEntry[] = [];
  for (let entryAt = at + ACK_HEADER_BYTES; entryAt < bytes.length; entryAt += ACK_ENTRY_BYTES) {
    entries.push({
      userId: readAckUserId(bytes, entryAt),
      streamId: readAckStreamId(bytes, entryAt),
      highestSequence: readAckSequence(bytes, entryAt),
    });
  }
  return entries;
}
