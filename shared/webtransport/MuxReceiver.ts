// The receiving half of a stream in a CapsuleMux. What waits here is bounded by the window that the peer was granted.
import { StreamClosedError } from './StreamClosedError.ts';

/** What a receiver needs of its mux. */
export interface ReceiverOwner {
  /** The reader has taken, or given up, so many bytes. */
  consumed(receiver: MuxReceiver, bytes: number): void;
  sendStop(receiver: MuxReceiver, code: number): void;
  /** Nothing more comes for this receiver, and nobody waits for anything. */
  finished(receiver: MuxReceiver): void;
}

export class MuxReceiver {
  readonly id: number;
  readonly #owner: ReceiverOwner;
  readonly #chunks: Uint8Array[] = [];
  readonly #readers: PromiseWithResolvers<Uint8Array | undefined>[] = [];
  #waitingBytes = 0;
  #ended = false;
  #failure: StreamClosedError | undefined;
  #done = false;

  constructor(id: number, owner: ReceiverOwner) {
    this.id = id;
    this.#owner = owner;
  }

  /** Bytes that came and were not read. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** The next bytes, the caller's to keep; undefined at the end of the stream. Throws StreamClosedError. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#take(chunk.length);
      this.#finishIfRead();
      return chunk;
    }
    if (this.#ended) return undefined;
    const reader = Promise.withResolvers<Uint8Array | undefined>();
    this.#readers.push(reader);
    return await reader.promise;
  }

  /** Asks the peer to stop sending. Idempotent, never throws. */
  stop(code: number): void {
    if (this.#done || this.#failure !== undefined) return;
    this.#abandon(new StreamClosedError('Reading the stream was stopped here', code));
    if (this.#ended) this.#finish();
    else this.#owner.sendStop(this, code);
  }

  /** Bytes from the peer; those for a reader that stopped are let go. */
  deliver(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#failure !== undefined) {
      this.#owner.consumed(this, chunk.length);
      return;
    }
    this.#waitingBytes += chunk.length;
    const reader = this.#readers.shift();
    if (reader === undefined) {
      this.#chunks.push(chunk);
      return;
    }
    this.#take(chunk.length);
    reader.resolve(chunk);
  }

  /** The peer ended the stream. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers.splice(0)) reader.resolve(undefined);
    if (this.#failure !== undefined) this.#finish();
    else this.#finishIfRead();
  }

  /** The stream is over before its end: the peer reset it, or the session ended. */
  fail(failure: StreamClosedError): void {
    if (this.#done) return;
    if (this.#failure === undefined) this.#abandon(failure);
    this.#finish();
  }

  #abandon(failure: StreamClosedError): void {
    this.#failure = failure;
    this.#chunks.length = 0;
    this.#take(this.#waitingBytes);
    for (const reader of this.#readers.splice(0)) reader.reject(failure);
  }

  #take(bytes: number): void {
    this.#waitingBytes -= bytes;
    if (bytes > 0) this.#owner.consumed(this, bytes);
  }

  #finishIfRead(): void {
    if (this.#ended && this.#chunks.length === 0) this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#owner.finished(this);
  }
}
