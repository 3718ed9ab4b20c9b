/** Loudness falls to nothing in this time after the last sound, ms. */
const RELEASE_MS = 200;

/** Loudness of one participant: rises at once, falls off smoothly also when nothing arrives any more. */
export class LevelMeter {
  #level = 0;
  #updatedAtMs = 0;

  /** A root mean square, 0 to 1. */
  add(rms: number, nowMs: number): void {
    this.#level = Math.max(rms, this.level(nowMs));
    this.#updatedAtMs = nowMs;
  }

  level(nowMs: number): number {
    const left = 1 - (nowMs - this.#updatedAtMs) / RELEASE_MS;
    return left <= 0 ? 0 : this.#level * Math.min(1, left);
  }
}
