// The layers of a camera as one: published together, sent each on a stream of its own, unpublished together. The upper ones
// may be given up and published again, each as a new stream.
import type { EncodedFrame } from '../core/media/EncodedFrame.ts';
import type { OutgoingStats, OutgoingStream } from '../core/media/OutgoingStream.ts';
import type { Room } from '../core/Room.ts';
import type { StreamSettings } from '../core/signaling/types.ts';
import type { SentStream } from './LocalDevice.ts';

/** What publishes: a room. */
export type LayerPublisher = Pick<Room, 'publish' | 'unpublish'>;

export interface SimulcastOptions {
  readonly room: LayerPublisher;
  /** From the lowest layer to the highest, at least one. */
  readonly layers: readonly StreamSettings[];
  /** A layer's stream is there: at the start, and each time that the layer is published again. */
  readonly onPublished: (stream: OutgoingStream, spatialLayer: number) => void;
}

export class SimulcastStream implements SentStream {
  readonly #options: SimulcastOptions;
  /** From the lowest layer to the highest, at least one. */
  readonly #streams: OutgoingStream[];
  #wantedCount: number;
  #changing: Promise<void> = Promise.resolve();
  /** Of layers that were given up. */
  #bytesBefore = 0;

  private constructor(options: SimulcastOptions, streams: OutgoingStream[]) {
    this.#options = options;
    this.#streams = streams;
    this.#wantedCount = streams.length;
    for (const [index, stream] of streams.entries()) options.onPublished(stream, index);
  }

  /** Publishes a stream for each of these layers, or none. */
  static async publish(options: SimulcastOptions): Promise<SimulcastStream> {
    const { room, layers } = options;
    const answers = await Promise.allSettled(layers.map((settings) => room.publish(settings)));
    const streams = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const refused = answers.find((answer) => answer.status === 'rejected');
    if (refused === undefined) return new SimulcastStream(options, streams);
    await Promise.allSettled(streams.map(({ streamId }) => room.unpublish(streamId)));
    throw refused.reason;
  }

  /** Of the lowest layer, and so of all: it is published as long as they are. */
  get streamId(): number {
    return this.#streams[0]?.streamId ?? 0;
  }

  /** Bytes of all layers; frames of the layer that sent most. */
  get stats(): Pick<OutgoingStats, 'bytes' | 'framesSent'> {
    const all = this.#streams.map(({ stats }) => stats);
    return {
      bytes: all.reduce((sum, { bytes }) => sum + bytes, this.#bytesBefore),
      framesSent: Math.max(0, ...all.map(({ framesSent }) => framesSent)),
    };
  }

  /** A frame of a layer that is not published goes nowhere. */
  send(frame: EncodedFrame): void {
    this.#streams[frame.spatialLayer ?? 0]?.send(frame);
  }

  /**
   * Publishes so many layers, from the lowest on; the lowest always. Changes come one after the other, and only the last count
   * asked for matters. Rejects when a layer could not be published; it may be asked for again.
   */
  setLayerCount(count: number): Promise<void> {
    this.#wantedCount = Math.min(this.#options.layers.length, Math.max(1, count));
    const change = this.#changing.then(() => this.#change());
    this.#changing = change.catch(() => undefined);
    return change;
  }

  async unpublish(): Promise<void> {
    this.#wantedCount = 0;
    await this.#changing;
    const streams = this.#streams.splice(0);
    await Promise.all(streams.map(({ streamId }) => this.#options.room.unpublish(streamId)));
  }

  async #change(): Promise<void> {
    const { room, layers, onPublished } = this.#options;
    while (this.#streams.length > this.#wantedCount) {
      const stream = this.#streams.pop();
      if (stream === undefined) return;
      this.#bytesBefore += stream.stats.bytes;
      await room.unpublish(stream.streamId);
    }
    while (this.#streams.length < this.#wantedCount) {
      const spatialLayer = this.#streams.length;
      const settings = layers[spatialLayer];
      if (settings === undefined) return;
      const stream = await room.publish(settings);
      this.#streams.push(stream);
      onPublished(stream, spatialLayer);
    }
  }
}
