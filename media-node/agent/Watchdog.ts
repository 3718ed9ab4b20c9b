// Notices a worker that lives but does not answer (ledger SFU-9): pinged on an interval, taken for hung when it has been
// silent for a while. Only time in which this process itself ran counts: when the agent was held up, so may have been the
// worker, and its answers wait to be read.
import type { Clock } from '../../shared/base/clock.ts';

/** With these, a hang is known between 700 and 900 ms after it began. */
const PING_INTERVAL_MS = 200;
const SILENCE_LIMIT_MS = 700;
/** A timer of ours that is later than this says that the agent was held up. */
const OWN_DELAY_LIMIT_MS = 200;

export interface WatchdogOptions {
  /** Resolves when the worker has answered. A rejection counts as silence. */
  readonly ping: () => Promise<unknown>;
  /** Called once, after which nothing is watched any more. */
  readonly onHung: (silentMs: number) => void;
  readonly clock: Clock;
}

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #timer: NodeJS.Timeout;
  #heardAtMs: number;
  #lastTickAtMs: number;
  #stopped = false;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#lastTickAtMs = this.#heardAtMs;
    this.#timer = setInterval(() => this.#tick(), PING_INTERVAL_MS);
  }

  /** Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const ownDelayMs = nowMs - this.#lastTickAtMs - PING_INTERVAL_MS;
    this.#lastTickAtMs = nowMs;
    if (ownDelayMs > OWN_DELAY_LIMIT_MS) this.#heardAtMs = nowMs;
    if (nowMs - this.#heardAtMs >= SILENCE_LIMIT_MS) {
      // Timers run before what has arrived is read: an answer may be there already.
      setImmediate(() => this.#judge());
      return;
    }
    void this.#ping();
  }

  async #ping(): Promise<void> {
    try {
      await this.#options.ping();
      this.#heardAtMs = this.#options.clock.monotonicMs();
    } catch {
      // No answer: the silence grows.
    }
  }

  #judge(): void {
    const silentMs = Math.round(this.#options.clock.monotonicMs() - this.#heardAtMs);
    if (this.#stopped || silentMs < SILENCE_LIMIT_MS) return;
    this.stop();
    this.#options.onHung(silentMs);
  }
}
