import { describe, expect, it } from 'vitest';
import {
  CAMERA_LAYERS,
  layerForHeight,
  layersOf,
  SCREEN_LAYERS,
  sizesOf,
} from '../../../../client/media/encode/layerSizes.ts';

describe('simulcast layers', () => {
  it.each([
    [640, 360, ['160x90', '320x180', '640x360']],
    [1280, 720, ['320x180', '640x360', '1280x720']],
    [360, 640, ['90x160', '180x320', '360x640']],
    [480, 270, ['240x136', '480x270']],
    [120, 90, ['120x90']],
    [64, 48, ['64x48']],
  ] as const)(
    'SFU-4 sends a picture of %i x %i in layers that are each half of the next',
    (width, height, sizes) => {
      const layers = layersOf({ width, height }, CAMERA_LAYERS);
      expect(layers.map((layer) => `${layer.width}x${layer.height}`)).toEqual(sizes);
      expect(layers.map(({ spatialLayer }) => spatialLayer)).toEqual([...sizes.keys()]);
    },
  );

  it('SFU-4 gives lower layers fewer bits, and more a pixel', () => {
    const [low, , high] = layersOf({ width: 640, height: 360 }, CAMERA_LAYERS);
    expect(high?.bitrateBps).toBe(800_000);
    expect(low?.bitrateBps).toBeLessThan(150_000);
    expect(low?.bitrateBps).toBeGreaterThan(800_000 / 16);
  });

  it('SFU-4 keeps the number of layers of a camera that is turned', () => {
    expect(sizesOf({ width: 90, height: 160 }, 3, CAMERA_LAYERS)).toHaveLength(3);
  });

  it.each([
    [60, 0],
    [112, 0],
    [140, 1],
    [240, 1],
    [300, 2],
    [2_000, 2],
  ])('SFU-4 picks for a tile of %i pixels the lowest layer that is good enough', (shown, layer) => {
    const layers = layersOf({ width: 640, height: 360 }, CAMERA_LAYERS);
    expect(layerForHeight(layers, shown, 'camera')).toBe(layer);
  });

  it.each([
    [1_920, 1_080, ['960x540', '1920x1080']],
    [1_280, 720, ['640x360', '1280x720']],
    [800, 500, ['800x500']],
  ] as const)('SFU-4 sends a screen of %i x %i in layers that can be read', (width, height, sizes) => {
    const layers = layersOf({ width, height }, SCREEN_LAYERS);
    expect(layers.map((layer) => `${layer.width}x${layer.height}`)).toEqual(sizes);
  });

  it('SFU-4 picks for a screen a layer that need not be enlarged, or text would blur', () => {
    const layers = layersOf({ width: 1_920, height: 1_080 }, SCREEN_LAYERS);
    expect([540, 541, 4_000].map((shown) => layerForHeight(layers, shown, 'screen'))).toEqual([0, 1, 1]);
  });
});
