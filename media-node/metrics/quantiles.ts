import type { Histogram } from './Histogram.ts';

/** What is told of a histogram. */
export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly count: number;
  readonly sum: number;
}

/** In units of which the histogram's values are `perUnit` each. Undefined while nothing was recorded. */
export function quantilesOf(histogram: Histogram, perUnit = 1): Quantiles | undefined {
  const { count, sum } = histogram;
  if (count === 0) return undefined;
  const of = (share: number): number => (histogram.quantile(share) ?? 0) / perUnit;
  return { p50: of(0.5), p95: of(0.95), p99: of(0.99), p999: of(0.999), count, sum: sum / perUnit };
}
