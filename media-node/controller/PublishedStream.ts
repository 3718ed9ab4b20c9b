import type { Delivery } from '../../shared/media-session/delivery.ts';
import type { StreamInfo } from '../../shared/signaling/messages.ts';
import type { MediaLink } from './MeetingRouter.ts';

/** A participant as far as streams know it. */
export interface StreamPeer {
  readonly media: MediaLink;
  readonly subscriptions: Map<PublishedStream, Delivery>;
}

/** A stream in the roster, with its producer at the media handler and who is subscribed to it. */
export class PublishedStream {
  readonly publisher: StreamPeer;
  readonly streamId: number;
  /** At the media handler; undefined between the loss of its router and the recovery. */
  producerId: string | undefined;
  readonly info: StreamInfo;
  /** Consumer id at the handler of each subscriber; undefined between the loss of its router and the recovery. */
  readonly subscribers = new Map<StreamPeer, string | undefined>();
  #ended = false;

  constructor(publisher: StreamPeer, info: StreamInfo & { streamId: number }, producerId: string) {
    this.publisher = publisher;
    this.streamId = info.streamId;
    this.producerId = producerId;
    this.info = info;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** The router is gone, and producer and consumers with it: the stream and its subscribers stay. */
  strand(): void {
    this.producerId = undefined;
    for (const subscriber of this.subscribers.keys()) this.subscribers.set(subscriber, undefined);
  }

  /** The producer is gone or going, and takes every subscription along. */
  end(): void {
    this.#ended = true;
    for (const subscriber of this.subscribers.keys()) subscriber.subscriptions.delete(this);
    this.subscribers.clear();
  }
}
