// Limits of requests per client (ledger GC-14). Counted in the database, since Lambda serves one client from many
// processes, by one single-item update per request that changes something: fixed windows, which let a client have at most
// twice the limit across a border, where a token bucket would need a read and a conditional write that may have to be
// repeated. Reading is not counted: it would cost as much as the reading itself.
import type { Context, MiddlewareHandler } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import { principalOf } from './Access.ts';
import type { AppEnv } from './AppEnv.ts';
import type { RequestCounter } from './RequestCounter.ts';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface RateLimitOptions {
  readonly counter: RequestCounter;
  readonly clock: Clock;
  /** Requests in a window; undefined counts nothing. */
  readonly limit: number | undefined;
  readonly windowSeconds: number;
}

export interface RateLimit {
  /**
   * Counts a request, and says in headers how many are left.
   * @throws ApiError RATE_LIMITED with Retry-After
   */
  count(context: Context<AppEnv>, ...client: readonly string[]): Promise<void>;
}

export function createRateLimit({ counter, clock, limit, windowSeconds }: RateLimitOptions): RateLimit {
  return {
    async count(context, ...client) {
      if (limit === undefined) return;
      const windowMs = windowSeconds * 1_000;
      const nowMs = clock.epochMs();
      const endsAtMs = ((Math.floor(nowMs / windowMs) + 1) * windowMs) as EpochMs;
      const counted = await counter.count(JSON.stringify(client), endsAtMs);
      const resetSeconds = Math.ceil((endsAtMs - nowMs) / 1_000);
      context.header('ratelimit-limit', String(limit));
      context.header('ratelimit-remaining', String(Math.max(0, limit - counted)));
      context.header('ratelimit-reset', String(resetSeconds));
      if (counted > limit)
        throw new ApiError(
          'RATE_LIMITED',
          `At most ${limit} requests that change something are answered in ${windowSeconds} s: try again in ${resetSeconds} s`,
          { retryAfterSeconds: resetSeconds },
        );
    },
  };
}

/** Counts what a known caller changes. */
export function limitWrites(rateLimit: RateLimit): MiddlewareHandler<AppEnv> {
  return async function limitWrites(context, next) {
    const caller = context.get('caller') as AppEnv['Variables']['caller'] | undefined;
    if (caller !== undefined && !READING.has(context.req.method))
      await rateLimit.count(context, caller.orgId, principalOf(caller));
    await next();
  };
}
