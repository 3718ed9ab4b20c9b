// Samples between decoder and loudspeaker: absorbs jitter and the drift of two clocks, hides what is missing. Pure: the
// audio worklet runs it, and so do the tests.

/** Half a second of sound; past it the oldest is dropped. */
const MAX_BUFFERED_SECONDS = 0.5;
/** A gap of up to this is silence of that length; a longer one is a pause, after which it starts afresh. */
const MAX_CONCEALED_SECONDS = 0.2;
/** Timestamps are this exact. */
const TIMESTAMP_TOLERANCE_SECONDS = 0.005;
/** Edges of a gap are faded over this, so that they do not click. */
const FADE_SECONDS = 0.004;
/** Speed-up and slow-down with which the fill is brought to its target: too little to be heard. */
const RATE_CHANGE = 0.02;
/** Fill may be this far from its target without a change of speed. */
const TOLERANCE_SECONDS = 0.02;
const INITIAL_TARGET_SECONDS = 0.06;

export interface PlayoutStats {
  readonly bufferedMs: number;
  readonly targetMs: number;
  /** Times that nothing was left to play. */
  readonly underruns: number;
  readonly concealedMs: number;
  readonly droppedMs: number;
}

export class PlayoutBuffer {
  readonly #sampleRate: number;
  readonly #ring: Float32Array;
  readonly #fadeSamples: number;
  /** Samples ever written and read; the position in the ring is modulo its length. `read` is fractional. */
  #written = 0;
  #read = 0;
  #nextTimestampUs: number | undefined;
  #targetSamples: number;
  #state: 'filling' | 'playing' = 'filling';
  /** Samples played since playing began, for the fade in. */
  #played = 0;
  /** Samples waited for the buffer to fill. */
  #waited = 0;
  #lastSample = 0;
  #underruns = 0;
  #concealedSamples = 0;
  #droppedSamples = 0;

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
    this.#ring = new Float32Array(Math.ceil(sampleRate * MAX_BUFFERED_SECONDS));
    this.#fadeSamples = Math.round(sampleRate * FADE_SECONDS);
    this.#targetSamples = sampleRate * INITIAL_TARGET_SECONDS;
  }

  get stats(): PlayoutStats {
    const toMs = 1_000 / this.#sampleRate;
    return {
      bufferedMs: this.#buffered * toMs,
      targetMs: this.#targetSamples * toMs,
      underruns: this.#underruns,
      concealedMs: this.#concealedSamples * toMs,
      droppedMs: this.#droppedSamples * toMs,
    };
  }

  /** How much to hold against jitter, ms. */
  set targetMs(targetMs: number) {
    const seconds = Math.min(Math.max(0, targetMs / 1_000), MAX_BUFFERED_SECONDS * 0.8);
    this.#targetSamples = seconds * this.#sampleRate;
  }

  /** Appends samples captured at `timestampUs`. Earlier than what is here already: dropped. */
  write(timestampUs: number, samples: Float32Array): void {
    const gapSeconds =
      this.#nextTimestampUs === undefined ? 0 : (timestampUs - this.#nextTimestampUs) / 1_000_000;
    if (gapSeconds < -MAX_BUFFERED_SECONDS || gapSeconds > MAX_CONCEALED_SECONDS)
      this.#nextTimestampUs = undefined;
    else if (gapSeconds < -TIMESTAMP_TOLERANCE_SECONDS) {
      this.#droppedSamples += samples.length;
      return;
    }
    const conceals =
      this.#nextTimestampUs !== undefined &&
      gapSeconds > TIMESTAMP_TOLERANCE_SECONDS &&
      this.#state === 'playing';
    if (conceals) this.#conceal(gapSeconds);
    for (let i = 0; i < samples.length; i++) {
      const gain = conceals && i < this.#fadeSamples ? i / this.#fadeSamples : 1;
      this.#append((samples[i] ?? 0) * gain);
    }
    this.#nextTimestampUs = timestampUs + (samples.length * 1_000_000) / this.#sampleRate;
  }

  /** Fills `output` with what is to be heard now: silence when there is nothing. */
  pull(output: Float32Array): void {
    if (this.#state === 'filling') {
      this.#waited += this.#buffered > 0 ? output.length : 0;
      // What came before a pause is too little to fill the buffer, and still wants to be heard.
      const isFull = this.#buffered >= this.#targetSamples || this.#waited >= this.#targetSamples;
      if (!isFull || this.#buffered === 0) {
        for (let i = 0; i < output.length; i++) output[i] = this.#fadeOut();
        return;
      }
      this.#state = 'playing';
      this.#played = 0;
    }
    const rate = this.#rate();
    for (let i = 0; i < output.length; i++) output[i] = this.#next(rate);
  }

  get #buffered(): number {
    return Math.max(0, this.#written - this.#read);
  }

  #rate(): number {
    const excess = this.#buffered - this.#targetSamples;
    const tolerance = TOLERANCE_SECONDS * this.#sampleRate;
    if (excess > tolerance) return 1 + RATE_CHANGE;
    if (excess < -tolerance) return 1 - RATE_CHANGE;
    return 1;
  }

  #next(rate: number): number {
    if (this.#state === 'filling') return this.#fadeOut();
    if (this.#buffered <= 1) {
      this.#underruns += 1;
      this.#state = 'filling';
      this.#waited = 0;
      this.#read = this.#written;
      return this.#fadeOut();
    }
    const whole = Math.floor(this.#read);
    const first = this.#ring[whole % this.#ring.length] ?? 0;
    const second = this.#ring[(whole + 1) % this.#ring.length] ?? 0;
    const sample = first + (second - first) * (this.#read - whole);
    this.#read += rate;
    const gain = this.#played < this.#fadeSamples ? this.#played / this.#fadeSamples : 1;
    this.#played += 1;
    this.#lastSample = sample * gain;
    return this.#lastSample;
  }

  #fadeOut(): number {
    this.#lastSample *= 1 - 1 / this.#fadeSamples;
    return this.#lastSample;
  }

  /** Silence in place of what is missing, with the sound before it faded out. */
  #conceal(gapSeconds: number): void {
    const missing = Math.round(gapSeconds * this.#sampleRate);
    let sample = this.#buffered >= 1 ? (this.#ring[(this.#written - 1) % this.#ring.length] ?? 0) : 0;
    for (let i = 0; i < missing; i++) {
      sample *= 1 - 1 / this.#fadeSamples;
      this.#append(sample);
    }
    this.#concealedSamples += missing;
  }

  #append(sample: number): void {
    this.#ring[this.#written % this.#ring.length] = sample;
    this.#written += 1;
    if (this.#written - this.#read <= this.#ring.length) return;
    this.#read = this.#written - this.#ring.length;
    this.#droppedSamples += 1;
  }
}
