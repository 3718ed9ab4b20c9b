// Who speaks, by loudness with hysteresis: a click does not start it and a pause for breath does not end it.

/** Root mean square above which somebody may be speaking: about -34 dBFS. */
const ENTER_LEVEL = 0.02;
/** Below this, about -40 dBFS, nobody is. */
const LEAVE_LEVEL = 0.01;
const ENTER_AFTER_MS = 100;
const LEAVE_AFTER_MS = 600;

export class SpeakingDetector {
  #speaking = false;
  /** Since when the level has been on the other side of its threshold, ms. */
  #sinceMs: number | undefined;

  get speaking(): boolean {
    return this.#speaking;
  }

  /** Takes the level at `nowMs` (call about ten times a second); whether this participant is speaking now. */
  update(level: number, nowMs: number): boolean {
    const crossed = this.#speaking ? level < LEAVE_LEVEL : level > ENTER_LEVEL;
    if (!crossed) {
      this.#sinceMs = undefined;
      return this.#speaking;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs >= (this.#speaking ? LEAVE_AFTER_MS : ENTER_AFTER_MS)) {
      this.#speaking = !this.#speaking;
      this.#sinceMs = undefined;
    }
    return this.#speaking;
  }
}
