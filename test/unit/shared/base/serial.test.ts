import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serialDistance16, serialDistance32 } from '../../../../shared/base/serial.ts';
import { holds } from '../holds.ts';

describe('serial number arithmetic', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1],
    [0, 1, -1],
    [0, 0xffff, 1],
    [0xffff, 0, -1],
    [5, 0xfffe, 7],
    [0x7fff, 0, 32_767],
    [0x8000, 0, -32_768],
    [0, 0x8000, -32_768],
  ])('puts %i ahead of %i by %i modulo 65,536', (a, b, distance) => {
    expect(serialDistance16(a, b)).toBe(distance);
  });

  it.each([
    [0, 0xffff_ffff, 1],
    [0xffff_ffff, 0, -1],
    [7, 0xffff_fffd, 10],
    [0x7fff_ffff, 0, 2_147_483_647],
    [0x8000_0000, 0, -2_147_483_648],
  ])('puts %i ahead of %i by %i modulo 2^32', (a, b, distance) => {
    expect(serialDistance32(a, b)).toBe(distance);
  });

  it('finds every distance below half the range from every start, across the wrap', () => {
    holds(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: -32_768, max: 32_767 }),
        (start, distance) => serialDistance16((start + distance + 65_536) % 65_536, start) === distance,
      ),
    );
    holds(
      fc.property(
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (start, distance) => serialDistance32((start + distance + 2 ** 32) % 2 ** 32, start) === distance,
      ),
    );
  });
});
