import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  controlLength,
  decodeAck,
  encodeAck,
  MAX_ACK_ENTRIES,
  PING_BYTES,
  readPingId,
  readPingTimeUs,
  turnPingIntoPong,
  writePing,
} from '../../../../shared/frame/control.ts';
import { MAX_DATAGRAM_BYTES } from '../../../../shared/frame/layout.ts';
import { isControl } from '../../../../shared/frame/validate.ts';
import { hex } from '../hex.ts';
import { holds } from '../holds.ts';

const pingBytes = hex(
  '01', //                 0 version
  '82', //                 1 type: ping
  'deadbeef', //           2 id
  '000660c8 19a35240', //  6 sender's time, us
);
const pongBytes = hex(
  '01', //                 0 version
  '83', //                 1 type: pong
  'deadbeef', //           2 the ping's id
  '000660c8 19a35240', //  6 the ping's time
);
const ackBytes = hex(
  '01', //                 0 version
  '84', //                 1 type: ack
  '0002', //               2 count
  '00000007', //           4 user id
  '0000000b', //           8 stream id
  '00000001 00000002', // 12 highest sequence
  'ffffffff', //          20 user id
  'fffffffe', //          24 stream id
  '00000000 00000000', // 28 highest sequence
);
const ackEntries = [
  { userId: 7, streamId: 11, highestSequence: 0x01_0000_0002 },
  { userId: 0xffff_ffff, streamId: 0xffff_fffe, highestSequence: 0 },
];

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('control datagrams', () => {
  it('MH-10 writes a ping as the golden 14 bytes and turns it into its pong in place', () => {
    const bytes = new Uint8Array(PING_BYTES);
    writePing(bytes, 0, 0xdead_beef, 1_795_262_400_123_456);
    expect(bytes).toEqual(pingBytes);
    expect(isControl(bytes, 0)).toBe(true);
    expect(controlLength(bytes, 0)).toBe(PING_BYTES);
    turnPingIntoPong(bytes, 0);
    expect(bytes).toEqual(pongBytes);
    expect(controlLength(bytes, 0)).toBe(PING_BYTES);
    expect(readPingId(bytes, 0)).toBe(0xdead_beef);
    expect(readPingTimeUs(bytes, 0)).toBe(1_795_262_400_123_456);
  });

  it('MH-10 writes an ack as the golden bytes and reads it back', () => {
    expect(encodeAck(ackEntries)).toEqual(ackBytes);
    expect(controlLength(ackBytes, 0)).toBe(ackBytes.length);
    expect(decodeAck(ackBytes, 0)).toEqual(ackEntries);
  });

  it('reads back every ping and ack, behind any prefix', () => {
    holds(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        uint32,
        fc.maxSafeNat(),
        fc.array(fc.record({ userId: uint32, streamId: uint32, highestSequence: fc.maxSafeNat() }), {
          maxLength: MAX_ACK_ENTRIES,
        }),
        (at, id, timeUs, entries) => {
          const ping = new Uint8Array(at + PING_BYTES);
          writePing(ping, at, id, timeUs);
          expect([controlLength(ping, at), readPingId(ping, at), readPingTimeUs(ping, at)]).toEqual([
            PING_BYTES,
            id,
            timeUs,
          ]);
          const ack = encodeAck(entries);
          const prefixed = new Uint8Array(at + ack.length);
          prefixed.set(ack, at);
          expect(controlLength(prefixed, at)).toBe(ack.length);
          expect(decodeAck(prefixed, at)).toEqual(entries);
        },
      ),
    );
  });

  it('MH-10 keeps the largest ack within a datagram and refuses to encode a larger one', () => {
    const entry = { userId: 1, streamId: 1, highestSequence: 1 };
    expect(MAX_ACK_ENTRIES).toBe(68);
    expect(encodeAck(Array(MAX_ACK_ENTRIES).fill(entry)).length).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
    expect(() => encodeAck(Array(MAX_ACK_ENTRIES + 1).fill(entry))).toThrow(
      new RangeError('An ack holds at most 68 streams: got 69'),
    );
  });

  it.each([
    ['nothing', hex('')],
    ['another version', hex('02', '82', 'deadbeef', '0000000000000001')],
    ['a ping cut short', pingBytes.subarray(0, PING_BYTES - 1)],
    ['a ping with a byte too many', hex('01', '82', 'deadbeef', '0000000000000001', '00')],
    ['an ack of fewer entries than it counts', ackBytes.subarray(0, ackBytes.length - 1)],
    ['an ack of more entries than it counts', Uint8Array.from(ackBytes, (byte, i) => (i === 3 ? 1 : byte))],
    ['an ack that counts over a datagram', Uint8Array.from(ackBytes, (byte, i) => (i === 2 ? 0xff : byte))],
    ['an unknown control type', hex('01', '81', 'deadbeef', '0000000000000001')],
    ['a media type', hex('01', '00', 'deadbeef', '0000000000000001')],
  ])('MH-10 finds %s malformed', (_what, bytes) => {
    expect(controlLength(bytes, 0)).toBe(0);
    expect(decodeAck(bytes, 0)).toEqual([]);
  });

  it('MH-10 reads no entries from a ping', () => {
    expect(decodeAck(pingBytes, 0)).toEqual([]);
  });
});
