// The copies of streams that are open to one subscriber of one published stream. Each stream begins afresh: a copy that was lost
// is made up for by the next one, which is asked for where none has begun: at once where the subscriber was too slow, else later
// by whoever knows that it is still there.
import { ResetCode } from '../../shared/media-stream/header.ts';
import type { Counters } from '../metrics/Counters.ts';
import { DropReason } from '../metrics/DropReason.ts';
import type { StreamTraffic } from '../metrics/StreamTraffic.ts';
import type { MediaSession } from '../transport/MediaSession.ts';
import { StreamCopy } from './StreamCopy.ts';

/** Copies of streams that one consumer has open; a further one takes the place of the oldest. */
export const MAX_OPEN_COPIES = 8;

/** What streams are copied of: it begins another stream with the key frame that it is asked for. */
interface KeyFrameSource {
  requestKeyFrame(): void;
}

export class StreamCopies {
  readonly #counters: Counters;
  readonly #producer: KeyFrameSource;
  /** In the order in which they were opened. Made with the first: most consumers of sound have none. */
  #copies: Set<StreamCopy> | undefined;
  #newest: StreamCopy | undefined;
  #isNewestLost = false;

  constructor(counters: Counters, producer: KeyFrameSource) {
    this.#counters = counters;
    this.#producer = producer;
  }

  get open(): number {
    return this.#copies?.size ?? 0;
  }

  /** What waits for the subscriber to take it. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const copy of this.#copies ?? []) bytes += copy.queuedBytes;
    return bytes;
  }

  /** The newest could not be sent to its end, and nobody was asked for another one. */
  get isNewestLost(): boolean {
    return this.#isNewestLost;
  }

  /** Another one was asked for. */
  forgetLost(): void {
    this.#isNewestLost = false;
  }

  /** `sent` is what the subscriber was sent. */
  openTo(session: MediaSession, sent: StreamTraffic): StreamCopy {
    this.#copies ??= new Set();
    const copies = this.#copies;
    const [oldest] = copies;
    if (oldest !== undefined && copies.size >= MAX_OPEN_COPIES)
      oldest.reset(ResetCode.quotaExceeded, DropReason.streamQuotaExceeded);
    const copy = new StreamCopy(session, this.#counters, sent, (done, end) => {
      copies.delete(done);
      if (done !== this.#newest) return;
      if (end === 'tooSlow') this.#producer.requestKeyFrame();
      else this.#isNewestLost = end === 'lost';
    });
    this.#newest = copy;
    this.#isNewestLost = false;
    copies.add(copy);
    return copy;
  }

  /** Ends all of them without an error. */
  reset(): void {
    for (const copy of [...(this.#copies ?? [])]) copy.reset(ResetCode.none);
  }
}
