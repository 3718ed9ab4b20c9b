import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readStreamHeader,
  STREAM_HEADER_BYTES,
  StreamFault,
  type StreamHeader,
  StreamType,
  validateMediaStreamHeader,
  writeStreamHeader,
} from '../../../../shared/media-stream/header.ts';
import { ascii, hex } from '../hex.ts';
import { holds } from '../holds.ts';

const golden: StreamHeader = {
  type: StreamType.video,
  userId: 0x0a0b_0c0d,
  streamId: 0x0102_0304,
  fourCc: 'VP80',
};
const goldenBytes = hex(
  ascii('DART'), //     0 magic
  '01', //              4 version
  '01', //              5 type: video
  '0a0b0c0d', //        6 UUID bytes 0-3: user id
  '0000', //           10 UUID bytes 4-5
  '80', //             12 UUID byte 6: version 8
  '00', //             13 UUID byte 7
  '80', //             14 UUID byte 8: variant
  '000000', //         15 UUID bytes 9-11
  '01020304', //       18 UUID bytes 12-15: stream id
  ascii('VP80'), //    22 codec FourCC
  '000000000000', //   26 reserved
);

function altered(offset: number, value: number): Uint8Array {
  return goldenBytes.with(offset, value);
}

describe('media stream header', () => {
  it('MH-10 is the golden 32 bytes', () => {
    const bytes = new Uint8Array(STREAM_HEADER_BYTES).fill(0xff);
    writeStreamHeader(bytes, 0, golden);
    expect(bytes).toEqual(goldenBytes);
    expect(validateMediaStreamHeader(bytes, 0)).toBe(StreamFault.none);
    expect(readStreamHeader(bytes, 0)).toEqual(golden);
  });

  it('reads back what was written, for every number and FourCC, at any offset', () => {
    const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
    const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    holds(
      fc.property(
        fc.record({
          type: fc.constantFrom(StreamType.audio, StreamType.video),
          userId: uint32,
          streamId: uint32,
          fourCc: fc
            .tuple(printable, printable, printable, printable)
            .map((characters) => characters.join('')),
        }),
        fc.integer({ min: 0, max: 9 }),
        (header, at) => {
          const bytes = new Uint8Array(at + STREAM_HEADER_BYTES);
          writeStreamHeader(bytes, at, header);
          expect(validateMediaStreamHeader(bytes, at)).toBe(StreamFault.none);
          expect(readStreamHeader(bytes, at)).toEqual(header);
        },
      ),
    );
  });

  it.each([
    ['truncated', goldenBytes.subarray(1)],
    ['badMagic', altered(0, 0x64)],
    ['unknownVersion', altered(4, 2)],
    ['unknownType', altered(5, 2)],
    ['badStreamUuid', altered(10, 1)],
    ['badStreamUuid', altered(12, 0x40)],
    ['badStreamUuid', altered(14, 0xc0)],
    ['badStreamUuid', altered(17, 1)],
    ['badFourCc', altered(22, 0x1f)],
    ['badFourCc', altered(25, 0x7f)],
    ['reservedNotZero', altered(26, 1)],
    ['reservedNotZero', altered(31, 1)],
  ] as const)('MH-10 answers %s to a bad header (case %#)', (name, bytes) => {
    expect(validateMediaStreamHeader(bytes, 0)).toBe(StreamFault[name]);
  });

  it('refuses to write a FourCC that is not four printable ASCII characters, and where there is no room', () => {
    const bytes = new Uint8Array(STREAM_HEADER_BYTES);
    for (const fourCc of ['VP8', 'VP800', 'VP8\n', 'VP8\u00e9', ''])
      expect(() => writeStreamHeader(bytes, 0, { ...golden, fourCc })).toThrow(RangeError);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(() => writeStreamHeader(bytes, 1, golden)).toThrow('Stream header needs 32 bytes at 1');
  });
});
