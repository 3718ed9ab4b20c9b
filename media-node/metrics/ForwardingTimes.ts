// How long datagrams take from their arrival to their last copy handed to the engine, in microseconds (ledger MH-8, MH-9):
// since the start, lately, and in buckets that a Prometheus server adds up by itself. Fixed memory, 54 kB; no clock.
import { bucketOf, Histogram } from './Histogram.ts';

/** Upper edges of the buckets, microseconds; one is the target of ledger MH-9, 10 ms. What is more is in none of them. */
export const BUCKET_EDGES_US = [
  10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
] as const;

/** Of times up to `leUs`, those of the buckets below included. */
export interface BucketCount {
  readonly leUs: number;
  readonly count: number;
}

/** What is recent is known to this, ms. */
const SLOT_MS = 5_000;
/** Of how long ago something may be asked, ms. */
export const MAX_RECENT_MS = 60_000;
/** The one that is being filled comes on top. */
const SLOTS = MAX_RECENT_MS / SLOT_MS + 1;

export class ForwardingTimes {
  /** Since the start. */
  readonly total = new Histogram();
  readonly #slots: readonly Histogram[] = Array.from({ length: SLOTS }, () => new Histogram());
  readonly #buckets = new Float64Array(BUCKET_EDGES_US.length);
  #slot = 0;
  #slotSinceMs: number | undefined;

  record(timeUs: number): void {
    const bucket = bucketOf(timeUs);
    this.total.recordIn(bucket, timeUs);
    this.#slots[this.#slot]?.recordIn(bucket, timeUs);
    for (let edge = 0; edge < BUCKET_EDGES_US.length; edge++) {
      if (timeUs > (BUCKET_EDGES_US[edge] ?? 0)) continue;
      this.#buckets[edge] = (this.#buckets[edge] ?? 0) + 1;
      return;
    }
  }

  /** Begins the next slot when it is time, in place of the oldest. To be called once a second or so. */
  advance(nowMs: number): void {
    this.#slotSinceMs ??= nowMs;
    const passed = Math.floor((nowMs - this.#slotSinceMs) / SLOT_MS);
    this.#slotSinceMs += passed * SLOT_MS;
    for (let slot = 0; slot < Math.min(SLOTS, passed); slot++) {
      this.#slot = (this.#slot + 1) % SLOTS;
      this.#slots[this.#slot]?.clear();
    }
  }

  /** Of the last `spanMs`, at most MAX_RECENT_MS, and up to SLOT_MS before. Made when asked for. */
  recent(spanMs: number): Histogram {
    const recent = new Histogram();
    const slots = Math.min(SLOTS, Math.ceil(spanMs / SLOT_MS) + 1);
    for (let back = 0; back < slots; back++) {
      const slot = this.#slots[(this.#slot - back + SLOTS) % SLOTS];
      if (slot !== undefined) recent.addAll(slot);
    }
    return recent;
  }

  /** Since the start, from the lowest edge to the highest. */
  get buckets(): BucketCount[] {
    let count = 0;
    return BUCKET_EDGES_US.map((leUs, edge) => {
      count += this.#buckets[edge] ?? 0;
      return { leUs, count };
    });
  }
}
