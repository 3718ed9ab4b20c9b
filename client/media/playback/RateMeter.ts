const WINDOW_MS = 1_000;
/** Marks kept: more events a second than this are counted as this many. */
const MAX_MARKS = 128;

/** Events per second over the last second. */
export class RateMeter {
  readonly #marks: number[] = [];

  add(nowMs: number): void {
    this.#marks.push(nowMs);
    if (this.#marks.length > MAX_MARKS) this.#marks.shift();
  }

  perSecond(nowMs: number): number {
    while (this.#marks[0] !== undefined && nowMs - this.#marks[0] > WINDOW_MS) this.#marks.shift();
    return this.#marks.length;
  }
}
