// Received sound to the loudspeaker: assembler, order, decoder, playout.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { AudioReorderBuffer } from '../../core/media/AudioReorderBuffer.ts';
import { DelayEstimator } from '../../core/media/DelayEstimator.ts';
import type { ReceivedFrame } from '../../core/media/EncodedFrame.ts';
import { FrameAssembler, wholeFrame } from '../../core/media/FrameAssembler.ts';
import type { StreamReceiver } from '../../core/media/StreamReceiver.ts';
import type { Timers } from '../../core/timers.ts';
import { readMono, rms } from '../audio/samples.ts';
import { AUDIO_SAMPLE_RATE_HZ } from '../encode/AudioEncoderPipeline.ts';
import type { AudioSink } from './AudioOutput.ts';

const MIN_DELAY_MS = 50;
const MAX_DELAY_MS = 300;
/** Smaller changes of the delay are not worth a message to the audio thread, ms. */
const TARGET_STEP_MS = 5;
/** Time after which a gap in what waits is looked at again, ms. */
const REORDER_POLL_MS = 8;
/** Frames in the decoder; past it new ones are dropped. */
const MAX_DECODE_QUEUE = 25;

export interface AudioReceiverOptions {
  readonly codec: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly sink: AudioSink;
  /** Root mean square of each decoded frame, 0 to 1. */
  readonly onLevel: (level: number) => void;
}

export interface AudioReceiverStats {
  readonly framesDecoded: number;
  /** Held in whole or in part, not decoded yet. */
  readonly framesBuffered: number;
  /** Held between arrival and loudspeaker; undefined before the first report of the audio thread. */
  readonly bufferedMs: number | undefined;
  /** What the jitter asks for. */
  readonly targetMs: number;
  readonly concealedMs: number | undefined;
  readonly droppedMs: number | undefined;
  readonly underruns: number | undefined;
}

export class AudioReceiver implements StreamReceiver {
  readonly #options: AudioReceiverOptions;
  readonly #assembler = new FrameAssembler();
  readonly #order = new AudioReorderBuffer();
  readonly #delay = new DelayEstimator({ minMs: MIN_DELAY_MS, maxMs: MAX_DELAY_MS });
  #decoder: AudioDecoder | undefined;
  #targetMs = 0;
  #cancelPoll: (() => void) | undefined;
  #framesDecoded = 0;
  #closed = false;

  constructor(options: AudioReceiverOptions) {
    this.#options = options;
  }

  get stats(): AudioReceiverStats {
    const report = this.#options.sink.report;
    return {
      framesDecoded: this.#framesDecoded,
      framesBuffered: this.#order.waiting + this.#assembler.partialFrames,
      bufferedMs: report?.bufferedMs,
      targetMs: this.#delay.targetMs,
      concealedMs: report?.concealedMs,
      droppedMs: report?.droppedMs,
      underruns: report?.underruns,
    };
  }

  /** See AudioSink. */
  dominantFrequencyForTesting(): number | undefined {
    return this.#options.sink.dominantFrequencyForTesting?.();
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
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelPoll?.();
    this.#closeDecoder();
    this.#assembler.reset();
    this.#order.clear();
    this.#options.sink.close();
  }

  #take(frame: ReceivedFrame): void {
    if (frame.type !== FrameType.audio) return;
    this.#delay.add(frame.timestampUs, frame.completedAtMs);
    const targetMs = this.#delay.targetMs;
    if (Math.abs(targetMs - this.#targetMs) >= TARGET_STEP_MS) {
      this.#targetMs = targetMs;
      this.#options.sink.setTarget(targetMs);
    }
    this.#order.push(frame, this.#decode);
    this.#pollLater();
  }

  #pollLater(): void {
    if (this.#order.waiting === 0 || this.#cancelPoll !== undefined) return;
    this.#cancelPoll = this.#options.timers.after(REORDER_POLL_MS, () => {
      this.#cancelPoll = undefined;
      if (this.#closed) return;
      this.#order.poll(this.#options.clock.monotonicMs(), this.#decode);
      this.#pollLater();
    });
  }

  readonly #decode = (frame: ReceivedFrame): void => {
    if (this.#closed) return;
    try {
      this.#decoder ??= this.#makeDecoder();
      if (this.#decoder.decodeQueueSize > MAX_DECODE_QUEUE) return;
      this.#decoder.decode(
        new EncodedAudioChunk({ type: 'key', timestamp: frame.timestampUs, data: frame.payload }),
      );
    } catch (error) {
      this.#restart(error);
    }
  };

  #makeDecoder(): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (data) => {
        if (decoder === this.#decoder) this.#play(data);
        data.close();
      },
      error: (error) => {
        if (decoder === this.#decoder) this.#restart(error);
      },
    });
    decoder.configure({
      codec: this.#options.codec,
      sampleRate: AUDIO_SAMPLE_RATE_HZ,
      numberOfChannels: 1,
    });
    return decoder;
  }

  #play(data: AudioData): void {
    const samples = readMono(data);
    this.#framesDecoded += 1;
    this.#options.onLevel(rms(samples));
    this.#options.sink.write(data.timestamp, samples);
  }

  #restart(reason: unknown): void {
    this.#options.log.warn('The audio decoder starts afresh', { reason });
    this.#closeDecoder();
  }

  #closeDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
  }
}
