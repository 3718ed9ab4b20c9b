// One simulcast layer of a source: an encoder of its own, VP8 for real time, two temporal layers where the browser has them.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { EncodedFrame } from '../../core/media/EncodedFrame.ts';
import type { ColorSpace } from '../../core/signaling/types.ts';
import type { CaptureClock } from '../capture/CaptureClock.ts';
import { toColorSpace } from '../colorSpace.ts';
import type { VideoLayer } from './layerSizes.ts';
import type { VideoProfile } from './VideoProfile.ts';

export const VIDEO_CODEC = 'vp8';

/** A receiver that missed everything has a picture again after this, ms. */
const KEY_FRAME_INTERVAL_MS = 10_000;
/** However many ask, a key frame is made at most this often, ms. */
const MIN_KEY_FRAME_INTERVAL_MS = 250;
/** Frames that wait in the encoder; past it captured frames are skipped. */
const MAX_ENCODE_QUEUE = 2;
/** An encoder that fails is made anew this many times. */
const MAX_RESTARTS = 3;

export interface VideoLayerEncoderOptions {
  readonly clock: Clock;
  readonly captureClock: CaptureClock;
  readonly profile: VideoProfile;
  readonly log: Logger;
  readonly onFrame: (frame: EncodedFrame, colorSpace: ColorSpace | undefined) => void;
  /** It does not work. */
  readonly onFailed: () => void;
}

export class VideoLayerEncoder {
  readonly #options: VideoLayerEncoderOptions;
  #encoder: VideoEncoder | undefined;
  #layer: VideoLayer | undefined;
  #restarts = 0;
  #closed = false;
  #paused = false;
  #keyFrameWanted = true;
  #keyFrameAtMs = Number.NEGATIVE_INFINITY;
  #framesSubmitted = 0;
  #framesEncoded = 0;
  #framesSkipped = 0;

  constructor(options: VideoLayerEncoderOptions) {
    this.#options = options;
  }

  get framesSubmitted(): number {
    return this.#framesSubmitted;
  }

  get framesEncoded(): number {
    return this.#framesEncoded;
  }

  /** Captured and not encoded, because the encoder was behind. */
  get framesSkipped(): number {
    return this.#framesSkipped;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** While paused nothing is encoded; the first frame after it is a key frame. */
  set paused(paused: boolean) {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#closeEncoder();
  }

  /** The next frame will be a key frame, or one soon after. */
  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  /** Encodes the picture, scaled to the layer's size; leaves the frame to its owner. Rejects when there is no encoder. */
  async encode(frame: VideoFrame, layer: VideoLayer): Promise<void> {
    if (this.#paused || this.#closed) return;
    const { width, height } = this.#layer ?? { width: 0, height: 0 };
    if (this.#encoder === undefined || layer.width !== width || layer.height !== height)
      await this.#start(layer);
    const encoder = this.#encoder;
    if (encoder === undefined || this.#paused || this.#closed) return;
    if (encoder.encodeQueueSize > MAX_ENCODE_QUEUE) {
      this.#framesSkipped += 1;
      return;
    }
    this.#framesSubmitted += 1;
    encoder.encode(frame, { keyFrame: this.#isKeyFrameDue() });
  }

  /** Holds no encoder until the next frame, which will be a key frame. */
  rest(): void {
    this.#closeEncoder();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#closeEncoder();
  }

  #isKeyFrameDue(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const sinceMs = nowMs - this.#keyFrameAtMs;
    const due =
      sinceMs >= KEY_FRAME_INTERVAL_MS || (this.#keyFrameWanted && sinceMs >= MIN_KEY_FRAME_INTERVAL_MS);
    if (!due) return false;
    this.#keyFrameWanted = false;
    this.#keyFrameAtMs = nowMs;
    return true;
  }

  async #start(layer: VideoLayer): Promise<void> {
    this.#closeEncoder();
    const config = await chooseConfig(layer, this.#options.profile);
    if (this.#closed || this.#paused) return;
    const encoder = new VideoEncoder({
      output: (chunk, metadata) => {
        if (encoder === this.#encoder) this.#emit(chunk, metadata);
      },
      error: (error) => {
        if (encoder === this.#encoder) this.#failed(error);
      },
    });
    encoder.configure(config);
    this.#encoder = encoder;
    this.#layer = layer;
    this.#keyFrameWanted = true;
    this.#keyFrameAtMs = Number.NEGATIVE_INFINITY;
  }

  #emit(chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    const temporalLayer = metadata?.svc?.temporalLayerId ?? 0;
    this.#framesEncoded += 1;
    const frame: EncodedFrame = {
      type: chunk.type === 'key' ? FrameType.videoKey : FrameType.videoDelta,
      timestampUs: this.#options.captureClock.toEpochUs(chunk.timestamp),
      payload,
      temporalLayer,
      // With two temporal layers nothing refers to a frame of the upper one (W3C webrtc-svc, L1T2).
      discardable: temporalLayer > 0,
      spatialLayer: this.#layer?.spatialLayer ?? 0,
    };
    this.#options.onFrame(frame, toColorSpace(metadata?.decoderConfig?.colorSpace));
  }

  #failed(error: DOMException): void {
    this.#options.log.warn('The video encoder failed', { error, restarts: this.#restarts });
    this.#encoder = undefined;
    this.#restarts += 1;
    if (this.#restarts > MAX_RESTARTS) this.#options.onFailed();
  }

  #closeEncoder(): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder !== undefined && encoder.state !== 'closed') encoder.close();
  }
}

/** @throws DOMException NotSupportedError when the browser cannot encode VP8 at all. */
async function chooseConfig(
  { width, height, bitrateBps }: VideoLayer,
  { framesPerSecond, contentHint }: VideoProfile,
): Promise<VideoEncoderConfig> {
  const plain: VideoEncoderConfig & { readonly contentHint?: string } = {
    codec: VIDEO_CODEC,
    width,
    height,
    bitrate: bitrateBps,
    framerate: framesPerSecond,
    latencyMode: 'realtime',
    ...(contentHint && { contentHint }),
  };
  for (const config of [{ ...plain, scalabilityMode: 'L1T2' }, plain]) {
    const { supported } = await VideoEncoder.isConfigSupported(config);
    if (supported) return config;
  }
  throw new DOMException('This browser cannot encode VP8', 'NotSupportedError');
}
