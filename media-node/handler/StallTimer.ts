/** What a media stream may stand still, ms: a picture that is later than this is worth less than the next one. */
export const STREAM_STALL_MS = 3_000;

/** Watches one wait after the other of a stream, and says when one takes too long. */
export class StallTimer {
  readonly #onStalled: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onStalled: () => void) {
    this.#onStalled = onStalled;
  }

  /** What the promise becomes; meanwhile onStalled is called when it takes longer than STREAM_STALL_MS. */
  async watch<T>(waiting: Promise<T>): Promise<T> {
    this.#timer = setTimeout(this.#onStalled, STREAM_STALL_MS);
    try {
      return await waiting;
    } finally {
      this.stop();
    }
  }

  /** Ends the wait that is watched, if there is one. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
