import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toColorSpace, toVideoColorSpace } from '../../../../client/media/colorSpace.ts';

/** Name in WebCodecs and code point in ITU-T H.273, as the two documents pair them. */
const PRIMARIES: [string, number][] = [
  ['bt709', 1],
  ['bt470bg', 5],
  ['smpte170m', 6],
  ['bt2020', 9],
  ['smpte432', 12],
];
const TRANSFER: [string, number][] = [
  ['bt709', 1],
  ['smpte170m', 6],
  ['linear', 8],
  ['iec61966-2-1', 13],
  ['pq', 16],
  ['hlg', 18],
];
const MATRIX: [string, number][] = [
  ['rgb', 0],
  ['bt709', 1],
  ['bt470bg', 5],
  ['smpte170m', 6],
  ['bt2020-ncl', 9],
];
const OTHER = { primaries: 2, transfer: 2, matrix: 2, fullRange: false };

describe('colour spaces', () => {
  it.each([
    ...PRIMARIES.map(([name, code]) => ['primaries', name, code] as const),
    ...TRANSFER.map(([name, code]) => ['transfer', name, code] as const),
    ...MATRIX.map(([name, code]) => ['matrix', name, code] as const),
  ])('has a code point for %s %s: %i, both ways', (part, name, code) => {
    const init = { [part]: name } as VideoColorSpaceInit;
    const colorSpace = { ...OTHER, [part]: code };
    expect(toColorSpace(init)).toEqual(colorSpace);
    expect(toVideoColorSpace(colorSpace)).toEqual({ ...init, fullRange: false });
  });

  it("carries the whole of a camera's and of a canvas's colour space", () => {
    expect(
      toColorSpace({ primaries: 'smpte170m', transfer: 'smpte170m', matrix: 'smpte170m', fullRange: false }),
    ).toEqual({ primaries: 6, transfer: 6, matrix: 6, fullRange: false });
    expect(toVideoColorSpace({ primaries: 1, transfer: 13, matrix: 1, fullRange: true })).toEqual({
      primaries: 'bt709',
      transfer: 'iec61966-2-1',
      matrix: 'bt709',
      fullRange: true,
    });
  });

  it('says nothing when nothing is known', () => {
    expect(toColorSpace(undefined)).toBeUndefined();
    expect(toColorSpace(null)).toBeUndefined();
    expect(toColorSpace({ primaries: null, transfer: null, matrix: null, fullRange: true })).toBeUndefined();
    expect(toVideoColorSpace(undefined)).toBeUndefined();
    expect(toVideoColorSpace({ ...OTHER, fullRange: true })).toBeUndefined();
  });

  it('calls a name that it does not know unspecified, and keeps the rest', () => {
    const init = { primaries: 'toString', transfer: 'pq', matrix: 'ycgco' } as unknown as VideoColorSpaceInit;
    expect(toColorSpace(init)).toEqual({ ...OTHER, transfer: 16 });
  });

  it('MH-10 gives a decoder only names that WebCodecs has, whatever codes a peer sends', () => {
    const code = fc.integer({ min: 0, max: 0xffff_ffff });
    const anything = fc.record({ primaries: code, transfer: code, matrix: code, fullRange: fc.boolean() });
    const names = (pairs: [string, number][]) => [undefined, ...pairs.map(([name]) => name)];
    fc.assert(
      fc.property(anything, (colorSpace) => {
        const init = toVideoColorSpace(colorSpace);
        expect(names(PRIMARIES)).toContain(init?.primaries);
        expect(names(TRANSFER)).toContain(init?.transfer);
        expect(names(MATRIX)).toContain(init?.matrix);
      }),
    );
  });
});
