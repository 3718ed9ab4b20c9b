import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../../shared/base/TokenBucket.ts';

describe('TokenBucket', () => {
  it('MH-10 takes a burst, then the rate, and never saves more than the burst', () => {
    const bucket = new TokenBucket(3, 2, 0);
    const take = (nowMs: number, times: number) => Array.from({ length: times }, () => bucket.take(nowMs));
    expect(take(0, 4)).toEqual([true, true, true, false]);
    expect(take(499, 1)).toEqual([false]);
    expect(take(500, 2)).toEqual([true, false]);
    expect(take(1_000_000, 4)).toEqual([true, true, true, false]);
  });
});
