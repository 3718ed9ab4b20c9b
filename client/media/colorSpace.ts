// What WebCodecs has names for (W3C WebCodecs: VideoColorPrimaries, VideoTransferCharacteristics,
// VideoMatrixCoefficients), as code points of ITU-T H.273, sections 8.1 to 8.3.
import type { ColorSpace } from '../core/signaling/types.ts';

const UNSPECIFIED = 2;

const PRIMARIES: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470bg: 5,
  smpte170m: 6,
  bt2020: 9,
  smpte432: 12,
};

const TRANSFER: Readonly<Record<string, number>> = {
  bt709: 1,
  smpte170m: 6,
  linear: 8,
  'iec61966-2-1': 13,
  pq: 16,
  hlg: 18,
};

const MATRIX: Readonly<Record<string, number>> = {
  rgb: 0,
  bt709: 1,
  bt470bg: 5,
  smpte170m: 6,
  'bt2020-ncl': 9,
};

/** What a codec's configuration says; undefined when it says nothing that is known. A range that is not said is limited. */
export function toColorSpace(init: VideoColorSpaceInit | null | undefined): ColorSpace | undefined {
  const primaries = codeOf(PRIMARIES, init?.primaries);
  const transfer = codeOf(TRANSFER, init?.transfer);
  const matrix = codeOf(MATRIX, init?.matrix);
  if (primaries === UNSPECIFIED && transfer === UNSPECIFIED && matrix === UNSPECIFIED) return undefined;
  return { primaries, transfer, matrix, fullRange: init?.fullRange ?? false };
}

/** For a decoder's configuration. Codes that WebCodecs has no name for are left out; undefined when none is left. */
export function toVideoColorSpace(colorSpace: ColorSpace | undefined): VideoColorSpaceInit | undefined {
  if (colorSpace === undefined) return undefined;
  const primaries = nameOf(PRIMARIES, colorSpace.primaries);
  const transfer = nameOf(TRANSFER, colorSpace.transfer);
  const matrix = nameOf(MATRIX, colorSpace.matrix);
  if (primaries === undefined && transfer === undefined && matrix === undefined) return undefined;
  return {
    // TypeScript's DOM library lacks the names for wide gamut and high dynamic range.
    ...(primaries !== undefined && { primaries: primaries as VideoColorPrimaries }),
    ...(transfer !== undefined && { transfer: transfer as VideoTransferCharacteristics }),
    ...(matrix !== undefined && { matrix: matrix as VideoMatrixCoefficients }),
    fullRange: colorSpace.fullRange,
  };
}

function codeOf(codes: Readonly<Record<string, number>>, name: string | null | undefined): number {
  return name != null && Object.hasOwn(codes, name) ? (codes[name] ?? UNSPECIFIED) : UNSPECIFIED;
}

function nameOf(codes: Readonly<Record<string, number>>, code: number): string | undefined {
  return Object.keys(codes).find((name) => codes[name] === code);
}
