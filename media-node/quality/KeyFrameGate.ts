// Key frames are large: however many subscribers ask, a publisher is asked at most once an interval, and a request that
// came in between is not lost but sent at the interval's end. Time comes from the caller.

/** Shortest time between two requests to one publisher for one stream, ms. */
export const KEY_FRAME_INTERVAL_MS = 300;

/** What to do with a request: send it now, send one after a delay, or nothing since one is already waiting. */
export type KeyFrameDecision =
  | { readonly kind: 'send' }
  | { readonly kind: 'wait'; readonly delayMs: number }
  | { readonly kind: 'coalesced' };

const SEND: KeyFrameDecision = { kind: 'send' };
const COALESCED: KeyFrameDecision = { kind: 'coalesced' };

export class KeyFrameGate {
  readonly #intervalMs: number;
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #waiting = false;

  constructor(intervalMs: number = KEY_FRAME_INTERVAL_MS) {
    this.#intervalMs = intervalMs;
  }

  /** A subscriber asks, at a monotonic time. After `wait` the caller calls waited() when the delay is over. */
  request(nowMs: number): KeyFrameDecision {
    if (this.#waiting) return COALESCED;
    const sinceMs = nowMs - this.#lastSentMs;
    if (sinceMs >= this.#intervalMs) {
      this.#lastSentMs = nowMs;
      return SEND;
    }
    this.#waiting = true;
    return { kind: 'wait', delayMs: this.#intervalMs - sinceMs };
  }

  /** The delay of a `wait` is over and the request goes out now. */
  waited(nowMs: number): void {
    this.#waiting = false;
    this.#lastSentMs = nowMs;
  }
}
