// When a call of DynamoDB is tried again (issue: throttled, busy or away): full jitter, so that processes that were refused
// together do not come back together, and a budget of time, so that the caller hears 503 while it still listens.
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../shared/base/clock.ts';
import type { Random } from '../base/random.ts';

/** Attempts of one call, the first included. */
export const MAX_ATTEMPTS = 5;
/** No attempt begins later than this after the first one. */
export const RETRY_BUDGET_MS = 2_500;
/** Bound of the first delay; it doubles with each attempt. DynamoDB answers within tens of milliseconds. */
const BASE_DELAY_MS = 25;
const MAX_DELAY_MS = 1_000;

type Strategy = Exclude<NonNullable<DynamoDBClientConfig['retryStrategy']>, { retry: unknown }>;
type RetryToken = Awaited<ReturnType<Strategy['acquireInitialRetryToken']>>;
type Failure = Parameters<Strategy['refreshRetryTokenForRetry']>[1];

/** Failures that another attempt cannot mend: what the request says is wrong, or its condition does not hold. */
const FINAL: ReadonlySet<string> = new Set(['CLIENT_ERROR']);

/** A delay before attempt number `retries` + 1, from 0 (included) to the bound (excluded), ms. */
export function retryDelayMs(retries: number, random: Random): number {
  return random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (retries - 1));
}

export function createRetryStrategy(clock: Pick<Clock, 'monotonicMs'>, random: Random): Strategy {
  const toToken = (startedMs: number, retries: number, delayMs: number): StartedToken => ({
    startedMs,
    getRetryCount: () => retries,
    getRetryDelay: () => delayMs,
  });
  return {
    acquireInitialRetryToken: async () => toToken(clock.monotonicMs(), 0, 0),
    async refreshRetryTokenForRetry(token: RetryToken, { errorType }: Failure) {
      const { startedMs } = token as StartedToken;
      const retries = token.getRetryCount() + 1;
      const delayMs = retryDelayMs(retries, random);
      if (FINAL.has(errorType)) throw new Error('The failure is final');
      if (retries >= MAX_ATTEMPTS) throw new Error(`All ${MAX_ATTEMPTS} attempts failed`);
      if (clock.monotonicMs() + delayMs - startedMs > RETRY_BUDGET_MS)
        throw new Error(`No attempt may begin after ${RETRY_BUDGET_MS} ms`);
      return toToken(startedMs, retries, delayMs);
    },
    recordSuccess: () => undefined,
  };
}

interface StartedToken {
  /** Monotonic. */
  readonly startedMs: number;
  getRetryCount(): number;
  /** Milliseconds. */
  getRetryDelay(): number;
}
