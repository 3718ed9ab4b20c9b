// Length-prefixed messages on a bidirectional stream that this side opened (shared/signaling/framing).
import { FramedReader } from '../../shared/signaling/framing.ts';
import { ConnectionError } from './errors.ts';
import type { ClientBidirectionalStream } from './transport.ts';

/** Bytes that may wait for the peer to read; past it the peer is taken for dead. */
const MAX_UNSENT_BYTES = 1_000_000;

export interface MessageStreamOptions {
  /** Who is at the other end, for error messages. */
  readonly peer: string;
  readonly onMessage: (message: Uint8Array) => void;
  /** The stream is over: undefined when the peer ended it properly. Called once; nothing follows. */
  readonly onEnd: (error: ConnectionError | undefined) => void;
}

export class MessageStream {
  readonly #options: MessageStreamOptions;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #unsentBytes = 0;
  #ended = false;

  constructor(stream: ClientBidirectionalStream, options: MessageStreamOptions) {
    this.#options = options;
    this.#writer = stream.writable.getWriter();
    this.#reader = stream.readable.getReader();
    // The outcome of writes is handled where they are made; `closed` repeats it.
    this.#writer.closed.catch(() => undefined);
    void this.#readAll();
  }

  /** Queues a message that already has its length in front. What fails is told through onEnd. */
  send(framed: Uint8Array): void {
    if (this.#ended) return;
    if (this.#unsentBytes + framed.length > MAX_UNSENT_BYTES) {
      this.#end(ConnectionError.lost(this.#options.peer, `${this.#unsentBytes} bytes unsent`));
      return;
    }
    this.#unsentBytes += framed.length;
    this.#writer.write(framed).then(
      () => {
        this.#unsentBytes -= framed.length;
      },
      (error: unknown) => this.#end(ConnectionError.lost(this.#options.peer, error)),
    );
  }

  /** Nothing is told or sent any more. The streams are left to end with their session: a reset would look like a fault. */
  abandon(): void {
    this.#ended = true;
  }

  async #readAll(): Promise<void> {
    const framing = new FramedReader();
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#ended) return;
        if (done) break;
        const fault = framing.push(value, (message) => {
          if (!this.#ended) this.#options.onMessage(message);
        });
        if (fault !== undefined) {
          this.#end(ConnectionError.protocol(this.#options.peer, `a message that is ${fault}`));
          return;
        }
      }
      this.#end(
        framing.atBoundary ? undefined : ConnectionError.protocol(this.#options.peer, 'a message cut short'),
      );
    } catch (error) {
      this.#end(ConnectionError.lost(this.#options.peer, error));
    }
  }

  #end(error: ConnectionError | undefined): void {
    if (this.#ended) return;
    this.abandon();
    this.#options.onEnd(error);
  }
}
