import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FLAG_DISCARDABLE,
  FLAG_END_OF_FRAME,
  FrameType,
  HEADER_BYTES,
  MAX_DATAGRAM_BYTES,
  MAX_DATAGRAM_PAYLOAD_BYTES,
  MAX_HOPS,
  MAX_STREAM_FRAME_BYTES,
} from '../../../../shared/frame/layout.ts';
import * as read from '../../../../shared/frame/read.ts';
import {
  FRAME_FAULT_NAMES,
  FrameFault,
  isControl,
  validateDatagram,
  validateStreamHeader,
} from '../../../../shared/frame/validate.ts';
import { type FrameHeader, writeFrameHeader } from '../../../../shared/frame/write.ts';
import { hex } from '../hex.ts';
import { holds } from '../holds.ts';

const golden: FrameHeader = {
  type: FrameType.videoDelta,
  userId: 0x0a0b_0c0d,
  streamId: 0x0102_0304,
  timestampUs: 1_795_262_400_123_456,
  sequence: 0x01_0000_0002,
  payloadLength: 3,
  flags: FLAG_END_OF_FRAME | FLAG_DISCARDABLE,
  spatialLayer: 2,
  temporalLayer: 5,
  fragmentIndex: 0x0607,
  hopCount: 1,
  baseFrame: 0xfffe,
};
const goldenBytes = hex(
  '01', //                  0 version
  '02', //                  1 frame type: video delta
  '00000000 0a0b0c0d', //   2 user id, upper half zero
  '01020304', //           10 stream id
  '000660c8 19a35240', //  14 timestamp, us since the epoch
  '00000001 00000002', //  22 sequence number, over 32 bits
  '00000003', //           30 payload length
  '0003', //               34 flags: end of frame, discardable
  '2a', //                 36 layer: temporal 5 (101) above spatial 2 (010)
  '0607', //               37 fragment index
  '01', //                 39 hop count
  'fffe', //               40 base frame
  'aabbcc', //             42 payload
);

const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const safeInteger = fc.maxSafeNat();
const header: fc.Arbitrary<FrameHeader> = fc.record({
  type: fc.constantFrom(...Object.values(FrameType)),
  userId: uint32,
  streamId: uint32,
  timestampUs: safeInteger,
  sequence: safeInteger,
  payloadLength: uint32,
  flags: fc.integer({ min: 0, max: 3 }),
  spatialLayer: fc.integer({ min: 0, max: 2 }),
  temporalLayer: fc.integer({ min: 0, max: 7 }),
  fragmentIndex: uint16,
  hopCount: fc.integer({ min: 0, max: MAX_HOPS }),
  baseFrame: uint16,
});

function readHeader(bytes: Uint8Array, at: number): FrameHeader {
  return {
    type: read.readType(bytes, at),
    userId: read.readUserId(bytes, at),
    streamId: read.readStreamId(bytes, at),
    timestampUs: read.readTimestampUs(bytes, at),
    sequence: read.readSequence(bytes, at),
    payloadLength: read.readPayloadLength(bytes, at),
    flags: read.readFlags(bytes, at),
    spatialLayer: read.readSpatialLayer(bytes, at),
    temporalLayer: read.readTemporalLayer(bytes, at),
    fragmentIndex: read.readFragmentIndex(bytes, at),
    hopCount: read.readHopCount(bytes, at),
    baseFrame: read.readBaseFrame(bytes, at),
  };
}

/** The golden datagram with some bytes changed. */
function altered(changes: Readonly<Record<number, number>>): Uint8Array {
  const bytes = goldenBytes.slice();
  for (const [offset, value] of Object.entries(changes)) bytes[Number(offset)] = value;
  return bytes;
}

describe('frame header', () => {
  it('MH-2 is written as the golden 42 bytes in front of the payload', () => {
    const bytes = new Uint8Array(HEADER_BYTES + 3);
    bytes.set([0xaa, 0xbb, 0xcc], HEADER_BYTES);
    writeFrameHeader(bytes, 0, golden);
    expect(bytes).toEqual(goldenBytes);
  });

  it('MH-2 is read from the golden bytes in place, at any offset, and leaves them as they were', () => {
    for (const at of [0, 1, 7]) {
      const bytes = new Uint8Array(at + goldenBytes.length);
      bytes.set(goldenBytes, at);
      const before = bytes.slice();
      expect(readHeader(bytes, at)).toEqual(golden);
      expect(read.readVersion(bytes, at)).toBe(1);
      expect(read.readUserIdHigh(bytes, at)).toBe(0);
      expect(read.isEndOfFrame(bytes, at)).toBe(true);
      expect(read.isDiscardable(bytes, at)).toBe(true);
      expect(validateDatagram(bytes, at)).toBe(FrameFault.none);
      expect(bytes).toEqual(before);
    }
  });

  it('tells the two flags apart', () => {
    expect(read.isEndOfFrame(altered({ 35: 1 }), 0)).toBe(true);
    expect(read.isDiscardable(altered({ 35: 1 }), 0)).toBe(false);
    expect(read.isEndOfFrame(altered({ 35: 2 }), 0)).toBe(false);
    expect(read.isDiscardable(altered({ 35: 2 }), 0)).toBe(true);
  });

  it('MH-2 reads back what was written, for every field up to its limits', () => {
    holds(
      fc.property(header, fc.integer({ min: 0, max: 9 }), (fields, at) => {
        const bytes = new Uint8Array(at + HEADER_BYTES + 2).fill(0x5a);
        writeFrameHeader(bytes, at, fields);
        expect(readHeader(bytes, at)).toEqual(fields);
        expect(bytes.subarray(0, at).every((byte) => byte === 0x5a)).toBe(true);
        expect(bytes.subarray(at + HEADER_BYTES).every((byte) => byte === 0x5a)).toBe(true);
      }),
      {
        examples: [
          [{ ...golden, sequence: Number.MAX_SAFE_INTEGER, timestampUs: Number.MAX_SAFE_INTEGER }, 0],
          [{ ...golden, userId: 0xffff_ffff, streamId: 0xffff_ffff, payloadLength: 0xffff_ffff }, 0],
        ],
      },
    );
  });

  it('takes numbers modulo the width of their own field, so that none spills into its neighbour', () => {
    const bytes = new Uint8Array(HEADER_BYTES);
    const wide = {
      spatialLayer: 8 + 1,
      temporalLayer: 8 + 2,
      fragmentIndex: 65_536 + 3,
      baseFrame: 65_536 + 4,
    };
    writeFrameHeader(bytes, 0, { ...golden, ...wide, hopCount: 256 + 2 });
    expect(readHeader(bytes, 0)).toEqual({
      ...golden,
      spatialLayer: 1,
      temporalLayer: 2,
      fragmentIndex: 3,
      hopCount: 2,
      baseFrame: 4,
    });
  });

  it('refuses to write where there is no room', () => {
    expect(() => writeFrameHeader(new Uint8Array(HEADER_BYTES), 1, golden)).toThrow(
      new RangeError('Frame header needs 42 bytes at 1: the buffer has 42'),
    );
  });

  it('reads zeros past the end instead of throwing', () => {
    expect(readHeader(new Uint8Array(0), 5)).toEqual(readHeader(new Uint8Array(HEADER_BYTES), 0));
  });
});

describe('frame validation', () => {
  it.each([
    ['truncated', goldenBytes.subarray(0, HEADER_BYTES - 1)],
    ['truncated', new Uint8Array(0)],
    ['oversized', new Uint8Array(MAX_DATAGRAM_BYTES + 1)],
    ['unknownVersion', altered({ 0: 0 })],
    ['unknownVersion', altered({ 0: 2 })],
    ['unknownType', altered({ 1: 3 })],
    ['unknownType', altered({ 1: 0x80 })],
    ['userIdTooLarge', altered({ 2: 1 })],
    ['userIdTooLarge', altered({ 5: 1 })],
    ['lengthMismatch', altered({ 33: 2 })],
    ['lengthMismatch', altered({ 33: 4 })],
    ['lengthMismatch', altered({ 30: 0x80 })],
    ['unknownFlags', altered({ 35: 8 })],
    ['none', altered({ 35: 7 })],
    ['unknownFlags', altered({ 34: 0x80 })],
    ['badLayer', altered({ 36: 0b000_011 })],
    ['badLayer', altered({ 36: 0b0100_0000 })],
    ['tooManyHops', altered({ 39: MAX_HOPS + 1 })],
    ['none', altered({ 39: MAX_HOPS })],
  ] as const)('MH-10 answers %s to a bad datagram (case %#)', (name, bytes) => {
    expect(FRAME_FAULT_NAMES[validateDatagram(bytes, 0)]).toBe(name);
  });

  it('MH-10 takes payloads from none to what fits 1,100 bytes', () => {
    for (const payloadLength of [0, 1, MAX_DATAGRAM_PAYLOAD_BYTES]) {
      const bytes = new Uint8Array(HEADER_BYTES + payloadLength);
      writeFrameHeader(bytes, 0, { ...golden, payloadLength });
      expect(validateDatagram(bytes, 0)).toBe(FrameFault.none);
    }
  });

  it('MH-10 bounds the length that a frame on a stream announces, whatever has arrived of it', () => {
    const bytes = new Uint8Array(HEADER_BYTES);
    const announce = (payloadLength: number): FrameFault => {
      writeFrameHeader(bytes, 0, { ...golden, payloadLength });
      return validateStreamHeader(bytes, 0);
    };
    expect(announce(0)).toBe(FrameFault.none);
    expect(announce(MAX_STREAM_FRAME_BYTES - HEADER_BYTES)).toBe(FrameFault.none);
    expect(announce(MAX_STREAM_FRAME_BYTES - HEADER_BYTES + 1)).toBe(FrameFault.oversized);
    expect(announce(0xffff_ffff)).toBe(FrameFault.oversized);
    expect(validateStreamHeader(bytes, 1)).toBe(FrameFault.truncated);
    bytes[0] = 9;
    expect(validateStreamHeader(bytes, 0)).toBe(FrameFault.unknownVersion);
  });

  it('names every fault once, in the order of its number', () => {
    expect(FRAME_FAULT_NAMES).toEqual(Object.keys(FrameFault));
    expect(Object.values(FrameFault)).toEqual(FRAME_FAULT_NAMES.map((_, index) => index));
  });

  it('tells control datagrams by their type', () => {
    expect([0, 1, 2, 0x7f, 0x80, 0xff].map((type) => isControl(altered({ 1: type }), 0))).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(isControl(new Uint8Array(1), 0)).toBe(false);
  });
});
