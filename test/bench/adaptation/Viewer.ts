// Somebody who watches the camera with the SDK's own reception, up to the decoder: what could be decoded is counted.
import type { MediaConnection } from '../../../client/core/index.ts';
import { FrameAssembler, wholeFrame } from '../../../client/core/media/FrameAssembler.ts';
import { JitterBuffer } from '../../../client/core/media/JitterBuffer.ts';
import { Histogram } from '../../../media-node/metrics/Histogram.ts';
import { readSequence, readTimestampUs } from '../../../shared/frame/read.ts';
import { AUDIO_STREAM_ID, LAYERS, PUBLISHER_USER_ID, type ViewerFigures } from './plan.ts';

/** The layer that something came of within this is the one that is sent. */
const ACTIVE_MS = 400;

interface WatchedLayer {
  readonly streamId: number;
  readonly assembler: FrameAssembler;
  readonly jitter: JitterBuffer;
  arrivedAtMs: number;
}

export class Viewer {
  readonly #connection: MediaConnection;
  readonly #nowUs: () => number;
  readonly #layers: WatchedLayer[] = [];
  #datagramsReceived = 0;
  #frames = 0;
  #takenAtMs: number;
  #decodedAtMs: number;
  #longestFreezeMs = 0;
  #latency = new Histogram();
  #sounds = 0;
  #firstSound = -1;
  #lastSound = -1;

  /** `nowUs`: the clock that frames are captured by. */
  constructor(connection: MediaConnection, nowUs: () => number) {
    this.#connection = connection;
    this.#nowUs = nowUs;
    this.#takenAtMs = performance.now();
    this.#decodedAtMs = this.#takenAtMs;
    for (const { streamId } of LAYERS) this.#watch(streamId);
    connection.receive(PUBLISHER_USER_ID, AUDIO_STREAM_ID, {
      onDatagram: (bytes) => {
        this.#datagramsReceived++;
        this.#hear(readSequence(bytes, 0));
      },
    });
  }

  /** Decodes what is due; call every few milliseconds. */
  decode(nowMs: number): void {
    for (const layer of this.#layers) {
      for (let frame = layer.jitter.pop(nowMs); frame !== undefined; frame = layer.jitter.pop(nowMs)) {
        this.#frames++;
        this.#longestFreezeMs = Math.max(this.#longestFreezeMs, nowMs - this.#decodedAtMs);
        this.#decodedAtMs = nowMs;
      }
      if (nowMs - layer.arrivedAtMs < ACTIVE_MS && layer.jitter.needsKeyFrame(nowMs))
        this.#connection.requestKeyFrame(PUBLISHER_USER_ID, layer.streamId);
    }
  }

  /** Figures since the last call. */
  take(nowMs: number): ViewerFigures {
    const p95LatencyMs = this.#latency.quantile(0.95);
    const sounds = this.#lastSound - this.#firstSound;
    const figures = {
      datagramsReceived: this.#datagramsReceived,
      framesPerSecond: (this.#frames * 1_000) / (nowMs - this.#takenAtMs),
      longestFreezeMs: Math.max(this.#longestFreezeMs, nowMs - this.#decodedAtMs),
      ...(p95LatencyMs !== undefined && { p95LatencyMs }),
      soundLossRatio: sounds <= 0 ? 0 : Math.max(0, 1 - this.#sounds / sounds),
    };
    this.#frames = 0;
    this.#longestFreezeMs = 0;
    this.#takenAtMs = nowMs;
    this.#latency = new Histogram();
    this.#sounds = 0;
    this.#firstSound = this.#lastSound;
    return figures;
  }

  #watch(streamId: number): void {
    const layer: WatchedLayer = {
      streamId,
      assembler: new FrameAssembler(),
      jitter: new JitterBuffer(),
      arrivedAtMs: Number.NEGATIVE_INFINITY,
    };
    this.#layers.push(layer);
    this.#connection.receive(PUBLISHER_USER_ID, streamId, {
      onDatagram: (bytes, arrivalMs) => {
        this.#datagramsReceived++;
        layer.arrivedAtMs = arrivalMs;
        this.#latency.record((this.#nowUs() - readTimestampUs(bytes, 0)) / 1_000);
        const frame = layer.assembler.push(bytes, arrivalMs);
        if (frame !== undefined) layer.jitter.push(frame);
      },
      onStreamFrame: (bytes, arrivalMs) => {
        layer.arrivedAtMs = arrivalMs;
        layer.jitter.push(wholeFrame(bytes, arrivalMs));
      },
    });
  }

  #hear(sequence: number): void {
    this.#sounds++;
    this.#lastSound = Math.max(this.#lastSound, sequence);
  }
}
