import type { StreamInfo } from '../../shared/signaling/messages.ts';
import type { MediaLink } from './MeetingRouter.ts';

/** A participant as far as streams know it. */
export interface StreamPeer {
  readonly media: MediaLink;
  readonly subscriptions: Set<PublishedStream>;
}

/** A stream in the roster, with its producer at the media handler and who is subscribed to it. */
export class PublishedStream {
  readonly publisher: StreamPeer;
  readonly streamId: number;
  readonly producerId: string;
  readonly info: StreamInfo;
  /** Consumer id at the handler of each subscriber. */
  readonly subscribers = new Map<StreamPeer, string>();
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

  /** The producer is gone or going, and takes every subscription along. */
  end(): void {
    this.#ended = true;
    for (const subscriber of this.subscribers.keys()) subscriber.subscriptions.delete(this);
    this.subscribers.clear();
  }
}
