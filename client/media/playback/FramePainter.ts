// Draws the newest frame on every attached canvas, once per screen refresh. Older frames are closed unseen.

export class FramePainter {
  readonly #canvases = new Set<HTMLCanvasElement>();
  #newest: VideoFrame | undefined;
  #requested: number | undefined;

  /** Draws on the canvas, at the frames' own size, until the returned function is called. */
  attach(canvas: HTMLCanvasElement): () => void {
    this.#canvases.add(canvas);
    this.#request();
    return () => this.#canvases.delete(canvas);
  }

  /** Takes a frame over: it is closed here. */
  show(frame: VideoFrame): void {
    this.#newest?.close();
    this.#newest = frame;
    this.#request();
  }

  /** Forgets the picture; canvases keep the last one until something else is drawn on them. */
  clear(): void {
    this.#newest?.close();
    this.#newest = undefined;
    if (this.#requested !== undefined) cancelAnimationFrame(this.#requested);
    this.#requested = undefined;
  }

  #request(): void {
    if (this.#newest === undefined || this.#canvases.size === 0) return;
    // In a hidden tab this callback does not come: one frame is kept and replaced.
    this.#requested ??= requestAnimationFrame(() => {
      this.#requested = undefined;
      this.#paint();
    });
  }

  #paint(): void {
    const frame = this.#newest;
    if (frame === undefined) return;
    for (const canvas of this.#canvases) {
      if (canvas.width !== frame.displayWidth) canvas.width = frame.displayWidth;
      if (canvas.height !== frame.displayHeight) canvas.height = frame.displayHeight;
      canvas.getContext('2d', { alpha: false })?.drawImage(frame, 0, 0, canvas.width, canvas.height);
    }
  }
}
