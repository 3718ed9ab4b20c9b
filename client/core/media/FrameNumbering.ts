const BASE_FRAMES = 65_536;

/**
 * Numbers the frames of a stream (protocol document, field `base frame`): a frame of temporal layer 0 gets the next
 * number, one of a higher layer repeats the number of the frame that it follows.
 */
export class FrameNumbering {
  #latest = BASE_FRAMES - 1;

  next(temporalLayer: number): number {
    if (temporalLayer === 0) this.#latest = (this.#latest + 1) % BASE_FRAMES;
    return this.#latest;
  }
}
