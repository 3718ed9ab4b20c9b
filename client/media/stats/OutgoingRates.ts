import type { Clock } from '../../../shared/base/clock.ts';
import type { SentStream } from '../LocalDevice.ts';
import type { TileStats } from '../MeetingClient.ts';

interface Mark {
  readonly stream: SentStream;
  readonly bytes: number;
  readonly frames: number;
  readonly atMs: number;
}

/** Figures of this participant's own tile: what was sent over the last second. */
export class OutgoingRates {
  readonly #clock: Clock;
  #video: Mark | undefined;
  #audio: Mark | undefined;
  #stats: TileStats = {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get stats(): TileStats {
    return this.#stats;
  }

  /** Call once a second with what is being sent now. */
  update(video: SentStream | undefined, audio: SentStream | undefined): void {
    const videoRates = this.#rates(video, this.#video);
    const audioRates = this.#rates(audio, this.#audio);
    this.#video = this.#mark(video);
    this.#audio = this.#mark(audio);
    this.#stats = {
      ...(videoRates && {
        videoBitrateBps: videoRates.bitrateBps,
        framesPerSecond: videoRates.framesPerSecond,
      }),
      ...(audioRates && { audioBitrateBps: audioRates.bitrateBps }),
    };
  }

  #mark(stream: SentStream | undefined): Mark | undefined {
    if (stream === undefined) return undefined;
    const { bytes, framesSent } = stream.stats;
    return { stream, bytes, frames: framesSent, atMs: this.#clock.monotonicMs() };
  }

  #rates(stream: SentStream | undefined, before: Mark | undefined) {
    if (stream === undefined || before?.stream !== stream) return undefined;
    const seconds = (this.#clock.monotonicMs() - before.atMs) / 1_000;
    if (seconds <= 0) return undefined;
    const { bytes, framesSent } = stream.stats;
    return {
      bitrateBps: Math.round(((bytes - before.bytes) * 8) / seconds),
      framesPerSecond: Math.round((framesSent - before.frames) / seconds),
    };
  }
}
