// Chromium stamps encoded sound with the first input's time plus what it has put out since. With discontinuous
// transmission it puts out nothing during silence and counts nothing for it, so that its times fall behind for good: by
// 300 ms after the first pause (measured, Chromium 156). This puts them right.

/** An output trails its input by less than two frames while nothing is queued; more than that was left out. */
const MAX_LAG_FRAMES = 2;

export class EncodedTimeline {
  readonly #frameUs: number;
  #inputEndUs = 0;
  #correctionUs = 0;

  constructor(frameUs: number) {
    this.#frameUs = frameUs;
  }

  /** Call for everything that is given to the encoder. */
  addInput(timestampUs: number, durationUs: number): void {
    this.#inputEndUs = timestampUs + durationUs;
  }

  /**
   * Time of an output on the inputs' time line. `isDrained`: the encoder has nothing queued, so that the output is the
   * latest there is.
   */
  outputTime(chunkTimestampUs: number, isDrained: boolean): number {
    if (isDrained) {
      const lagUs = this.#inputEndUs - (chunkTimestampUs + this.#correctionUs + this.#frameUs);
      if (lagUs >= MAX_LAG_FRAMES * this.#frameUs || lagUs < -this.#frameUs)
        this.#correctionUs += Math.floor(lagUs / this.#frameUs) * this.#frameUs;
    }
    return chunkTimestampUs + this.#correctionUs;
  }
}
