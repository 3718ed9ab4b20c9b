import { describe, expect, it } from 'vitest';
import {
  createRetryStrategy,
  MAX_ATTEMPTS,
  RETRY_BUDGET_MS,
  retryDelayMs,
} from '../../../../functions/dynamo/retryStrategy.ts';

describe('retries of the database', () => {
  it('GC-18 wait for a time drawn from a bound that doubles, at most a second', () => {
    expect([1, 2, 3, 4, 9].map((retries) => retryDelayMs(retries, () => 0.5))).toEqual([
      12.5, 25, 50, 100, 500,
    ]);
    expect(retryDelayMs(3, () => 0)).toBe(0);
  });

  it('GC-18 end with the attempts', async () => {
    const strategy = createRetryStrategy({ monotonicMs: () => 0 }, () => 0.5);
    let token = await strategy.acquireInitialRetryToken('');
    for (let attempt = 2; attempt <= MAX_ATTEMPTS; attempt++) {
      token = await strategy.refreshRetryTokenForRetry(token, { errorType: 'THROTTLING' });
      expect(token.getRetryCount()).toBe(attempt - 1);
    }
    await expect(strategy.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' })).rejects.toThrow(
      'attempts',
    );
  });

  it('GC-18 end with the budget of time', async () => {
    let nowMs = 0;
    const strategy = createRetryStrategy({ monotonicMs: () => nowMs }, () => 0);
    const token = await strategy.acquireInitialRetryToken('');
    nowMs = RETRY_BUDGET_MS;
    const next = await strategy.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' });
    nowMs++;
    await expect(strategy.refreshRetryTokenForRetry(next, { errorType: 'TRANSIENT' })).rejects.toThrow(
      `${RETRY_BUDGET_MS} ms`,
    );
  });

  it('GC-18 are not made of what no other attempt can mend', async () => {
    const strategy = createRetryStrategy({ monotonicMs: () => 0 }, () => 0);
    const token = await strategy.acquireInitialRetryToken('');
    await expect(strategy.refreshRetryTokenForRetry(token, { errorType: 'CLIENT_ERROR' })).rejects.toThrow(
      'final',
    );
  });
});
