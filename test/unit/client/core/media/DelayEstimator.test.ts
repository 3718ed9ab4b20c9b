import { describe, expect, it } from 'vitest';
import { DelayEstimator } from '../../../../../client/core/media/DelayEstimator.ts';

const estimator = (): DelayEstimator => new DelayEstimator({ minMs: 10, maxMs: 300 });

describe('DelayEstimator', () => {
  it('does not care about the difference of the two clocks', () => {
    const delay = estimator();
    for (let ms = 0; ms < 1_000; ms += 20) delay.add(1_700_000_000_000_000 + ms * 1_000, 5_000 + ms);
    expect(delay.targetMs).toBe(10);
    expect(delay.dueMs(1_700_000_000_000_000)).toBeCloseTo(5_010, 3);
  });

  it('stays within its bounds', () => {
    const delay = estimator();
    delay.add(0, 0);
    delay.add(20_000, 5_020);
    expect(delay.targetMs).toBe(300);
  });

  it('forgets a shortest transit that is no longer reached, as after a change of path', () => {
    const delay = estimator();
    for (let ms = 0; ms < 1_000; ms += 20) delay.add(ms * 1_000, ms);
    for (let ms = 1_000; ms < 40_000; ms += 20) delay.add(ms * 1_000, ms + 100);
    expect(delay.targetMs).toBe(10);
    expect(delay.dueMs(40_000_000)).toBeCloseTo(40_110, 3);
  });
});
