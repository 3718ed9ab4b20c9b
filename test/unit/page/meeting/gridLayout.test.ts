import { describe, expect, it } from 'vitest';
import { enlargedLayout, gridLayout, MIN_TILE_WIDTH_PX } from '../../../../client/page/meeting/gridLayout.ts';

const GAP = 10;
const DESKTOP = { width: 1248, height: 656, gap: GAP };
const WIDE = { width: 1880, height: 700, gap: GAP };
const PHONE = { width: 374, height: 710, gap: GAP };
const COUNTS = [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 16, 20, 25, 30, 36, 42, 49];

describe('gridLayout', () => {
  it.each([
    ['desktop', DESKTOP, 1, 1, 1],
    ['desktop', DESKTOP, 2, 2, 1],
    ['desktop', DESKTOP, 3, 2, 2],
    ['desktop', DESKTOP, 4, 2, 2],
    ['desktop', DESKTOP, 5, 3, 2],
    ['desktop', DESKTOP, 6, 3, 2],
    ['desktop', DESKTOP, 9, 3, 3],
    ['desktop', DESKTOP, 16, 4, 4],
    ['desktop', DESKTOP, 25, 5, 5],
    ['desktop', DESKTOP, 49, 7, 7],
    ['wide', WIDE, 2, 2, 1],
    ['wide', WIDE, 3, 3, 1],
    ['phone', PHONE, 1, 1, 1],
    ['phone', PHONE, 2, 1, 2],
    ['phone', PHONE, 3, 1, 3],
    ['phone', PHONE, 4, 1, 4],
    ['phone', PHONE, 6, 2, 3],
    ['phone', PHONE, 9, 2, 5],
  ])('on a %s (%o) lays %i tiles out in %i by %i', (_, stage, count, columns, rows) => {
    expect(gridLayout({ ...stage, count })).toMatchObject({ columns, rows, scrolls: false });
  });

  it('keeps tiles at 16:9 on a stage that is wider than high', () => {
    for (const count of COUNTS) {
      const { tileWidth, tileHeight } = gridLayout({ ...DESKTOP, count });
      expect(Math.abs(tileHeight - tileWidth / (16 / 9))).toBeLessThanOrEqual(1);
    }
  });

  it('keeps tiles between 3:4 and 16:9 on a stage that is higher than wide', () => {
    for (const count of COUNTS) {
      const { tileWidth, tileHeight } = gridLayout({ ...PHONE, count });
      expect(tileWidth / tileHeight).toBeGreaterThanOrEqual(3 / 4 - 0.01);
      expect(tileWidth / tileHeight).toBeLessThanOrEqual(16 / 9 + 0.02);
    }
  });

  it('never exceeds the stage unless it says that it scrolls', () => {
    for (const stage of [DESKTOP, WIDE, PHONE]) {
      for (let count = 1; count <= 100; count++) {
        const { columns, rows, tileWidth, tileHeight, scrolls } = gridLayout({ ...stage, count });
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect(columns * (tileWidth + GAP) - GAP).toBeLessThanOrEqual(stage.width);
        if (!scrolls) expect(rows * (tileHeight + GAP) - GAP).toBeLessThanOrEqual(stage.height);
      }
    }
  });

  it('shows 49 tiles on a desktop without scrolling, and scrolls rather than making faces too small', () => {
    expect(gridLayout({ ...DESKTOP, count: 49 }).scrolls).toBe(false);
    const crowd = gridLayout({ ...PHONE, count: 60 });
    expect(crowd.scrolls).toBe(true);
    expect(crowd.tileWidth).toBeGreaterThanOrEqual(MIN_TILE_WIDTH_PX);
  });

  it('never makes tiles larger when somebody joins', () => {
    for (const stage of [DESKTOP, WIDE]) {
      for (let count = 1; count < 49; count++) {
        const before = gridLayout({ ...stage, count }).tileWidth;
        expect(gridLayout({ ...stage, count: count + 1 }).tileWidth).toBeLessThanOrEqual(before);
      }
    }
  });

  it.each([
    { count: 0, width: 100, height: 100 },
    { count: 3, width: 0, height: 100 },
    { count: 3, width: 100, height: 0 },
  ])('is empty where there is nothing to show or no room: %o', (stage) => {
    expect(gridLayout({ ...stage, gap: GAP })).toEqual({
      columns: 0,
      rows: 0,
      tileWidth: 0,
      tileHeight: 0,
      scrolls: false,
    });
  });
});

describe('enlargedLayout', () => {
  const fits = ({ width, height }: { width: number; height: number }, stage: typeof DESKTOP): boolean =>
    width <= stage.width && height <= stage.height;

  it.each([
    ['desktop', DESKTOP, [2, 3, 5, 9]],
    ['wide', WIDE, [2, 3, 5, 9]],
    ['phone', PHONE, [2, 3]],
  ] as const)(
    'SFU-4 on a %s gives one tile most of the stage, and the others one row',
    (_, stage, counts) => {
      for (const count of counts) {
        const { large, small, scrolls } = enlargedLayout({ ...stage, count });
        expect(large.height).toBeGreaterThan(1.5 * small.height);
        expect(large.height + GAP + small.height).toBeLessThanOrEqual(stage.height);
        expect((count - 1) * (small.width + GAP) - GAP).toBeLessThanOrEqual(stage.width);
        expect([fits(large, stage), scrolls]).toEqual([true, false]);
      }
    },
  );

  it('keeps the small tiles wide enough to recognise anybody, and scrolls when they are many', () => {
    const { small, scrolls } = enlargedLayout({ ...PHONE, count: 9 });
    expect([small.width, scrolls]).toEqual([MIN_TILE_WIDTH_PX, true]);
  });
});
