// Video track to encoded frames, in as many simulcast layers as the picture has room for (ledger SFU-4).
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import type { EncodedFrame } from '../../core/media/EncodedFrame.ts';
import type { ColorSpace } from '../../core/signaling/types.ts';
import type { Timers } from '../../core/timers.ts';
import { CaptureClock } from '../capture/CaptureClock.ts';
import { type CaptureEnd, CaptureLoop } from '../capture/CaptureLoop.ts';
import { FrameRepeater } from './FrameRepeater.ts';
import { fitWithin } from './fitWithin.ts';
import { LayerBudget } from './LayerBudget.ts';
import { layersOf, sizesOf, type VideoLayer } from './layerSizes.ts';
import { VideoLayerEncoder } from './VideoLayerEncoder.ts';
import type { VideoProfile } from './VideoProfile.ts';

/** Captured frames that wait for this pipeline. */
const MAX_CAPTURE_QUEUE = 2;
/** A source may be faster than asked; frames closer than this share of the frame time are skipped. */
const MIN_FRAME_SPACING = 0.8;

export interface VideoEncoderPipelineOptions {
  readonly track: MediaStreamTrack;
  readonly profile: VideoProfile;
  readonly clock: Clock;
  /** Of a kind that goes on in a hidden tab. */
  readonly timers: Timers;
  readonly log: Logger;
  /** Each captured frame, the callee's to close. */
  readonly onPreview?: (frame: VideoFrame) => void;
  /** Nothing will come any more: the track ended by itself or the encoder does not work. Not called after stop(). */
  readonly onStopped: (reason: CaptureEnd) => void;
  /** So many layers, from the lowest on, are encoded from now on: the machine is too slow for more, or no longer. */
  readonly onLayerCount: (layers: number) => void;
}

export interface VideoEncoderStats {
  /** Over all layers. */
  readonly framesEncoded: number;
  /** Captured and not encoded, because the encoder was behind. */
  readonly framesSkipped: number;
  /** Of the highest layer. */
  readonly width: number;
  readonly height: number;
  /** That are encoded now, and that the picture has room for. */
  readonly layers: number;
  readonly allLayers: number;
  /** Fewer layers than the picture has room for, because the machine is too slow. */
  readonly isOverloaded: boolean;
}

/** What is known of the encoded pictures once there is one. */
export interface EncodedVideoFormat {
  readonly colorSpace: ColorSpace | undefined;
  /** From the lowest to the highest. Their number stays; a camera that is turned, or a window that is resized, changes them. */
  readonly layers: readonly VideoLayer[];
}

export class VideoEncoderPipeline {
  readonly #options: VideoEncoderPipelineOptions;
  readonly #captureClock: CaptureClock;
  readonly #loop: CaptureLoop<VideoFrame>;
  readonly #repeater: FrameRepeater | undefined;
  readonly #format = Promise.withResolvers<EncodedVideoFormat>();
  #onFrame: ((frame: EncodedFrame) => void) | undefined;
  /** The key frames that wait for sendTo(): one of each layer. */
  #heldFrames: EncodedFrame[] = [];
  #encoders: readonly VideoLayerEncoder[] = [];
  #layers: readonly VideoLayer[] = [];
  /** Undefined before the first frame, and where no layer is given up. */
  #budget: LayerBudget | undefined;
  #encodedAtUs = Number.NEGATIVE_INFINITY;
  /** Frames are encoded one after the other. */
  #encoding: Promise<void> = Promise.resolve();

  constructor(options: VideoEncoderPipelineOptions) {
    this.#options = options;
    this.#captureClock = new CaptureClock(options.clock);
    this.#format.promise.catch(() => undefined);
    this.#loop = new CaptureLoop({
      ...options,
      maxQueue: MAX_CAPTURE_QUEUE,
      take: (frame) => this.#take(frame),
      onEnded: (reason) => {
        this.#release();
        options.onStopped(reason);
      },
    });
    // Last: where the track cannot be read there is nobody to close it.
    const { clock, timers, profile } = options;
    this.#repeater =
      profile.repeatAfterMs === undefined
        ? undefined
        : new FrameRepeater({
            clock,
            timers,
            afterMs: profile.repeatAfterMs,
            repeat: (frame) => this.#encode(frame).catch((error: unknown) => this.#fail(error)),
          });
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
      layers: this.#affordable.filter((encoder) => !encoder.paused).length,
      allLayers: this.#layers.length,
      isOverloaded: this.#affordable.length < this.#encoders.length,
    };
  }

  /** Frames go to `onFrame` from now on, the first ones too. Until then only those are made, and kept. Call once. */
  sendTo(onFrame: (frame: EncodedFrame) => void): void {
    const held = this.#heldFrames;
    this.#heldFrames = [];
    this.#onFrame = onFrame;
    if (!this.#loop.stopped) for (const frame of held) onFrame(frame);
  }

  /** The layer's next frame will be a key frame, or one soon after. Before sendTo() one is held already. */
  requestKeyFrame(spatialLayer: number): void {
    if (this.#onFrame !== undefined) this.#encoders[spatialLayer]?.requestKeyFrame();
  }

  /** A layer that nobody watches is not encoded. */
  setWanted(spatialLayer: number, wanted: boolean): void {
    const encoder = this.#encoders[spatialLayer];
    if (encoder !== undefined) encoder.paused = !wanted;
  }

  /** Idempotent; leaves the track to its owner. */
  stop(): void {
    this.#loop.stop();
    this.#release();
  }

  async #take(frame: VideoFrame): Promise<void> {
    this.#captureClock.observe(frame.timestamp);
    this.#options.onPreview?.(frame.clone());
    this.#repeater?.took(frame);
    const spacingUs = (MIN_FRAME_SPACING * 1_000_000) / this.#options.profile.framesPerSecond;
    if (frame.timestamp - this.#encodedAtUs < spacingUs) return;
    this.#encodedAtUs = frame.timestamp;
    await this.#encode(frame);
  }

  #encode(frame: VideoFrame): Promise<void> {
    const encoded = this.#encoding.then(() => this.#encodeLayers(frame));
    this.#encoding = encoded.catch(() => undefined);
    return encoded;
  }

  async #encodeLayers(frame: VideoFrame): Promise<void> {
    if (this.#loop.stopped) return;
    this.#fitLayers(frame);
    let skipped = false;
    for (const [index, encoder] of this.#affordable.entries()) {
      const layer = this.#layers[index];
      const isHeld = this.#onFrame === undefined && encoder.framesSubmitted > 0;
      if (layer === undefined || isHeld || this.#loop.stopped) continue;
      const before = encoder.framesSkipped;
      await encoder.encode(frame, layer);
      skipped ||= encoder.framesSkipped > before;
    }
    this.#spend(skipped);
  }

  /** Those of the layers that the machine has the power for. */
  get #affordable(): readonly VideoLayerEncoder[] {
    return this.#encoders.slice(0, this.#budget?.layers);
  }

  #spend(skipped: boolean): void {
    const active = this.#affordable.findLastIndex((encoder) => !encoder.paused) + 1;
    if (this.#budget?.add(skipped, active, this.#options.clock.monotonicMs()) !== true) return;
    const { layers } = this.#budget;
    this.#options.log.info('Layers that are encoded', { layers, of: this.#encoders.length });
    for (const encoder of this.#encoders.slice(layers)) encoder.rest();
    this.#options.onLayerCount(layers);
  }

  #fitLayers(frame: VideoFrame): void {
    const { maxWidth, maxHeight, layers, givesUpLayers } = this.#options.profile;
    const size = fitWithin(frame.displayWidth, frame.displayHeight, maxWidth, maxHeight);
    const full = this.#layers.at(-1);
    if (full?.width === size.width && full.height === size.height) return;
    this.#layers = full === undefined ? layersOf(size, layers) : sizesOf(size, this.#layers.length, layers);
    if (this.#encoders.length > 0) return;
    this.#encoders = this.#layers.map(() => this.#makeEncoder());
    if (givesUpLayers) this.#budget = new LayerBudget(this.#layers.length);
  }

  #makeEncoder(): VideoLayerEncoder {
    const { clock, log, profile } = this.#options;
    return new VideoLayerEncoder({
      clock,
      log,
      profile,
      captureClock: this.#captureClock,
      onFrame: (frame, colorSpace) => this.#emit(frame, colorSpace),
      onFailed: () => this.#loop.end('encoder_failed'),
    });
  }

  #emit(frame: EncodedFrame, colorSpace: ColorSpace | undefined): void {
    if (this.#loop.stopped) return;
    if (this.#onFrame === undefined) this.#heldFrames.push(frame);
    else this.#onFrame(frame);
    this.#format.resolve({ colorSpace, layers: this.#layers });
  }

  #fail(error: unknown): void {
    this.#options.log.error('A repeated picture could not be encoded', { error });
    this.#loop.end('encoder_failed');
  }

  #release(): void {
    this.#repeater?.close();
    this.#heldFrames = [];
    this.#format.reject(new DOMException('The capture was stopped', 'AbortError'));
    for (const encoder of this.#encoders) encoder.close();
  }
}
