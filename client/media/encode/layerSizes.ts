// Which simulcast layers a picture of some size is sent in (ledger SFU-4).

export interface VideoLayer {
  readonly spatialLayer: number;
  readonly width: number;
  readonly height: number;
  readonly bitrateBps: number;
}

/** How pictures of one kind are layered. */
export interface LayerPlan {
  readonly maxLayers: number;
  /** A layer is not smaller than this, short side: nothing can be made out in it. */
  readonly minShortSide: number;
  /** Bits that a picture of `referencePixels` is given; smaller ones need more a pixel. */
  readonly referenceBitrateBps: number;
  readonly referencePixels: number;
}

export const CAMERA_LAYERS: LayerPlan = {
  maxLayers: 3,
  minShortSide: 90,
  referenceBitrateBps: 800_000,
  referencePixels: 640 * 360,
};
/** Text in a picture that is smaller than half of 540 lines cannot be read. */
export const SCREEN_LAYERS: LayerPlan = {
  maxLayers: 2,
  minShortSide: 270,
  referenceBitrateBps: 2_500_000,
  referencePixels: 1_920 * 1_080,
};
const BITRATE_EXPONENT = 0.83;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** From the lowest to the full picture, each half as wide and as high as the next. At least one. */
export function layersOf(full: Size, plan: LayerPlan): VideoLayer[] {
  const halvings = Math.floor(Math.log2(Math.min(full.width, full.height) / plan.minShortSide));
  const count = Math.min(plan.maxLayers, 1 + Math.max(0, halvings));
  return sizesOf(full, count, plan);
}

/** The given number of layers, whatever their size: of a picture that changed its shape, whose streams are published already. */
export function sizesOf(full: Size, count: number, plan: LayerPlan): VideoLayer[] {
  const { referenceBitrateBps, referencePixels } = plan;
  return Array.from({ length: count }, (_, spatialLayer) => {
    const scale = 2 ** (count - 1 - spatialLayer);
    const even = (length: number): number => Math.max(2, Math.round(length / scale / 2) * 2);
    const [width, height] = [even(full.width), even(full.height)];
    const share = ((width * height) / referencePixels) ** BITRATE_EXPONENT;
    return { spatialLayer, width, height, bitrateBps: Math.round(referenceBitrateBps * share) };
  });
}

/** A camera's picture may be shown this much larger than it is before the next layer is worth its bits; text may not. */
const TOLERATED_ENLARGEMENT = { camera: 1.35, screen: 1 } as const;

/** The lowest of these layers that is good enough for a picture shown in this height, device pixels. */
export function layerForHeight(
  layers: readonly { readonly spatialLayer: number; readonly height: number }[],
  shownHeight: number,
  source: 'camera' | 'screen',
): number {
  const rising = [...layers].sort((one, other) => one.spatialLayer - other.spatialLayer);
  const enough = rising.find(({ height }) => height * TOLERATED_ENLARGEMENT[source] >= shownHeight);
  return (enough ?? rising.at(-1))?.spatialLayer ?? 0;
}
