// The reading half of a QUIC stream. Reads into buffers of its own: a pending default read would make the engine hold
// 64 KiB for each idle stream.
import { type ReceiveStream, StreamClosedError } from '../MediaSession.ts';
import type { QuicReceiveStream } from './quic.ts';
import { streamClosed } from './streamError.ts';

/** A stream that is idle waits with the smallest buffer; one that fills its buffers gets larger ones. */
const MIN_READ_BYTES = 1_024;
const MAX_READ_BYTES = 16_384;

export class QuicReceiver implements ReceiveStream {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #onDone: (receiver: QuicReceiver) => void;
  readonly #pending = new Set<(failure: unknown) => void>();
  #readBytes = MIN_READ_BYTES;
  #unread: Uint8Array | undefined;
  #failure: StreamClosedError | undefined;
  #ended = false;
  #done = false;

  /** `onDone` is called once, when the stream needs no more looking after. */
  constructor(stream: QuicReceiveStream, onDone: (receiver: QuicReceiver) => void) {
    this.#reader = stream.getReader({ mode: 'byob' });
    this.#onDone = onDone;
  }

  async read(): Promise<Uint8Array | undefined> {
    if (this.#failure !== undefined) throw this.#failure;
    const unread = this.#unread;
    if (unread !== undefined) {
      this.#unread = undefined;
      return unread;
    }
    if (this.#ended) return undefined;
    return await this.#readEngine();
  }

  /** Puts back what the caller took and does not own: the next read answers it. */
  unread(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#unread = bytes;
  }

  /** The engine sends STOP_SENDING without our code: Deno has no way to give it one. */
  stop(code: number): void {
    if (this.#done) return;
    this.#abandon(new StreamClosedError('Reading the stream was stopped here', code));
    this.#reader.cancel().catch(() => undefined);
    this.#finish();
  }

  /** The session is over, which the peer learns from the session's close: the stream itself is left as it is. */
  end(failure: StreamClosedError): void {
    if (this.#done) return;
    this.#done = true;
    this.#abandon(failure);
  }

  #abandon(failure: StreamClosedError): void {
    this.#failure = failure;
    this.#unread = undefined;
    for (const reject of this.#pending) reject(failure);
  }

  async #readEngine(): Promise<Uint8Array | undefined> {
    const outcome = Promise.withResolvers<ReadableStreamReadResult<Uint8Array>>();
    this.#pending.add(outcome.reject);
    this.#reader.read(new Uint8Array(this.#readBytes)).then(outcome.resolve, outcome.reject);
    try {
      const { value, done } = await outcome.promise;
      if (this.#failure !== undefined) throw this.#failure;
      if (done || value === undefined) {
        this.#ended = true;
        this.#finish();
        return undefined;
      }
      this.#readBytes =
        value.length === this.#readBytes ? Math.min(this.#readBytes * 2, MAX_READ_BYTES) : MIN_READ_BYTES;
      return value;
    } catch (error) {
      this.#failure ??= streamClosed(error);
      this.#finish();
      throw this.#failure;
    } finally {
      this.#pending.delete(outcome.reject);
    }
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#onDone(this);
  }
}
