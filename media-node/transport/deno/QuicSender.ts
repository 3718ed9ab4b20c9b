// The writing half of a QUIC stream.
import { type SendStream, StreamClosedError } from '../MediaSession.ts';
import type { QuicSendStream } from './quic.ts';
import { streamClosed } from './streamError.ts';

export class QuicSender implements SendStream {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onDone: (sender: QuicSender) => void;
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
    this.fail(new StreamClosedError('Stream was reset here', code));
  }

  /** Ends the stream here: writes under way and later ones throw this. */
  fail(failure: StreamClosedError): void {
    if (this.#done) return;
    this.#failure = failure;
    this.#writer.abort(failure).catch(() => undefined);
    this.#finish();
  }

  async #run(operation: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      await operation();
    } catch (error) {
      this.#failure ??= streamClosed(error);
      this.#finish();
      throw this.#failure;
    }
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#onDone(this);
  }
}
