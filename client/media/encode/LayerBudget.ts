// How many simulcast layers this machine has the power to encode (ledger SFU-4). Pure: time comes from the caller. A layer is
// given up soon when frames are skipped, and tried again later, each time later when that fails.

/** What is counted over, ms. */
const WINDOW_MS = 2_000;
/** Fewer frames say nothing. */
const MIN_FRAMES = 8;
/** Share of frames that an encoder had no room for: over the one a layer too many is encoded, under the other all is well. */
const HIGH_SKIPPED = 0.4;
const LOW_SKIPPED = 0.05;
/** How long all must be well before a layer is tried again; doubled after each that failed. */
const FIRST_HOLD_MS = 10_000;
const MAX_HOLD_MS = 160_000;

export class LayerBudget {
  readonly #all: number;
  #layers: number;
  #windowSinceMs: number | undefined;
  #frames = 0;
  #skipped = 0;
  #goodSinceMs: number | undefined;
  #raisedAtMs = Number.NEGATIVE_INFINITY;
  #holdMs = FIRST_HOLD_MS;

  /** All layers, to begin with; at least one always. */
  constructor(all: number) {
    this.#all = all;
    this.#layers = all;
  }

  get layers(): number {
    return this.#layers;
  }

  /**
   * A frame was offered to the encoders, of which one at least had no room for it, or all had. `active` layers from the lowest
   * on were encoded: giving up one that is not gains nothing. True when `layers` has changed.
   */
  add(skipped: boolean, active: number, nowMs: number): boolean {
    this.#windowSinceMs ??= nowMs;
    this.#frames += 1;
    if (skipped) this.#skipped += 1;
    if (nowMs - this.#windowSinceMs < WINDOW_MS) return false;
    const share = this.#frames < MIN_FRAMES ? undefined : this.#skipped / this.#frames;
    this.#restartWindow();
    if (share !== undefined && share > HIGH_SKIPPED) return this.#lower(active, nowMs);
    if (share !== undefined && share < LOW_SKIPPED) return this.#raise(nowMs);
    this.#goodSinceMs = undefined;
    return false;
  }

  #lower(active: number, nowMs: number): boolean {
    const before = this.#layers;
    this.#goodSinceMs = undefined;
    this.#layers = Math.max(1, Math.min(before, active) - 1);
    if (this.#layers === before) return false;
    const failed = nowMs - this.#raisedAtMs < this.#holdMs;
    this.#holdMs = failed ? Math.min(MAX_HOLD_MS, 2 * this.#holdMs) : FIRST_HOLD_MS;
    return true;
  }

  #raise(nowMs: number): boolean {
    if (this.#layers === this.#all) return false;
    this.#goodSinceMs ??= nowMs;
    if (nowMs - this.#goodSinceMs < this.#holdMs) return false;
    this.#layers += 1;
    this.#raisedAtMs = nowMs;
    this.#goodSinceMs = undefined;
    return true;
  }

  #restartWindow(): void {
    this.#windowSinceMs = undefined;
    this.#frames = 0;
    this.#skipped = 0;
  }
}
