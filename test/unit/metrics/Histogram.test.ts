import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from '../../../media-node/metrics/Histogram.ts';

describe('Histogram', () => {
  it('MH-8 knows no quantile before the first value', () => {
    expect(new Histogram().quantile(0.5)).toBeUndefined();
  });

  it('MH-8 answers a quantile at most one part in sixteen above the truth, and never below', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, share) => {
          const histogram = new Histogram();
          for (const value of values) histogram.record(value);
          const sorted = values.toSorted((a, b) => a - b);
          const truth = sorted[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;
          const answer = histogram.quantile(share) ?? 0;
          expect(answer).toBeGreaterThanOrEqual(truth * (1 - 1e-9));
          expect(answer).toBeLessThanOrEqual(truth * 2 ** (1 / 16) * (1 + 1e-9));
        },
      ),
    );
  });

  it('MH-8 answers no more than a value that is the edge of its bucket', () => {
    const histogram = new Histogram();
    histogram.record(1);
    expect(histogram.quantile(1)).toBe(1);
  });

  it('MH-8 takes all that another has taken, and forgets it', () => {
    const [one, other] = [new Histogram(), new Histogram()];
    one.record(1);
    for (const value of [2, 4]) other.record(value);
    one.addAll(other);
    expect([one.count, one.sum, one.quantile(0.5), one.quantile(1)]).toEqual([3, 7, 2, 4]);
    one.clear();
    expect([one.count, one.sum, one.quantile(1), other.count]).toEqual([0, 0, undefined, 2]);
  });

  it.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY])('keeps %s in the lowest bucket', (value) => {
    const histogram = new Histogram();
    histogram.record(value);
    expect([histogram.count, histogram.quantile(1)]).toEqual([1, 2 ** (1 / 16 - 10)]);
  });

  it.each([2 ** 30, Number.POSITIVE_INFINITY])('keeps %s in the highest bucket', (value) => {
    const histogram = new Histogram();
    histogram.record(value);
    expect(histogram.quantile(1)).toBe(2 ** 20);
  });
});
