// Rates of something that only counts up, over the last interval between two samples. Fixed memory; time comes from the
// caller.
export class RateSampler {
  #datagrams = 0;
  #bytes = 0;
  #atMs = Number.NaN;
  datagramsPerSecond = 0;
  bitsPerSecond = 0;

  /** Ends an interval with these totals and begins the next; the first call only begins one. */
  sample(datagrams: number, bytes: number, nowMs: number): void {
    const seconds = (nowMs - this.#atMs) / 1_000;
    if (seconds <= 0) return;
    if (!Number.isNaN(seconds)) {
      this.datagramsPerSecond = (datagrams - this.#datagrams) / seconds;
      this.bitsPerSecond = ((bytes - this.#bytes) * 8) / seconds;
    }
    this.#datagrams = datagrams;
    this.#bytes = bytes;
    this.#atMs = nowMs;
  }
}
