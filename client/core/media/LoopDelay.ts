import type { Clock } from '../../../shared/base/clock.ts';
import type { Timers } from '../timers.ts';

const TICK_MS = 50;

/**
 * How late this thread is with its work: a page that is busy answers pings and acknowledges late, and the handler must not
 * take that for a bad path (ledger MH-5). Measured as the lateness of a timer.
 */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #stop: () => void;
  #dueMs: number;
  #worstMs = 0;

  /** Runs until close(). */
  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#dueMs = clock.monotonicMs() + TICK_MS;
    this.#stop = timers.every(TICK_MS, () => this.#tick());
  }

  /** The longest delay since it was taken before, ms, with the one that lasts now. */
  takeMs(): number {
    const worstMs = Math.max(this.#worstMs, this.#lateMs());
    this.#worstMs = 0;
    return worstMs;
  }

  /** Idempotent. */
  close(): void {
    this.#stop();
  }

  /** Ticks that piled up come at once, early: only the first of them is late. */
  #tick(): void {
    this.#worstMs = Math.max(this.#worstMs, this.#lateMs());
    this.#dueMs = this.#clock.monotonicMs() + TICK_MS;
  }

  #lateMs(): number {
    return Math.max(0, this.#clock.monotonicMs() - this.#dueMs);
  }
}
