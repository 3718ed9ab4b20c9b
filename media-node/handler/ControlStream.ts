// The bidirectional stream on which a client authenticates, asks and reports: length-prefixed protobuf both ways. Reading
// ends at the first violation; writing never waits for a client that does not read.
import type { Clock } from '../../shared/base/clock.ts';
import { TokenBucket } from '../../shared/base/TokenBucket.ts';
import {
  decodeMediaClientMessage,
  frameMediaServerMessage,
  type MediaClientMessage,
  type MediaServerMessageInit,
} from '../../shared/media-session/messages.ts';
import { FramedReader } from '../../shared/signaling/framing.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DropReason } from '../metrics/DropReason.ts';
import { type BidirectionalStream, StreamClosedError } from '../transport/MediaSession.ts';

/** Messages that wait for a client to read them; further ones are dropped. */
const MAX_QUEUED_MESSAGES = 64;

/**
 * How many messages one client may send (ledger MH-10): a burst, for someone who asks for a key frame of every stream at once,
 * and a steady rate well above what reports and requests need.
 */
const BURST_MESSAGES = 512;
const MESSAGES_PER_SECOND = 100;

/** Why reading ended. `stopped`: the one who takes the messages asked for it. */
export type ControlEnd = 'finished' | 'reset' | 'stopped' | 'oversized' | 'malformed' | 'rateExceeded';

/** Whose stream it is. */
export interface ControlOwner {
  /** Others once it is known who that is. */
  readonly counters: Counters;
}

export class ControlStream {
  readonly #stream: BidirectionalStream;
  readonly #owner: ControlOwner;
  readonly #clock: Clock;
  readonly #budget: TokenBucket;
  #queued = 0;
  #written: Promise<void> = Promise.resolve();

  constructor(stream: BidirectionalStream, owner: ControlOwner, clock: Clock) {
    this.#stream = stream;
    this.#owner = owner;
    this.#clock = clock;
    this.#budget = new TokenBucket(BURST_MESSAGES, MESSAGES_PER_SECOND, clock.monotonicMs());
  }

  /** Hands over each message, one after the other, until `take` answers false or the stream ends. */
  async read(take: (message: MediaClientMessage) => Promise<boolean>): Promise<ControlEnd> {
    const framing = new FramedReader();
    try {
      for (;;) {
        const chunk = await this.#stream.receive.read();
        if (chunk === undefined) return framing.atBoundary ? 'finished' : this.#violation('malformed');
        const bodies: Uint8Array[] = [];
        const fault = framing.push(chunk, (body) => bodies.push(body));
        for (const body of bodies) {
          const end = await this.#takeOne(body, take);
          if (end !== undefined) return end;
        }
        if (fault !== undefined) return this.#violation(fault === 'oversized' ? 'oversized' : 'malformed');
      }
    } catch (error) {
      if (error instanceof StreamClosedError) return 'reset';
      throw error;
    }
  }

  /** Queues a message. False when the client does not read and the queue is full: the message is dropped. */
  send(message: MediaServerMessageInit): boolean {
    if (this.#queued >= MAX_QUEUED_MESSAGES) {
      this.#owner.counters.drop(DropReason.messageQueueFull);
      return false;
    }
    this.#queued++;
    const framed = frameMediaServerMessage(message);
    this.#written = this.#written
      .then(() => this.#stream.send.write(framed))
      // The session's end is announced by the session itself.
      .catch(() => undefined)
      .finally(() => {
        this.#queued--;
      });
    return true;
  }

  async #takeOne(
    body: Uint8Array,
    take: (message: MediaClientMessage) => Promise<boolean>,
  ): Promise<ControlEnd | undefined> {
    if (!this.#budget.take(this.#clock.monotonicMs())) return this.#violation('rateExceeded');
    const decoded = decodeMediaClientMessage(body);
    if (!decoded.ok) return this.#violation('malformed');
    this.#owner.counters.add(Counter.messagesIn, 1);
    return (await take(decoded.value)) ? undefined : 'stopped';
  }

  #violation(end: 'oversized' | 'malformed' | 'rateExceeded'): ControlEnd {
    this.#owner.counters.drop(VIOLATION_REASON[end]);
    return end;
  }
}

const VIOLATION_REASON = {
  oversized: DropReason.messageOversized,
  malformed: DropReason.messageMalformed,
  rateExceeded: DropReason.messageRateExceeded,
} as const;
