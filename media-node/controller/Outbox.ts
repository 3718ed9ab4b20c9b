// Messages on their way to one participant (ledger MC-1). Bounded: a participant whose stream stops taking bytes is
// given up instead of being waited for, and nobody else notices.
import type { SendStream } from '../transport/MediaSession.ts';

export interface OutboxOptions {
  readonly stream: SendStream;
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Called once, later than the push that did not fit. */
  readonly onOverflow: () => void;
  /** Called once when the stream takes no more, whatever the reason. */
  readonly onFailure: (error: unknown) => void;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: Uint8Array[] = [];
  #bytes = 0;
  #state: 'open' | 'finishing' | 'over' = 'open';
  #pumping: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Messages that the stream has not yet taken. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Queues one framed message; the bytes must not change any more. Dropped once the outbox is finishing or over. */
  push(frame: Uint8Array): void {
    if (this.#state !== 'open') return;
    const { maxMessages, maxBytes, onOverflow } = this.#options;
    if (this.#queue.length >= maxMessages || this.#bytes + frame.length > maxBytes) {
      this.#drop();
      queueMicrotask(onOverflow);
      return;
    }
    this.#queue.push(frame);
    this.#bytes += frame.length;
    this.#pumping ??= this.#pump();
  }

  /** Takes no more; resolves when the stream has taken what was queued and is ended, or failed. Never rejects. */
  async finish(): Promise<void> {
    if (this.#state === 'open') this.#state = 'finishing';
    await this.#pumping;
    if (this.#state !== 'finishing') return;
    this.#state = 'over';
    try {
      await this.#options.stream.close();
    } catch {
      // The peer reset the stream or the session ended first: there is nobody left to tell.
    }
  }

  #drop(): void {
    this.#state = 'over';
    this.#queue.length = 0;
    this.#bytes = 0;
  }

  async #pump(): Promise<void> {
    try {
      for (let frame = this.#queue[0]; frame !== undefined; frame = this.#queue[0]) {
        await this.#options.stream.write(frame);
        if (this.#state === 'over') break;
        this.#queue.shift();
        this.#bytes -= frame.length;
      }
    } catch (error) {
      const failedFirst = this.#state !== 'over';
      this.#drop();
      if (failedFirst) this.#options.onFailure(error);
    } finally {
      this.#pumping = undefined;
    }
  }
}
