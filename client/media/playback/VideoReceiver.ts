// Received video to pictures: assembler, jitter buffer, decoder, painter.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { ReceivedFrame } from '../../core/media/EncodedFrame.ts';
import { FrameAssembler, wholeFrame } from '../../core/media/FrameAssembler.ts';
import { JitterBuffer } from '../../core/media/JitterBuffer.ts';
import type { StreamReceiver } from '../../core/media/StreamReceiver.ts';
import type { ColorSpace } from '../../core/signaling/types.ts';
import type { Timers } from '../../core/timers.ts';
import { toVideoColorSpace } from '../colorSpace.ts';
import { FramePainter } from './FramePainter.ts';
import { RateMeter } from './RateMeter.ts';

/** Frames in the decoder; past it decoding has fallen behind for good, and starts afresh at a key frame. */
const MAX_DECODE_QUEUE = 30;
/** While a key frame is missing, it is asked for again this often, ms. */
const KEY_FRAME_RETRY_MS = 250;
const MIN_TIMER_MS = 2;

export interface VideoReceiverOptions {
  readonly codec: string;
  /** As the publisher says; without it the decoder guesses. */
  readonly colorSpace?: ColorSpace | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly requestKeyFrame: () => void;
  /** The first picture is there. */
  readonly onFirstFrame: () => void;
}

export interface VideoReceiverStats {
  readonly framesDecoded: number;
  readonly framesPerSecond: number;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly jitterBufferMs: number;
  readonly framesDropped: number;
  /** Held in whole or in part, not decoded yet. */
  readonly framesBuffered: number;
}

export class VideoReceiver implements StreamReceiver {
  readonly painter = new FramePainter();
  readonly #options: VideoReceiverOptions;
  readonly #assembler = new FrameAssembler();
  readonly #jitter = new JitterBuffer();
  readonly #rate = new RateMeter();
  #decoder: VideoDecoder | undefined;
  #cancelTimer: (() => void) | undefined;
  #framesDecoded = 0;
  #size: { readonly width: number; readonly height: number } | undefined;
  #closed = false;

  constructor(options: VideoReceiverOptions) {
    this.#options = options;
  }

  get hasPicture(): boolean {
    return this.#framesDecoded > 0;
  }

  get stats(): VideoReceiverStats {
    return {
      framesDecoded: this.#framesDecoded,
      framesPerSecond: this.#rate.perSecond(this.#options.clock.monotonicMs()),
      width: this.#size?.width,
      height: this.#size?.height,
      jitterBufferMs: this.#jitter.targetDelayMs,
      framesDropped: this.#jitter.dropped + this.#assembler.abandoned,
      framesBuffered: this.#jitter.length + this.#assembler.partialFrames,
    };
  }

  onDatagram(bytes: Uint8Array, arrivalMs: number): void {
    if (this.#closed) return;
    const frame = this.#assembler.push(bytes, arrivalMs);
    if (frame !== undefined) this.#take(frame);
  }

  onStreamFrame(bytes: Uint8Array, arrivalMs: number): void {
    if (!this.#closed) this.#take(wholeFrame(bytes, arrivalMs));
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#closeDecoder();
    this.#assembler.reset();
    this.#jitter.clear();
    this.painter.clear();
  }

  #take(frame: ReceivedFrame): void {
    if (frame.type === FrameType.audio) return;
    this.#jitter.push(frame);
    this.#drain();
  }

  /** Decodes what is due and comes back when something will be. Every arrival comes here too, timers or not. */
  #drain(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closed) return;
    const nowMs = this.#options.clock.monotonicMs();
    for (let frame = this.#jitter.pop(nowMs); frame !== undefined; frame = this.#jitter.pop(nowMs))
      this.#decode(frame, nowMs);
    const starving = this.#jitter.needsKeyFrame(nowMs);
    if (starving) this.#options.requestKeyFrame();
    const changeMs = starving ? nowMs + KEY_FRAME_RETRY_MS : this.#jitter.nextChangeMs();
    if (changeMs === undefined) return;
    this.#cancelTimer = this.#options.timers.after(Math.max(MIN_TIMER_MS, changeMs - nowMs), () =>
      this.#drain(),
    );
  }

  #decode(frame: ReceivedFrame, nowMs: number): void {
    try {
      this.#decoder ??= this.#makeDecoder();
      if (this.#decoder.decodeQueueSize > MAX_DECODE_QUEUE) {
        this.#restart('too far behind');
        return;
      }
      this.#decoder.decode(
        new EncodedVideoChunk({
          type: frame.type === FrameType.videoKey ? 'key' : 'delta',
          timestamp: frame.timestampUs,
          data: frame.payload,
        }),
      );
      this.#rate.add(nowMs);
    } catch (error) {
      // A delta frame right after a restart, or a decoder that has just failed and says so by its callback later.
      this.#restart(error);
    }
  }

  #makeDecoder(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (decoder === this.#decoder) this.#show(frame);
        else frame.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#restart(error);
      },
    });
    const colorSpace = toVideoColorSpace(this.#options.colorSpace);
    decoder.configure({
      codec: this.#options.codec,
      optimizeForLatency: true,
      ...(colorSpace && { colorSpace }),
    });
    return decoder;
  }

  #show(frame: VideoFrame): void {
    this.#size = { width: frame.displayWidth, height: frame.displayHeight };
    this.#framesDecoded += 1;
    this.painter.show(frame);
    if (this.#framesDecoded === 1) this.#options.onFirstFrame();
  }

  #restart(reason: unknown): void {
    this.#options.log.warn('The video decoder starts afresh', { reason });
    this.#closeDecoder();
    this.#jitter.reset(this.#options.clock.monotonicMs());
    this.#options.requestKeyFrame();
  }

  #closeDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
  }
}
