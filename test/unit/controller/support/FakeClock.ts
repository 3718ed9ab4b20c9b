import type { Clock, EpochMs } from '../../../../shared/base/clock.ts';

/** Time that passes only when told to. */
export class FakeClock implements Clock {
  #ms = 0;
  readonly #epochStartMs: number;

  constructor(epochStartMs = Date.UTC(2026, 0, 1)) {
    this.#epochStartMs = epochStartMs;
  }

  epochMs(): EpochMs {
    return (this.#epochStartMs + this.#ms) as EpochMs;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}
