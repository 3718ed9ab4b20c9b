// Sound track to encoded frames: Opus, 48 kHz, mono, 20 ms.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { EncodedFrame } from '../../core/media/EncodedFrame.ts';
import { readMono, rms } from '../audio/samples.ts';
import { CaptureClock } from '../capture/CaptureClock.ts';
import { type CaptureEnd, CaptureLoop } from '../capture/CaptureLoop.ts';
import { EncodedTimeline } from './EncodedTimeline.ts';

export const AUDIO_CODEC = 'opus';
export const AUDIO_SAMPLE_RATE_HZ = 48_000;

/** What sound of one kind is encoded for. */
export interface AudioProfile {
  readonly bitrateBps: number;
  /** Sends next to nothing while it is silent, which a voice often is and music hardly. */
  readonly skipsSilence: boolean;
}

export const VOICE: AudioProfile = { bitrateBps: 32_000, skipsSilence: true };
export const SCREEN_SOUND: AudioProfile = { bitrateBps: 64_000, skipsSilence: false };

const FRAME_DURATION_US = 20_000;
/** Loss that in-band error correction is tuned for, per cent. */
const EXPECTED_LOSS_PERCENT = 10;
/** Captured buffers (10 ms each) that wait for this pipeline, and in the encoder. */
const MAX_QUEUE = 20;
const MAX_RESTARTS = 3;

export interface AudioEncoderPipelineOptions {
  readonly track: MediaStreamTrack;
  readonly profile: AudioProfile;
  readonly clock: Clock;
  readonly log: Logger;
  /** Root mean square of each captured buffer, 0 to 1. */
  readonly onLevel: (level: number) => void;
  /** Nothing will come any more. Not called after stop(). */
  readonly onStopped: (reason: CaptureEnd) => void;
}

export class AudioEncoderPipeline {
  readonly #options: AudioEncoderPipelineOptions;
  readonly #captureClock: CaptureClock;
  readonly #loop: CaptureLoop<AudioData>;
  #onFrame: ((frame: EncodedFrame) => void) | undefined;
  #encoder: AudioEncoder | undefined;
  #timeline = new EncodedTimeline(FRAME_DURATION_US);
  #sampleRateHz = 0;
  #restarts = 0;
  #paused = false;

  constructor(options: AudioEncoderPipelineOptions) {
    this.#options = options;
    this.#captureClock = new CaptureClock(options.clock);
    this.#loop = new CaptureLoop({
      ...options,
      maxQueue: MAX_QUEUE,
      take: (data) => this.#take(data),
      onEnded: (reason) => {
        this.#closeEncoder();
        options.onStopped(reason);
      },
    });
  }

  /** Sound goes to `onFrame` from now on; until then none is encoded. Call once. */
  sendTo(onFrame: (frame: EncodedFrame) => void): void {
    this.#onFrame = onFrame;
  }

  /** While paused nothing is encoded; what is in the encoder is thrown away, so that not a syllable follows. */
  set paused(paused: boolean) {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#closeEncoder();
  }

  /** Idempotent; leaves the track to its owner. */
  stop(): void {
    this.#loop.stop();
    this.#closeEncoder();
  }

  async #take(data: AudioData): Promise<void> {
    if (this.#paused) return;
    this.#captureClock.observe(data.timestamp);
    const samples = readMono(data);
    this.#options.onLevel(rms(samples));
    if (this.#onFrame === undefined) return;
    if (this.#encoder === undefined || data.sampleRate !== this.#sampleRateHz)
      await this.#startEncoder(data.sampleRate);
    const encoder = this.#encoder;
    if (encoder === undefined || this.#loop.stopped || this.#paused || encoder.encodeQueueSize > MAX_QUEUE)
      return;
    const mono = new AudioData({
      format: 'f32-planar',
      sampleRate: data.sampleRate,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: data.timestamp,
      data: samples,
    });
    this.#timeline.addInput(mono.timestamp, mono.duration);
    encoder.encode(mono);
    mono.close();
  }

  async #startEncoder(sampleRateHz: number): Promise<void> {
    this.#closeEncoder();
    const config = await chooseConfig(sampleRateHz, this.#options.profile);
    if (this.#loop.stopped || this.#paused) return;
    const encoder = new AudioEncoder({
      output: (chunk) => {
        if (encoder === this.#encoder) this.#emit(chunk, encoder.encodeQueueSize === 0);
      },
      error: (error) => {
        if (encoder === this.#encoder) this.#encoderFailed(error);
      },
    });
    encoder.configure(config);
    this.#encoder = encoder;
    this.#timeline = new EncodedTimeline(FRAME_DURATION_US);
    this.#sampleRateHz = sampleRateHz;
  }

  #emit(chunk: EncodedAudioChunk, isDrained: boolean): void {
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    this.#onFrame?.({
      type: FrameType.audio,
      timestampUs: this.#captureClock.toEpochUs(this.#timeline.outputTime(chunk.timestamp, isDrained)),
      payload,
      temporalLayer: 0,
      discardable: false,
    });
  }

  #encoderFailed(error: DOMException): void {
    this.#options.log.warn('The audio encoder failed', { error, restarts: this.#restarts });
    this.#encoder = undefined;
    this.#restarts += 1;
    if (this.#restarts > MAX_RESTARTS) this.#loop.end('encoder_failed');
  }

  #closeEncoder(): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder !== undefined && encoder.state !== 'closed') encoder.close();
  }
}

/** @throws DOMException NotSupportedError when the browser cannot encode Opus at all. */
async function chooseConfig(
  sampleRateHz: number,
  { bitrateBps, skipsSilence }: AudioProfile,
): Promise<AudioEncoderConfig> {
  const plain: AudioEncoderConfig = {
    codec: AUDIO_CODEC,
    sampleRate: sampleRateHz,
    numberOfChannels: 1,
    bitrate: bitrateBps,
  };
  const tuned: AudioEncoderConfig = {
    ...plain,
    opus: {
      frameDuration: FRAME_DURATION_US,
      useinbandfec: true,
      usedtx: skipsSilence,
      packetlossperc: EXPECTED_LOSS_PERCENT,
    },
  };
  for (const config of [tuned, plain]) {
    const { supported } = await AudioEncoder.isConfigSupported(config);
    if (supported) return config;
  }
  throw new DOMException('This browser cannot encode Opus', 'NotSupportedError');
}
