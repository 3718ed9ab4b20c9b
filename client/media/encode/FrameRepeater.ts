// Gives the last picture of a source again while nothing new comes: a screen that nobody touches is captured once.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Timers } from '../../core/timers.ts';

/** Looks so often, as a share of the time after which a frame is repeated, and takes what is due by the half of that for due. */
const CHECK_SHARE = 0.25;

export interface FrameRepeaterOptions {
  readonly clock: Clock;
  /** Of a kind that goes on in a hidden tab: whoever shares another one hides this. */
  readonly timers: Timers;
  /** After so long without a frame, and each time so long after that, ms. */
  readonly afterMs: number;
  /** The frame is closed when this is done. Must not reject. */
  readonly repeat: (frame: VideoFrame) => Promise<void>;
}

export class FrameRepeater {
  readonly #options: FrameRepeaterOptions;
  readonly #stop: () => void;
  #last: { readonly frame: VideoFrame; readonly atMs: number } | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #repeating = false;

  /** Runs until close(). */
  constructor(options: FrameRepeaterOptions) {
    this.#options = options;
    this.#stop = options.timers.every(options.afterMs * CHECK_SHARE, () => void this.#tick());
  }

  /** Keeps a copy of the newest frame, which stays its owner's. */
  took(frame: VideoFrame): void {
    const atMs = this.#options.clock.monotonicMs();
    this.#last?.frame.close();
    this.#last = { frame: frame.clone(), atMs };
    this.#dueMs = atMs + this.#options.afterMs;
  }

  /** Idempotent. */
  close(): void {
    this.#stop();
    this.#last?.frame.close();
    this.#last = undefined;
  }

  async #tick(): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const { afterMs, repeat } = this.#options;
    const earlyMs = (afterMs * CHECK_SHARE) / 2;
    if (this.#last === undefined || this.#repeating || nowMs < this.#dueMs - earlyMs) return;
    this.#dueMs = nowMs + afterMs;
    const { frame, atMs } = this.#last;
    // As a camera that captured the same again would stamp it.
    const again = new VideoFrame(frame, { timestamp: frame.timestamp + Math.round(1_000 * (nowMs - atMs)) });
    this.#repeating = true;
    try {
      await repeat(again);
    } finally {
      this.#repeating = false;
      again.close();
    }
  }
}
