/** The least of this long and at most twice as long is kept: what it stands for may change. */
const SPAN_MS = 20_000;

/** The least of about the last half a minute, in constant memory. */
export class RecentLeast {
  #sinceMs = Number.NEGATIVE_INFINITY;
  #least = Number.POSITIVE_INFINITY;
  #leastBefore = Number.POSITIVE_INFINITY;

  add(value: number, nowMs: number): void {
    if (nowMs - this.#sinceMs >= SPAN_MS) {
      this.#sinceMs = nowMs;
      this.#leastBefore = this.#least;
      this.#least = Number.POSITIVE_INFINITY;
    }
    this.#least = Math.min(this.#least, value);
  }

  /** Undefined before the first. */
  get value(): number | undefined {
    const least = Math.min(this.#least, this.#leastBefore);
    return Number.isFinite(least) ? least : undefined;
  }
}
