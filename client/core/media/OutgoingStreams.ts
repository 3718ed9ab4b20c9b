// The published streams of one media session, by stream id, and what the handler said of them. It may speak of a stream before
// the stream is here: it knows of it from the meeting's controller.
import { deliverySetOf, PUBLISHERS_CHOICE } from '../../../shared/media-session/delivery.ts';
import type { MediaServerMessage } from '../../../shared/media-session/messages.ts';
import type { OutgoingLink } from './OutgoingLink.ts';
import type { OutgoingStream } from './OutgoingStream.ts';

export type LayerDemand = NonNullable<MediaServerMessage['layerDemand']>;

/** Streams of which the handler's word is kept; a participant has far fewer. */
const MAX_DEMANDS = 256;

export class OutgoingStreams {
  readonly #streams = new Map<number, OutgoingStream>();
  readonly #demands = new Map<number, LayerDemand>();

  /** Sends the stream over this session from now on. */
  add(stream: OutgoingStream, link: OutgoingLink): void {
    this.#streams.set(stream.streamId, stream);
    stream.attach(link);
    const demand = this.#demands.get(stream.streamId);
    if (demand !== undefined) tell(stream, demand);
  }

  /** Closes the stream, if it is here. */
  close(streamId: number): void {
    this.#streams.get(streamId)?.close();
    this.#streams.delete(streamId);
    this.#demands.delete(streamId);
  }

  onDemand(demand: LayerDemand): void {
    const streamId = demand.streamId ?? 0;
    if (this.#demands.size < MAX_DEMANDS || this.#demands.has(streamId)) this.#demands.set(streamId, demand);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) tell(stream, demand);
  }

  requestKeyFrame(streamId: number): void {
    this.#streams.get(streamId)?.requestKeyFrame();
  }

  /** The session is over. */
  detachAll(): void {
    for (const stream of this.#streams.values()) stream.detach();
    this.#streams.clear();
    this.#demands.clear();
  }
}

function tell(stream: OutgoingStream, { wanted, deliveries }: LayerDemand): void {
  stream.setDemand(wanted ?? false, deliverySetOf(deliveries ?? []) || PUBLISHERS_CHOICE);
}
