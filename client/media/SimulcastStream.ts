// The layers of a camera as one: published together, sent each on a stream of its own, unpublished together.
import type { EncodedFrame } from '../core/media/EncodedFrame.ts';
import type { OutgoingStats, OutgoingStream } from '../core/media/OutgoingStream.ts';
import type { Room } from '../core/Room.ts';
import type { StreamSettings } from '../core/signaling/types.ts';
import type { SentStream } from './LocalDevice.ts';

export class SimulcastStream implements SentStream {
  readonly #streams: readonly OutgoingStream[];

  /** From the lowest layer to the highest, at least one. */
  private constructor(streams: readonly OutgoingStream[]) {
    this.#streams = streams;
  }

  /** Publishes a stream for each of these settings, from the lowest layer to the highest, or none. */
  static async publish(room: Room, layers: readonly StreamSettings[]): Promise<SimulcastStream> {
    const answers = await Promise.allSettled(layers.map((settings) => room.publish(settings)));
    const streams = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const refused = answers.find((answer) => answer.status === 'rejected');
    if (refused === undefined) return new SimulcastStream(streams);
    await Promise.allSettled(streams.map(({ streamId }) => room.unpublish(streamId)));
    throw refused.reason;
  }

  /** Of the lowest layer, and so of all: it is published as long as they are. */
  get streamId(): number {
    return this.#streams[0]?.streamId ?? 0;
  }

  get layers(): readonly OutgoingStream[] {
    return this.#streams;
  }

  /** Over all layers; frames of the layer that sent most. */
  get stats(): Pick<OutgoingStats, 'bytes' | 'framesSent'> {
    const all = this.#streams.map(({ stats }) => stats);
    return {
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      framesSent: Math.max(...all.map(({ framesSent }) => framesSent)),
    };
  }

  send(frame: EncodedFrame): void {
    this.#streams[frame.spatialLayer ?? 0]?.send(frame);
  }

  async unpublish(room: Room): Promise<void> {
    await Promise.all(this.#streams.map(({ streamId }) => room.unpublish(streamId)));
  }
}
