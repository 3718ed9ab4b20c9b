// One direction of one stream between two paired sessions: a byte pipe with a flow-control window, whose two ends are a
// SendStream and a ReceiveStream.
import { type ReceiveStream, type SendStream, StreamClosedError } from '../MediaSession.ts';

/** Answers undefined while the reading end may read, and otherwise a promise of the moment when it may again. */
export type ReadGate = () => Promise<void> | undefined;

type Outcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly error: StreamClosedError };

export class PairedStream {
  readonly send: SendStream;
  readonly receive: ReceiveStream;
  readonly #windowBytes: number;
  readonly #gate: ReadGate;
  readonly #onDone: () => void;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  /** What the writer meets. */
  #writing: Outcome = { kind: 'open' };
  /** What the reader meets once the chunks are gone; a failure is met before them. */
  #reading: Outcome = { kind: 'open' };
  #done = false;
  #writeTail: Promise<void> = Promise.resolve();
  #changed = Promise.withResolvers<void>();

  /** `onDone` is called once, when the reading end is through with the stream: it then counts against no limit. */
  constructor(windowBytes: number, gate: ReadGate, onDone: () => void) {
    this.#windowBytes = windowBytes;
    this.#gate = gate;
    this.#onDone = onDone;
    this.send = {
      write: (bytes) => this.#queueWrite(bytes.slice()),
      close: () => this.#finish(),
      reset: (code) => this.#reset(code),
    };
    this.receive = {
      read: () => this.#read(),
      stop: (code) => this.#stop(code),
    };
  }

  /** The session ended: both ends fail from here on. */
  fail(error: StreamClosedError): void {
    if (this.#writing.kind !== 'failed') this.#writing = { kind: 'failed', error };
    this.#failReading(error);
  }

  #queueWrite(bytes: Uint8Array): Promise<void> {
    const written = this.#writeTail.then(() => this.#write(bytes));
    this.#writeTail = written.catch(() => undefined);
    return written;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let at = 0;
    do {
      this.#assertWritable();
      const room = this.#windowBytes - this.#bufferedBytes;
      if (room > 0) {
        const part = bytes.subarray(at, at + room);
        if (part.length > 0) this.#chunks.push(part);
        this.#bufferedBytes += part.length;
        at += part.length;
        this.#signal();
      } else {
        await this.#changed.promise;
      }
    } while (at < bytes.length);
  }

  #finish(): Promise<void> {
    const finished = this.#writeTail.then(() => {
      this.#assertWritable();
      this.#writing = { kind: 'finished' };
      if (this.#reading.kind === 'open') this.#reading = { kind: 'finished' };
      this.#signal();
    });
    this.#writeTail = finished.catch(() => undefined);
    return finished;
  }

  #reset(code: number): void {
    if (this.#writing.kind !== 'open') return;
    this.#writing = { kind: 'failed', error: new StreamClosedError('Stream was reset here', code) };
    this.#failReading(new StreamClosedError('Stream was reset by the peer', code));
  }

  #stop(code: number): void {
    if (this.#done) return;
    if (this.#writing.kind !== 'failed')
      this.#writing = {
        kind: 'failed',
        error: new StreamClosedError('Peer stopped reading the stream', code),
      };
    this.#failReading(new StreamClosedError('Reading the stream was stopped here', code));
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      await this.#gate();
      if (this.#reading.kind === 'failed') throw this.#reading.error;
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#bufferedBytes -= chunk.length;
        this.#signal();
        return chunk;
      }
      if (this.#reading.kind === 'finished') {
        this.#markDone();
        return undefined;
      }
      await this.#changed.promise;
    }
  }

  #failReading(error: StreamClosedError): void {
    if (this.#done) return;
    this.#reading = { kind: 'failed', error };
    this.#chunks = [];
    this.#bufferedBytes = 0;
    this.#markDone();
    this.#signal();
  }

  #assertWritable(): void {
    if (this.#writing.kind === 'failed') throw this.#writing.error;
    if (this.#writing.kind === 'finished') throw new StreamClosedError('Stream was already ended here');
  }

  #markDone(): void {
    if (this.#done) return;
    this.#done = true;
    this.#onDone();
  }

  #signal(): void {
    const previous = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    previous.resolve();
  }
}
