import type { Timers } from '../../../client/core/timers.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';

interface Entry {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** Clock and timers that stand still until a test moves them. */
export class ManualTime implements Clock, Timers {
  #nowMs = 1_000;
  readonly #entries = new Set<Entry>();

  epochMs(): EpochMs {
    return (1_700_000_000_000 + this.#nowMs) as EpochMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Timers that are still to come. */
  get pending(): number {
    return this.#entries.size;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + delayMs, everyMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): () => void {
    return this.#add({ dueMs: this.#nowMs + intervalMs, everyMs: intervalMs, callback });
  }

  /** Moves on, calling back what is due, in order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      let next: Entry | undefined;
      for (const entry of this.#entries)
        if (entry.dueMs <= untilMs && (next === undefined || entry.dueMs < next.dueMs)) next = entry;
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#entries.delete(next);
      else next.dueMs += next.everyMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }

  #add(entry: Entry): () => void {
    this.#entries.add(entry);
    return () => this.#entries.delete(entry);
  }
}
