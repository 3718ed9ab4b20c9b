// How loud a microphone is now.

const WINDOW_SAMPLES = 1024;
const FLOOR_DB = -60;

export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser: AnalyserNode;
  readonly #samples = new Float32Array(WINDOW_SAMPLES);
  readonly #resume = (): void => {
    if (this.#context.state === 'suspended') void this.#context.resume();
  };

  constructor(track: MediaStreamTrack) {
    this.#analyser = new AnalyserNode(this.#context, { fftSize: WINDOW_SAMPLES });
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(this.#analyser);
    // Browsers start audio only once the page has been touched.
    document.addEventListener('pointerdown', this.#resume);
    document.addEventListener('keydown', this.#resume);
  }

  /** 0 (silence) to 1 (full scale), linear in decibels as ears are. */
  level(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / WINDOW_SAMPLES + 1e-12);
    return Math.min(1, Math.max(0, 1 - decibels / FLOOR_DB));
  }

  close(): void {
    document.removeEventListener('pointerdown', this.#resume);
    document.removeEventListener('keydown', this.#resume);
    void this.#context.close();
  }
}
