// How many control messages one client may send (ledger MH-10): a burst, for someone who asks for a key frame of every
// stream at once, and a steady rate well above what reports and requests need.
import type { Clock } from '../../shared/base/clock.ts';

const BURST_MESSAGES = 512;
const MESSAGES_PER_SECOND = 100;

export class MessageBudget {
  readonly #clock: Clock;
  #left = BURST_MESSAGES;
  #countedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.monotonicMs();
  }

  /** Takes one message from the budget; false when it is spent. */
  take(): boolean {
    const nowMs = this.#clock.monotonicMs();
    const earned = ((nowMs - this.#countedAtMs) * MESSAGES_PER_SECOND) / 1_000;
    this.#left = Math.min(BURST_MESSAGES, this.#left + earned);
    this.#countedAtMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
