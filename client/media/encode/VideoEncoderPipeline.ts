// Camera track to encoded frames, in as many simulcast layers as the picture has room for (ledger SFU-4).
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import type { EncodedFrame } from '../../core/media/EncodedFrame.ts';
import type { ColorSpace } from '../../core/signaling/types.ts';
import { CaptureClock } from '../capture/CaptureClock.ts';
import { CAMERA_FRAMES_PER_SECOND, CAMERA_HEIGHT, CAMERA_WIDTH } from '../capture/devices.ts';
import { readTrack } from '../capture/trackProcessor.ts';
import { fitWithin } from './fitWithin.ts';
import { layersOf, sizesOf, type VideoLayer } from './layerSizes.ts';
import { VideoLayerEncoder } from './VideoLayerEncoder.ts';

/** Captured frames that wait for this pipeline. */
const MAX_CAPTURE_QUEUE = 2;
/** A camera may be faster than asked; frames closer than this share of the frame time are skipped. */
const MIN_FRAME_SPACING_US = (0.8 * 1_000_000) / CAMERA_FRAMES_PER_SECOND;

export interface VideoEncoderPipelineOptions {
  readonly track: MediaStreamTrack;
  readonly clock: Clock;
  readonly log: Logger;
  /** Each captured frame, the callee's to close. */
  readonly onPreview: (frame: VideoFrame) => void;
  /** Nothing will come any more: the track ended by itself or the encoder does not work. Not called after stop(). */
  readonly onStopped: (reason: 'track_ended' | 'encoder_failed') => void;
}

export interface VideoEncoderStats {
  /** Over all layers. */
  readonly framesEncoded: number;
  /** Captured and not encoded, because the encoder was behind. */
  readonly framesSkipped: number;
  /** Of the highest layer. */
  readonly width: number;
  readonly height: number;
}

/** What is known of the encoded pictures once there is one. */
export interface EncodedVideoFormat {
  readonly colorSpace: ColorSpace | undefined;
  /** From the lowest to the highest. Their number stays; a camera that is turned turns them. */
  readonly layers: readonly VideoLayer[];
}

export class VideoEncoderPipeline {
  readonly #options: VideoEncoderPipelineOptions;
  readonly #captureClock: CaptureClock;
  readonly #reader: ReadableStreamDefaultReader<VideoFrame>;
  readonly #format = Promise.withResolvers<EncodedVideoFormat>();
  #onFrame: ((frame: EncodedFrame) => void) | undefined;
  /** The key frames that wait for sendTo(): one of each layer. */
  #heldFrames: EncodedFrame[] = [];
  #encoders: readonly VideoLayerEncoder[] = [];
  #layers: readonly VideoLayer[] = [];
  #stopped = false;
  #encodedAtUs = Number.NEGATIVE_INFINITY;

  constructor(options: VideoEncoderPipelineOptions) {
    this.#options = options;
    this.#captureClock = new CaptureClock(options.clock);
    this.#reader = readTrack<VideoFrame>(options.track, MAX_CAPTURE_QUEUE).getReader();
    this.#format.promise.catch(() => undefined);
    void this.#run();
  }

  /** Resolves when the first frame is encoded. Rejects when the pipeline stops before that. */
  get format(): Promise<EncodedVideoFormat> {
    return this.#format.promise;
  }

  get stats(): VideoEncoderStats {
    const full = this.#layers.at(-1);
    return {
      framesEncoded: this.#encoders.reduce((sum, encoder) => sum + encoder.framesEncoded, 0),
      framesSkipped: this.#encoders.reduce((sum, encoder) => sum + encoder.framesSkipped, 0),
      width: full?.width ?? 0,
      height: full?.height ?? 0,
    };
  }

  /** Frames go to `onFrame` from now on, the first ones too. Until then only those are made, and kept. Call once. */
  sendTo(onFrame: (frame: EncodedFrame) => void): void {
    const held = this.#heldFrames;
    this.#heldFrames = [];
    this.#onFrame = onFrame;
    if (!this.#stopped) for (const frame of held) onFrame(frame);
  }

  /** The layer's next frame will be a key frame, or one soon after. */
  requestKeyFrame(spatialLayer: number): void {
    this.#encoders[spatialLayer]?.requestKeyFrame();
  }

  /** A layer that nobody watches is not encoded. */
  setWanted(spatialLayer: number, wanted: boolean): void {
    const encoder = this.#encoders[spatialLayer];
    if (encoder !== undefined) encoder.paused = !wanted;
  }

  /** Idempotent; leaves the track to its owner. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#heldFrames = [];
    this.#format.reject(new DOMException('The camera was stopped', 'AbortError'));
    // Rejects when the track has ended already.
    this.#reader.cancel().catch(() => undefined);
    for (const encoder of this.#encoders) encoder.close();
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { done, value: frame } = await this.#reader.read();
        if (done) break;
        try {
          await this.#take(frame);
        } finally {
          frame.close();
        }
      }
      this.#finish('track_ended');
    } catch (error) {
      this.#options.log.error('Video could not be encoded', { error });
      this.#finish('encoder_failed');
    }
  }

  async #take(frame: VideoFrame): Promise<void> {
    if (this.#stopped) return;
    this.#captureClock.observe(frame.timestamp);
    this.#options.onPreview(frame.clone());
    if (frame.timestamp - this.#encodedAtUs < MIN_FRAME_SPACING_US) return;
    this.#encodedAtUs = frame.timestamp;
    this.#fitLayers(frame);
    for (const [index, layer] of this.#layers.entries()) {
      const encoder = this.#encoders[index];
      const isHeld = this.#onFrame === undefined && (encoder?.framesSubmitted ?? 0) > 0;
      if (!isHeld && !this.#stopped) await encoder?.encode(frame, layer);
    }
  }

  #fitLayers(frame: VideoFrame): void {
    const size = fitWithin(frame.displayWidth, frame.displayHeight, CAMERA_WIDTH, CAMERA_HEIGHT);
    const full = this.#layers.at(-1);
    if (full?.width === size.width && full.height === size.height) return;
    this.#layers = full === undefined ? layersOf(size) : sizesOf(size, this.#layers.length);
    if (this.#encoders.length === 0) this.#encoders = this.#layers.map(() => this.#makeEncoder());
  }

  #makeEncoder(): VideoLayerEncoder {
    const { clock, log } = this.#options;
    return new VideoLayerEncoder({
      clock,
      log,
      captureClock: this.#captureClock,
      onFrame: (frame, colorSpace) => this.#emit(frame, colorSpace),
      onFailed: () => this.#finish('encoder_failed'),
    });
  }

  #emit(frame: EncodedFrame, colorSpace: ColorSpace | undefined): void {
    if (this.#stopped) return;
    if (this.#onFrame === undefined) this.#heldFrames.push(frame);
    else this.#onFrame(frame);
    this.#format.resolve({ colorSpace, layers: this.#layers });
  }

  #finish(reason: 'track_ended' | 'encoder_failed'): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onStopped(reason);
  }
}
