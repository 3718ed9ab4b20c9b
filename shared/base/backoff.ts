export interface BackoffOptions {
  /** Upper bound of the first delay, milliseconds. */
  readonly firstMs: number;
  /** Cap of every delay, milliseconds. */
  readonly maxMs: number;
}

/** Exponential backoff with equal jitter: attempt 0 waits half to all of firstMs, each next twice that, capped at maxMs. */
export function backoffDelayMs(
  attempt: number,
  options: BackoffOptions,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.5 + random() / 2));
}
