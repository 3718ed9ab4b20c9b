import { expect, it } from 'vitest';
import { RecentLeast } from '../../../media-node/quality/RecentLeast.ts';

it('MH-5 keeps the least for at least 20 s, and forgets it within 40 s', () => {
  const least = new RecentLeast();
  expect(least.value).toBeUndefined();
  least.add(10, 0);
  for (let nowMs = 1_000; nowMs <= 20_000; nowMs += 1_000) least.add(50, nowMs);
  expect(least.value).toBe(10);
  for (let nowMs = 21_000; nowMs <= 40_000; nowMs += 1_000) least.add(50, nowMs);
  expect(least.value).toBe(50);
  least.add(-7, 40_001);
  expect(least.value).toBe(-7);
});
