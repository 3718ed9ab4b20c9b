// One direction of a bad network, as arithmetic: when a datagram that is offered now comes out, if it does. What a link does
// is, in this order: lose some at random, queue for the rate with a bounded drop-tail queue, delay. Order is kept: jitter
// holds back what comes behind, as a queue does.
import type { Random } from '../../functions/base/random.ts';

export interface LinkConditions {
  /** Share of datagrams lost at random, 0 to 1. */
  readonly lossRatio: number;
  readonly delayMs: number;
  /** Added to the delay: evenly distributed from 0 to this. */
  readonly jitterMs: number;
  /** Infinity without a limit. */
  readonly rateBps: number;
  /** What may wait for the rate; what does not fit is lost. */
  readonly queueBytes: number;
}

export const PERFECT_LINK: LinkConditions = {
  lossRatio: 0,
  delayMs: 0,
  jitterMs: 0,
  rateBps: Number.POSITIVE_INFINITY,
  queueBytes: Number.POSITIVE_INFINITY,
};

const BITS_PER_BYTE = 8;
const MS_PER_SECOND = 1_000;

export class ImpairedLink {
  readonly #random: Random;
  #conditions = PERFECT_LINK;
  /** When the last datagram of the queue is through, and out. */
  #servedAtMs = 0;
  #outAtMs = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get conditions(): LinkConditions {
    return this.#conditions;
  }

  /** For what is offered from now on; what waits already is served at the new rate. */
  change(conditions: LinkConditions, nowMs: number): void {
    const queuedBytes = this.queuedBytes(nowMs);
    this.#conditions = conditions;
    this.#servedAtMs = nowMs + this.#serviceMs(queuedBytes);
  }

  /** What waits for the rate. */
  queuedBytes(nowMs: number): number {
    const { rateBps } = this.#conditions;
    const waitMs = Math.max(0, this.#servedAtMs - nowMs);
    return waitMs === 0 ? 0 : (waitMs * rateBps) / (BITS_PER_BYTE * MS_PER_SECOND);
  }

  /** When it comes out, ms; undefined when it is lost. Times must not go back. */
  offer(bytes: number, nowMs: number): number | undefined {
    const { lossRatio, delayMs, jitterMs, queueBytes } = this.#conditions;
    if (lossRatio > 0 && this.#random() < lossRatio) return undefined;
    if (this.queuedBytes(nowMs) + bytes > queueBytes) return undefined;
    this.#servedAtMs = Math.max(nowMs, this.#servedAtMs) + this.#serviceMs(bytes);
    const jitter = jitterMs > 0 ? this.#random() * jitterMs : 0;
    this.#outAtMs = Math.max(this.#outAtMs, this.#servedAtMs + delayMs + jitter);
    return this.#outAtMs;
  }

  #serviceMs(bytes: number): number {
    return (bytes * BITS_PER_BYTE * MS_PER_SECOND) / this.#conditions.rateBps;
  }
}
