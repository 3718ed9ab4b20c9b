// Subscribes to streams, and keeps trying while the media server cannot take a subscription for now.
import type { Logger } from '../../shared/base/log.ts';
import { ConnectionError } from '../core/errors.ts';
import type { StreamReceiver } from '../core/media/StreamReceiver.ts';
import type { Room } from '../core/Room.ts';
import type { PublishedStream } from '../core/signaling/types.ts';
import type { Timers } from '../core/timers.ts';
import type { MeetingNotice } from './MeetingClient.ts';

const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;
/** A full server is told of at once. Other failures mostly pass, as a media server's replacement does: from this one on. */
const TOLD_FROM_FAILURE = 3;
/** Refusals (ledger MC-5) that another attempt may not meet. */
const PASSING_REFUSALS: ReadonlySet<string | undefined> = new Set([
  'CAPACITY_EXCEEDED',
  'STREAM_ERROR',
  'INTERNAL_ERROR',
]);

const NOTICES: Readonly<Record<MeetingNotice['code'], string>> = {
  media_server_full: 'The media server is full: some people cannot be seen or heard.',
  streams_failing: 'The media server has a problem: some people cannot be seen or heard. Trying again.',
};

export interface SubscriberOptions {
  readonly room: Pick<Room, 'subscribe'>;
  readonly timers: Timers;
  readonly log: Logger;
  /** From 0 to less than 1; spreads retries. */
  readonly random: () => number;
  /** Some streams cannot be received. Once, until all of them can be, or are gone. */
  readonly onNotice: (notice: MeetingNotice) => void;
}

interface Attempt {
  failures: number;
  forgotten: boolean;
  /** Ends the wait for the next try. */
  wake: () => void;
}

export class Subscriber {
  readonly #options: SubscriberOptions;
  /** At most one a published stream: whoever adds streams forgets them when they end. */
  readonly #attempts = new Map<string, Attempt>();
  readonly #told = new Set<MeetingNotice['code']>();

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /**
   * Resolves when subscribed, or forgotten before. Rejects with ConnectionError when the stream is gone (isGone) or the
   * refusal is for good.
   */
  async subscribe(stream: PublishedStream, receiver: StreamReceiver): Promise<void> {
    const { room } = this.#options;
    const key = keyOf(stream);
    this.forget(stream);
    const attempt: Attempt = { failures: 0, forgotten: false, wake: () => undefined };
    this.#attempts.set(key, attempt);
    try {
      while (!attempt.forgotten) {
        try {
          await room.subscribe(stream.userId, stream.streamId, receiver);
          return;
        } catch (error) {
          if (attempt.forgotten) return;
          if (!mayPass(error)) throw error;
          await this.#failed(attempt, error);
        }
      }
    } finally {
      if (this.#attempts.get(key) === attempt) this.#attempts.delete(key);
      this.#untellWhenWell();
    }
  }

  /** The stream is gone, or not wanted any more: it is not tried again. */
  forget(stream: PublishedStream): void {
    const key = keyOf(stream);
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) return;
    this.#attempts.delete(key);
    attempt.forgotten = true;
    attempt.wake();
  }

  /** Forgets every stream. Idempotent. */
  close(): void {
    for (const attempt of this.#attempts.values()) {
      attempt.forgotten = true;
      attempt.wake();
    }
    this.#attempts.clear();
  }

  /** Tells of a failure and waits for the time of the next try. */
  async #failed(attempt: Attempt, error: unknown): Promise<void> {
    const { log, random, timers } = this.#options;
    const longestMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt.failures);
    attempt.failures += 1;
    log[attempt.failures === 1 ? 'warn' : 'debug']('A stream could not be subscribed yet', { error });
    if (isFull(error)) this.#tell('media_server_full');
    else if (attempt.failures >= TOLD_FROM_FAILURE) this.#tell('streams_failing');
    await new Promise<void>((resolve) => {
      const cancel = timers.after(longestMs * (0.5 + random() / 2), resolve);
      attempt.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #tell(code: MeetingNotice['code']): void {
    if (this.#told.has(code)) return;
    this.#told.add(code);
    this.#options.onNotice({ code, message: NOTICES[code] });
  }

  #untellWhenWell(): void {
    for (const { failures } of this.#attempts.values()) if (failures > 0) return;
    this.#told.clear();
  }
}

/** Unpublished, or its publisher gone, before the subscription arrived. */
export function isGone(error: unknown): boolean {
  return error instanceof ConnectionError && error.refusal === 'NOT_FOUND';
}

function isFull(error: unknown): boolean {
  return error instanceof ConnectionError && error.refusal === 'CAPACITY_EXCEEDED';
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof ConnectionError)) return false;
  // While signaling goes on, `lost` is a request too many at a time.
  return error.code === 'timed_out' || error.code === 'lost' || PASSING_REFUSALS.has(error.refusal);
}

function keyOf({ userId, streamId }: PublishedStream): string {
  return `${userId}/${streamId}`;
}
