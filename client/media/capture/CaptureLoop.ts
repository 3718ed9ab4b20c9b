// What a track captures, one after the other, until it ends or is stopped: each is closed when it was dealt with.
import type { Logger } from '../../../shared/base/log.ts';
import { readTrack } from './trackProcessor.ts';

/** Why nothing will come any more. */
export type CaptureEnd = 'track_ended' | 'encoder_failed';

export interface CaptureLoopOptions<Data> {
  readonly track: MediaStreamTrack;
  /** Captured and not read yet; past it the browser drops the oldest. */
  readonly maxQueue: number;
  readonly log: Logger;
  /** The next comes when this is done. A rejection ends the loop: there is no encoder. */
  readonly take: (data: Data) => Promise<void>;
  /** Called once, unless it is stopped before. */
  readonly onEnded: (reason: CaptureEnd) => void;
}

export class CaptureLoop<Data extends VideoFrame | AudioData> {
  readonly #options: CaptureLoopOptions<Data>;
  readonly #reader: ReadableStreamDefaultReader<Data>;
  #stopped = false;

  /** Runs until stop() or the track's end. @throws TypeError where the browser cannot read tracks. */
  constructor(options: CaptureLoopOptions<Data>) {
    this.#options = options;
    this.#reader = readTrack<Data>(options.track, options.maxQueue).getReader();
    void this.#run();
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Idempotent; leaves the track to its owner. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    // Rejects when the track has ended already.
    this.#reader.cancel().catch(() => undefined);
  }

  /** Stops, and says why. Nothing when it has stopped already. */
  end(reason: CaptureEnd): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onEnded(reason);
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        try {
          if (!this.#stopped) await this.#options.take(value);
        } finally {
          value.close();
        }
      }
      this.end('track_ended');
    } catch (error) {
      this.#options.log.error('What was captured could not be encoded', { error });
      this.end('encoder_failed');
    }
  }
}
