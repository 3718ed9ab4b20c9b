// Camera track to encoded frames: VP8 for real time, two temporal layers where the browser has them.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { EncodedFrame } from '../../core/media/EncodedFrame.ts';
import type { ColorSpace } from '../../core/signaling/types.ts';
import { CaptureClock } from '../capture/CaptureClock.ts';
import { CAMERA_FRAMES_PER_SECOND, CAMERA_HEIGHT, CAMERA_WIDTH } from '../capture/devices.ts';
import { readTrack } from '../capture/trackProcessor.ts';
import { toColorSpace } from '../colorSpace.ts';
import { fitWithin } from './fitWithin.ts';

export const VIDEO_CODEC = 'vp8';
export const VIDEO_BITRATE_BPS = 800_000;

/** A receiver that missed everything has a picture again after this, ms. */
const KEY_FRAME_INTERVAL_MS = 10_000;
/** However many ask, a key frame is made at most this often, ms. */
const MIN_KEY_FRAME_INTERVAL_MS = 250;
/** Frames that wait in the encoder; past it captured frames are skipped. */
const MAX_ENCODE_QUEUE = 2;
/** Captured frames that wait for this pipeline. */
const MAX_CAPTURE_QUEUE = 2;
/** A camera may be faster than asked; frames closer than this share of the frame time are skipped. */
const MIN_FRAME_SPACING_US = (0.8 * 1_000_000) / CAMERA_FRAMES_PER_SECOND;
/** An encoder that fails is made anew this many times. */
const MAX_RESTARTS = 3;

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
  readonly framesEncoded: number;
  /** Captured and not encoded, because the encoder was behind. */
  readonly framesSkipped: number;
  readonly width: number;
  readonly height: number;
}

/** What is known of the encoded pictures once there is one. */
export interface EncodedVideoFormat {
  readonly colorSpace: ColorSpace | undefined;
}

export class VideoEncoderPipeline {
  readonly #options: VideoEncoderPipelineOptions;
  readonly #captureClock: CaptureClock;
  readonly #reader: ReadableStreamDefaultReader<VideoFrame>;
  readonly #format = Promise.withResolvers<EncodedVideoFormat>();
  #onFrame: ((frame: EncodedFrame) => void) | undefined;
  /** The key frame that waits for sendTo(). */
  #heldFrame: EncodedFrame | undefined;
  #isFirstSubmitted = false;
  #encoder: VideoEncoder | undefined;
  #size = { width: 0, height: 0 };
  #restarts = 0;
  #stopped = false;
  #keyFrameWanted = true;
  #keyFrameAtMs = Number.NEGATIVE_INFINITY;
  #encodedAtUs = Number.NEGATIVE_INFINITY;
  #framesEncoded = 0;
  #framesSkipped = 0;

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
    return { framesEncoded: this.#framesEncoded, framesSkipped: this.#framesSkipped, ...this.#size };
  }

  /** Frames go to `onFrame` from now on, the first one too. Until then only that one is made, and kept. Call once. */
  sendTo(onFrame: (frame: EncodedFrame) => void): void {
    const held = this.#heldFrame;
    this.#heldFrame = undefined;
    this.#onFrame = onFrame;
    if (held !== undefined && !this.#stopped) onFrame(held);
  }

  /** The next frame will be a key frame, or one soon after. */
  requestKeyFrame(): void {
    this.#keyFrameWanted = true;
  }

  /** Idempotent; leaves the track to its owner. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#heldFrame = undefined;
    this.#format.reject(new DOMException('The camera was stopped', 'AbortError'));
    // Rejects when the track has ended already.
    this.#reader.cancel().catch(() => undefined);
    this.#closeEncoder();
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
    const size = fitWithin(frame.displayWidth, frame.displayHeight, CAMERA_WIDTH, CAMERA_HEIGHT);
    if (this.#encoder === undefined || size.width !== this.#size.width || size.height !== this.#size.height)
      await this.#startEncoder(size);
    const encoder = this.#encoder;
    if (encoder === undefined || this.#stopped) return;
    if (this.#onFrame === undefined && this.#isFirstSubmitted) return;
    if (encoder.encodeQueueSize > MAX_ENCODE_QUEUE) {
      this.#framesSkipped += 1;
      return;
    }
    this.#encodedAtUs = frame.timestamp;
    this.#isFirstSubmitted = true;
    encoder.encode(frame, { keyFrame: this.#isKeyFrameDue() });
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

  async #startEncoder(size: { readonly width: number; readonly height: number }): Promise<void> {
    this.#closeEncoder();
    const config = await chooseConfig(size);
    if (this.#stopped) return;
    const encoder = new VideoEncoder({
      output: (chunk, metadata) => this.#emit(chunk, metadata),
      error: (error) => this.#encoderFailed(error),
    });
    encoder.configure(config);
    this.#encoder = encoder;
    this.#size = size;
    this.#isFirstSubmitted = false;
    this.#keyFrameWanted = true;
    this.#keyFrameAtMs = Number.NEGATIVE_INFINITY;
  }

  #emit(chunk: EncodedVideoChunk, metadata: EncodedVideoChunkMetadata | undefined): void {
    if (this.#stopped) return;
    const payload = new Uint8Array(chunk.byteLength);
    chunk.copyTo(payload);
    const temporalLayer = metadata?.svc?.temporalLayerId ?? 0;
    this.#framesEncoded += 1;
    const frame: EncodedFrame = {
      type: chunk.type === 'key' ? FrameType.videoKey : FrameType.videoDelta,
      timestampUs: this.#captureClock.toEpochUs(chunk.timestamp),
      payload,
      temporalLayer,
      // With two temporal layers nothing refers to a frame of the upper one (W3C webrtc-svc, L1T2).
      discardable: temporalLayer > 0,
    };
    if (this.#onFrame === undefined) this.#heldFrame = frame;
    else this.#onFrame(frame);
    this.#format.resolve({ colorSpace: toColorSpace(metadata?.decoderConfig?.colorSpace) });
  }

  #encoderFailed(error: DOMException): void {
    this.#options.log.warn('The video encoder failed', { error, restarts: this.#restarts });
    this.#encoder = undefined;
    this.#restarts += 1;
    if (this.#restarts > MAX_RESTARTS) this.#finish('encoder_failed');
  }

  #finish(reason: 'track_ended' | 'encoder_failed'): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onStopped(reason);
  }

  #closeEncoder(): void {
    if (this.#encoder !== undefined && this.#encoder.state !== 'closed') this.#encoder.close();
    this.#encoder = undefined;
  }
}

/** @throws DOMException NotSupportedError when the browser cannot encode VP8 at all. */
async function chooseConfig(size: {
  readonly width: number;
  readonly height: number;
}): Promise<VideoEncoderConfig> {
  const plain: VideoEncoderConfig = {
    codec: VIDEO_CODEC,
    ...size,
    bitrate: VIDEO_BITRATE_BPS,
    framerate: CAMERA_FRAMES_PER_SECOND,
    latencyMode: 'realtime',
  };
  for (const config of [{ ...plain, scalabilityMode: 'L1T2' }, plain]) {
    const { supported } = await VideoEncoder.isConfigSupported(config);
    if (supported) return config;
  }
  throw new DOMException('This browser cannot encode VP8', 'NotSupportedError');
}
