// How long to hold what arrives so that late frames still come in time: fast up, slow down.

/** The shortest transit is looked for over the last one to two of these; sender's and receiver's clocks drift apart. */
const TRANSIT_WINDOW_MS = 5_000;
/** A delay that is no longer needed shrinks to 1/e of itself in this time. */
const DECAY_MS = 5_000;

export interface DelayEstimatorOptions {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Transit is arrival less capture time: it holds the unknown difference of the two clocks, so that only differences of it
 * mean something. Target is what the latest arrivals exceeded the shortest transit by, remembered and slowly forgotten.
 */
export class DelayEstimator {
  readonly #options: DelayEstimatorOptions;
  #shortestNow = Number.POSITIVE_INFINITY;
  #shortestBefore = Number.POSITIVE_INFINITY;
  #windowStartMs: number | undefined;
  #targetMs: number;
  #updatedAtMs = 0;

  constructor(options: DelayEstimatorOptions) {
    this.#options = options;
    this.#targetMs = options.minMs;
  }

  /** ms, within the bounds. */
  get targetMs(): number {
    return this.#targetMs;
  }

  add(timestampUs: number, arrivalMs: number): void {
    const transitMs = arrivalMs - timestampUs / 1_000;
    this.#windowStartMs ??= arrivalMs;
    if (arrivalMs - this.#windowStartMs >= TRANSIT_WINDOW_MS) {
      this.#shortestBefore = this.#shortestNow;
      this.#shortestNow = transitMs;
      this.#windowStartMs = arrivalMs;
    } else this.#shortestNow = Math.min(this.#shortestNow, transitMs);

    const elapsedMs = Math.max(0, arrivalMs - this.#updatedAtMs);
    this.#updatedAtMs = arrivalMs;
    const decayed = this.#targetMs * Math.exp(-elapsedMs / DECAY_MS);
    const needed = transitMs - this.#shortest();
    this.#targetMs = Math.min(this.#options.maxMs, Math.max(this.#options.minMs, needed, decayed));
  }

  /** Monotonic time at which a frame captured at `timestampUs` is due, ms. */
  dueMs(timestampUs: number): number {
    const shortest = this.#shortest();
    if (!Number.isFinite(shortest)) return Number.NEGATIVE_INFINITY;
    return timestampUs / 1_000 + shortest + this.#targetMs;
  }

  #shortest(): number {
    return Math.min(this.#shortestNow, this.#shortestBefore);
  }
}
