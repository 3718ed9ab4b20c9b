// The writing half of a QUIC stream.
import { type SendStream, StreamClosedError } from '../MediaSession.ts';
import type { QuicSendStream } from './quic.ts';
import { streamClosed } from './streamError.ts';

export class QuicSender implements SendStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onDone: (sender: QuicSender) => void;
  readonly #pending = new Set<(failure: unknown) => void>();
  #failure: StreamClosedError | undefined;
  #done = false;

  /** `onDone` is called once, when the stream needs no more looking after. */
  constructor(stream: QuicSendStream, onDone: (sender: QuicSender) => void) {
    this.#writer = stream.getWriter();
    // Each write and close answers for itself; nobody waits for this one.
    this.#writer.closed.catch(() => undefined);
    this.#onDone = onDone;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#run(() => this.#writer.write(bytes));
  }

  async close(): Promise<void> {
    await this.#run(() => this.#writer.close());
    this.#failure ??= new StreamClosedError('Stream was already ended here');
    this.#finish();
  }

  /**
   * Deno has no RESET_STREAM: the stream ends here with a FIN after what the engine has already taken, and the peer sees
   * a stream that is cut short, without the code. Whoever reads one knows by its framing that something is missing.
   */
  reset(code: number): void {
    if (this.#done) return;
    const failure = new StreamClosedError('Stream was reset here', code);
    this.#failure = failure;
    for (const reject of this.#pending) reject(failure);
    this.#writer.abort(failure).catch(() => undefined);
    this.#finish();
  }

  /** The session is over, which the peer learns from the session's close: the stream itself is left as it is. */
  end(failure: StreamClosedError): void {
    if (this.#done) return;
    this.#done = true;
    this.#failure = failure;
    for (const reject of this.#pending) reject(failure);
  }

  async #run(operation: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const outcome = Promise.withResolvers<void>();
    this.#pending.add(outcome.reject);
    operation().then(outcome.resolve, outcome.reject);
    try {
      await outcome.promise;
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
