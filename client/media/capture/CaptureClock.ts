import type { Clock } from '../../../shared/base/clock.ts';

/** Part of a lasting delay that is taken for drift at each observation; at 30 a second a step is followed in half a minute. */
const DRIFT_GAIN = 0.001;

/**
 * Turns a device's timestamps, which count from anywhere, into capture times: microseconds since the Unix epoch. The
 * smallest delay seen between a timestamp and its arrival is taken for none, so that a late arrival does not shift it.
 */
export class CaptureClock {
  readonly #clock: Clock;
  readonly #epochOffsetMs: number;
  #offsetUs: number | undefined;
  #latestUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    // The wall clock is read once: it may jump, and a jump would look like jitter to every receiver.
    this.#epochOffsetMs = clock.epochMs() - clock.monotonicMs();
  }

  /** Call for each captured item as it arrives. */
  observe(timestampUs: number): void {
    const nowUs = (this.#clock.monotonicMs() + this.#epochOffsetMs) * 1_000;
    const candidateUs = nowUs - timestampUs;
    if (this.#offsetUs === undefined || candidateUs < this.#offsetUs) this.#offsetUs = candidateUs;
    else this.#offsetUs += (candidateUs - this.#offsetUs) * DRIFT_GAIN;
  }

  /** Capture time; strictly growing from call to call. */
  toEpochUs(timestampUs: number): number {
    const epochUs = Math.round(timestampUs + (this.#offsetUs ?? 0));
    this.#latestUs = Math.max(this.#latestUs + 1, epochUs);
    return this.#latestUs;
  }
}
