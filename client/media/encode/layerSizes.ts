// Which simulcast layers a picture of some size is sent in (ledger SFU-4).

export interface VideoLayer {
  readonly spatialLayer: number;
  readonly width: number;
  readonly height: number;
  readonly bitrateBps: number;
}

export const MAX_LAYERS = 3;
/** A layer is not smaller than this, short side: nothing can be made out in it. */
const MIN_SHORT_SIDE = 90;
/** Bits that a picture of this many pixels is given; smaller ones need more a pixel. */
const REFERENCE_BITRATE_BPS = 800_000;
const REFERENCE_PIXELS = 640 * 360;
const BITRATE_EXPONENT = 0.83;

/** From the lowest to the full picture, each half as wide and as high as the next. At least one. */
export function layersOf(full: { readonly width: number; readonly height: number }): VideoLayer[] {
  const halvings = Math.floor(Math.log2(Math.min(full.width, full.height) / MIN_SHORT_SIDE));
  const count = Math.min(MAX_LAYERS, 1 + Math.max(0, halvings));
  return sizesOf(full, count);
}

/** The given number of layers, whatever their size: of a camera that was turned, whose streams are published already. */
export function sizesOf(
  full: { readonly width: number; readonly height: number },
  count: number,
): VideoLayer[] {
  return Array.from({ length: count }, (_, spatialLayer) => {
    const scale = 2 ** (count - 1 - spatialLayer);
    const even = (length: number): number => Math.max(2, Math.round(length / scale / 2) * 2);
    const [width, height] = [even(full.width), even(full.height)];
    const share = ((width * height) / REFERENCE_PIXELS) ** BITRATE_EXPONENT;
    return { spatialLayer, width, height, bitrateBps: Math.round(REFERENCE_BITRATE_BPS * share) };
  });
}

/** A picture may be shown this much larger than it is before the next layer is worth its bits. */
const TOLERATED_ENLARGEMENT = 1.35;

/** The lowest of these layers that is good enough for a picture shown in this height, device pixels. */
export function layerForHeight(
  layers: readonly { readonly spatialLayer: number; readonly height: number }[],
  shownHeight: number,
): number {
  const rising = [...layers].sort((one, other) => one.spatialLayer - other.spatialLayer);
  const enough = rising.find(({ height }) => height * TOLERATED_ENLARGEMENT >= shownHeight);
  return (enough ?? rising.at(-1))?.spatialLayer ?? 0;
}
