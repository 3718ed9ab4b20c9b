// Received video to pictures: assembler, jitter buffer, decoder, painter. The handler sends one layer of a source at a time,
// each a stream of its own (ledger SFU-4): from the key frame of another layer on, that one is decoded.
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
/** The active layer has ended when nothing came of it for this long and something did of another, ms. */
const SILENT_MS = 400;
const MIN_TIMER_MS = 2;

export interface VideoReceiverOptions {
  readonly codec: string;
  /** As the publisher says; without it the decoder guesses. */
  readonly colorSpace?: ColorSpace | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Of the layer with this stream. */
  readonly requestKeyFrame: (streamId: number) => void;
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

/** What has arrived of one layer and is not decoded yet. */
class ReceivedLayer {
  readonly streamId: number;
  assembler = new FrameAssembler();
  jitter = new JitterBuffer();

  constructor(streamId: number) {
    this.streamId = streamId;
  }

  /** Forgets everything: what comes next starts with a key frame. Answers how many frames were dropped in all. */
  restart(): number {
    const dropped = this.framesDropped + this.jitter.length;
    this.assembler = new FrameAssembler();
    this.jitter = new JitterBuffer();
    return dropped;
  }

  /** Held in whole or in part. */
  get framesBuffered(): number {
    return this.jitter.length + this.assembler.partialFrames;
  }

  get framesDropped(): number {
    return this.jitter.dropped + this.assembler.abandoned;
  }
}

export class VideoReceiver {
  readonly painter = new FramePainter();
  readonly #options: VideoReceiverOptions;
  readonly #layers = new Map<number, ReceivedLayer>();
  /** The layer that is decoded. */
  #active: ReceivedLayer | undefined;
  #activeAtMs = Number.NEGATIVE_INFINITY;
  /** Capture time of the key frame from which the active layer is decoded. */
  #activeSinceUs = Number.NEGATIVE_INFINITY;
  #framesDropped = 0;
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
      jitterBufferMs: this.#active?.jitter.targetDelayMs ?? 0,
      framesDropped: this.#framesDropped + (this.#active?.framesDropped ?? 0),
      framesBuffered: [...this.#layers.values()].reduce((sum, layer) => sum + layer.framesBuffered, 0),
    };
  }

  /** Stream of the layer that is decoded; undefined before the first picture. */
  get activeStreamId(): number | undefined {
    return this.#active?.streamId;
  }

  /** Takes what arrives of one layer from now on. */
  receiverOf(streamId: number): StreamReceiver {
    const layer = new ReceivedLayer(streamId);
    this.#layers.set(streamId, layer);
    return {
      onDatagram: (bytes, arrivalMs) => {
        if (this.#closed) return;
        const frame = layer.assembler.push(bytes, arrivalMs);
        if (frame !== undefined) this.#take(layer, frame);
      },
      onStreamFrame: (bytes, arrivalMs) => this.#take(layer, wholeFrame(bytes, arrivalMs)),
    };
  }

  /** The layer's stream is gone. */
  removeLayer(streamId: number): void {
    this.#layers.delete(streamId);
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    this.#closeDecoder();
    for (const layer of this.#layers.values()) layer.restart();
    this.painter.clear();
  }

  #take(layer: ReceivedLayer, frame: ReceivedFrame): void {
    if (this.#closed || frame.type === FrameType.audio) return;
    layer.jitter.push(frame);
    if (layer === this.#active) this.#activeAtMs = frame.completedAtMs;
    this.#drain();
  }

  /** Decodes what is due and comes back when something will be. Every arrival comes here too, timers or not. */
  #drain(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closed) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#decodeDue(nowMs);
    for (const layer of this.#layers.values()) if (layer !== this.#active) this.#followTo(layer, nowMs);
    const starving = this.#starving(nowMs);
    if (starving !== undefined) this.#options.requestKeyFrame(starving.streamId);
    const changeMs = starving !== undefined ? nowMs + KEY_FRAME_RETRY_MS : this.#nextChangeMs(nowMs);
    if (changeMs === undefined) return;
    this.#cancelTimer = this.#options.timers.after(Math.max(MIN_TIMER_MS, changeMs - nowMs), () =>
      this.#drain(),
    );
  }

  #decodeDue(nowMs: number): void {
    const { jitter } = this.#active ?? {};
    if (jitter === undefined) return;
    for (let frame = jitter.pop(nowMs); frame !== undefined; frame = jitter.pop(nowMs))
      this.#decode(frame, nowMs);
  }

  /**
   * Another layer has a key frame that is due, and newer than the one that the active layer began with: that one is sent now.
   * It need not be newer than what was decoded: it comes on a stream, and datagrams of the active layer overtake it.
   */
  #followTo(layer: ReceivedLayer, nowMs: number): void {
    const key = layer.jitter.pop(nowMs);
    if (key === undefined) return;
    if (key.timestampUs <= this.#activeSinceUs) {
      // A straggler of before the change to the active layer.
      layer.restart();
      return;
    }
    this.#framesDropped += this.#active?.restart() ?? 0;
    this.#active = layer;
    this.#activeAtMs = nowMs;
    this.#activeSinceUs = key.timestampUs;
    this.#decode(key, nowMs);
    this.#decodeDue(nowMs);
  }

  /** The layer that a key frame is to be asked for. Others than the active one matter when that one has fallen silent. */
  #starving(nowMs: number): ReceivedLayer | undefined {
    if (this.#active?.jitter.needsKeyFrame(nowMs)) return this.#active;
    if (this.#active !== undefined && nowMs - this.#activeAtMs < SILENT_MS) return undefined;
    for (const layer of this.#layers.values())
      if (layer !== this.#active && layer.jitter.length > 0 && layer.jitter.needsKeyFrame(nowMs))
        return layer;
    return undefined;
  }

  #nextChangeMs(nowMs: number): number | undefined {
    let nextMs = this.#active?.jitter.nextChangeMs();
    for (const layer of this.#layers.values()) {
      const changeMs = layer === this.#active ? undefined : layer.jitter.nextChangeMs();
      if (changeMs !== undefined && changeMs > nowMs) nextMs = Math.min(nextMs ?? changeMs, changeMs);
    }
    return nextMs;
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
    this.#active?.jitter.reset(this.#options.clock.monotonicMs());
    if (this.#active !== undefined) this.#options.requestKeyFrame(this.#active.streamId);
  }

  #closeDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    if (decoder !== undefined && decoder.state !== 'closed') decoder.close();
  }
}
