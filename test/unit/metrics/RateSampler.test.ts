import { describe, expect, it } from 'vitest';
import { RateSampler } from '../../../media-node/metrics/RateSampler.ts';

describe('RateSampler', () => {
  it('MH-8 answers the rates of the last interval', () => {
    const rates = new RateSampler();
    rates.sample(100, 10_000, 5_000);
    expect([rates.datagramsPerSecond, rates.bitsPerSecond]).toEqual([0, 0]);
    rates.sample(150, 15_000, 5_500);
    expect([rates.datagramsPerSecond, rates.bitsPerSecond]).toEqual([100, 80_000]);
    rates.sample(150, 15_000, 6_500);
    expect([rates.datagramsPerSecond, rates.bitsPerSecond]).toEqual([0, 0]);
  });

  it('keeps its figures when no time has passed', () => {
    const rates = new RateSampler();
    rates.sample(0, 0, 0);
    rates.sample(10, 100, 1_000);
    rates.sample(20, 200, 1_000);
    expect(rates.datagramsPerSecond).toBe(10);
  });
});
