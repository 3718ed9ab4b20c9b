import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffDelayMs } from '../../../../shared/base/backoff.ts';
import { holds } from '../holds.ts';

const options = { firstMs: 100, maxMs: 5_000 };

describe('backoff', () => {
  it('doubles from the first delay to the cap, and jitters between half and all of it', () => {
    const attempts = [0, 1, 2, 5, 6, 7, 1_000_000];
    expect(attempts.map((attempt) => backoffDelayMs(attempt, options, () => 0))).toEqual([
      50, 100, 200, 1_600, 2_500, 2_500, 2_500,
    ]);
    expect(attempts.map((attempt) => backoffDelayMs(attempt, options, () => 1))).toEqual([
      100, 200, 400, 3_200, 5_000, 5_000, 5_000,
    ]);
  });

  it('is never over the cap and never under half the first delay', () => {
    holds(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
        const delay = backoffDelayMs(attempt, options, () => random);
        return delay >= options.firstMs / 2 && delay <= options.maxMs;
      }),
    );
  });
});
