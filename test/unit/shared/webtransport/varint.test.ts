import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeVarint, VarintReader } from '../../../../shared/webtransport/varint.ts';
import { hex } from '../hex.ts';

function read(bytes: Uint8Array): number | undefined {
  const reader = new VarintReader();
  let value: number | undefined;
  for (const byte of bytes) value = reader.push(byte);
  return value;
}

describe('varint', () => {
  it.each([
    ['9d7f3e7d', 494_878_333],
    ['7bbd', 15_293],
    ['25', 37],
    ['4025', 37],
  ])('MH-10 reads the example %s of RFC 9000 A.1 as %d', (bytes, value) => {
    expect(read(hex(bytes))).toBe(value);
  });

  it('MH-10 writes the shortest form and reads back every value, byte by byte', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = encodeVarint(value);
        expect(bytes.length).toBe(value < 64 ? 1 : value < 16_384 ? 2 : value < 2 ** 30 ? 4 : 8);
        expect(read(bytes)).toBe(value);
        expect(read(bytes.subarray(0, -1))).toBeUndefined();
      }),
    );
  });

  it('MH-10 takes values over 2^53, rounded, for no known code point', () => {
    expect(read(hex('c2197c5eff14e88c'))).toBe(Number(151_288_809_941_952_652n));
    expect(read(hex('ffffffffffffffff'))).toBe(2 ** 62);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses to write %d', (value) => {
    expect(() => encodeVarint(value)).toThrow(RangeError);
  });
});
