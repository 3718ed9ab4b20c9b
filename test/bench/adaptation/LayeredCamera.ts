// A camera, or a screen, without either: layers of frames of the sizes that encoders make, two temporal layers each, sent through
// the SDK's streams. It stops a layer that nobody wants, and makes a key frame where one is asked for.
import type { OutgoingStream } from '../../../client/core/index.ts';
import type { Random } from '../../../functions/base/random.ts';
import { FrameType } from '../../../shared/frame/layout.ts';

export const FRAMES_PER_SECOND = 30;
/** Frames of temporal layer 0 take this share of the bits; every other frame is one. */
const BASE_SHARE = 0.6;
/** A key frame is as large as so many frames of the average. */
const KEY_FRAME_SIZE = 5;
/** Frames differ in size by this much up or down. */
const SPREAD = 0.2;
const BITS_PER_BYTE = 8;

export class LayeredCamera {
  readonly #layers: CameraLayer[] = [];
  readonly #random: Random;
  #frames = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  add(stream: OutgoingStream, bitrateBps: number): void {
    this.#layers.push(new CameraLayer(stream, bitrateBps, this.#random));
  }

  /** One picture; call FRAMES_PER_SECOND times a second. */
  capture(timestampUs: number): void {
    const isBase = this.#frames++ % 2 === 0;
    for (const layer of this.#layers) layer.encode(timestampUs, isBase);
  }
}

class CameraLayer {
  readonly #stream: OutgoingStream;
  readonly #averageBytes: number;
  readonly #random: Random;
  #needsKeyFrame = true;

  constructor(stream: OutgoingStream, bitrateBps: number, random: Random) {
    this.#stream = stream;
    this.#averageBytes = bitrateBps / BITS_PER_BYTE / FRAMES_PER_SECOND;
    this.#random = random;
    stream.onKeyFrameNeeded = () => {
      this.#needsKeyFrame = true;
    };
  }

  encode(timestampUs: number, isBase: boolean): void {
    if (!this.#stream.wanted) return;
    if (this.#needsKeyFrame) {
      this.#needsKeyFrame = false;
      this.#send(FrameType.videoKey, timestampUs, KEY_FRAME_SIZE * this.#averageBytes, true);
    } else {
      const share = isBase ? BASE_SHARE : 1 - BASE_SHARE;
      const spread = 1 + SPREAD * (2 * this.#random() - 1);
      this.#send(FrameType.videoDelta, timestampUs, 2 * share * spread * this.#averageBytes, isBase);
    }
  }

  #send(type: FrameType, timestampUs: number, bytes: number, isBase: boolean): void {
    this.#stream.send({
      type,
      timestampUs,
      payload: new Uint8Array(Math.round(bytes)),
      temporalLayer: isBase ? 0 : 1,
      discardable: !isBase,
    });
  }
}
