// The sending half of a stream in a CapsuleMux.
import { StreamClosedError } from './StreamClosedError.ts';

/** What a sender needs of its mux. */
export interface SenderOwner {
  /** The sender has something to send. */
  schedule(sender: MuxSender): void;
  sendChunk(sender: MuxSender, bytes: Uint8Array): void;
  sendEnd(sender: MuxSender): void;
  sendReset(sender: MuxSender, code: number): void;
  /** Nothing more comes from this sender. */
  finished(sender: MuxSender): void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: boolean;
  readonly outcome: PromiseWithResolvers<void>;
}

export class MuxSender {
  readonly id: number;
  readonly #owner: SenderOwner;
  /** Writes that are not wholly handed over; each has a caller that waits for it, which bounds them. */
  readonly #waiting: Waiting[] = [];
  #sentBytes = 0;
  /** Bytes that the peer lets this stream send, from its beginning. */
  #maxBytes: number;
  #failure: StreamClosedError | undefined;
  #done = false;

  constructor(id: number, maxBytes: number, owner: SenderOwner) {
    this.id = id;
    this.#maxBytes = maxBytes;
    this.#owner = owner;
  }

  /** Resolves when the bytes are handed to the transport. Throws StreamClosedError. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 && this.#failure === undefined) return;
    await this.#enqueue(bytes, false);
  }

  /** Ends the stream gracefully. Throws StreamClosedError. */
  async close(): Promise<void> {
    const closing = this.#enqueue(new Uint8Array(0), true);
    this.#failure ??= new StreamClosedError('Stream was already ended here');
    await closing;
  }

  /** Abandons the stream. Idempotent, never throws. */
  reset(code: number): void {
    if (this.#done) return;
    this.#owner.sendReset(this, code);
    this.fail(new StreamClosedError('Stream was reset here', code));
  }

  /** The peer lets this stream send so many bytes, counted from its beginning. */
  allow(maxBytes: number): void {
    if (maxBytes <= this.#maxBytes) return;
    this.#maxBytes = maxBytes;
    this.retry();
  }

  /** Whatever held the sender back may be gone. */
  retry(): void {
    if (this.#waiting.length > 0) this.#owner.schedule(this);
  }

  /** Ends the stream without a word to the peer: it knows, or is gone. */
  fail(failure: StreamClosedError): void {
    if (this.#done) return;
    this.#failure = failure;
    for (const { outcome } of this.#waiting.splice(0)) outcome.reject(failure);
    this.#finish();
  }

  /**
   * Sends one chunk of at most so many bytes. Answers with the bytes sent, or undefined when there is nothing to send or the
   * stream's own window is used up; more window schedules it again.
   */
  sendNext(maxBytes: number): number | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    if (next.end) {
      this.#waiting.shift();
      this.#owner.sendEnd(this);
      next.outcome.resolve();
      this.#finish();
      return undefined;
    }
    const bytes = Math.min(maxBytes, this.#maxBytes - this.#sentBytes, next.bytes.length - next.at);
    if (bytes === 0) return undefined;
    this.#owner.sendChunk(this, next.bytes.subarray(next.at, next.at + bytes));
    this.#sentBytes += bytes;
    next.at += bytes;
    if (next.at === next.bytes.length) {
      this.#waiting.shift();
      next.outcome.resolve();
    }
    return bytes;
  }

  #enqueue(bytes: Uint8Array, end: boolean): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const outcome = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, at: 0, end, outcome });
    this.#owner.schedule(this);
    return outcome.promise;
  }

  #finish(): void {
    this.#done = true;
    this.#owner.finished(this);
  }
}
