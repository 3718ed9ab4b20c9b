// One subscriber's copy of a media stream. It takes bytes at once and writes them as the subscriber's flow control allows;
// a subscriber that is too slow loses this copy and nothing else (ledger MH-4).
import { ResetCode } from '../../shared/media-stream/header.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DropReason } from '../metrics/DropReason.ts';
import type { StreamTraffic } from '../metrics/StreamTraffic.ts';
import type { MediaSession, SendStream } from '../transport/MediaSession.ts';
import { StallTimer } from './StallTimer.ts';

/** Bytes that wait for a subscriber, for each copy; past it the copy is reset. */
export const MAX_QUEUED_BYTES = 1_000_000;
/** Chunks that wait: a publisher that sends in crumbs must not cost more memory than its bytes. */
export const MAX_QUEUED_CHUNKS = 4_096;

/** `tooSlow`, `lost`: its subscriber did not take all of it. `over`: it was sent to its end, or the rest is of no use any more. */
export type CopyEnd = 'over' | 'tooSlow' | 'lost';

export class StreamCopy {
  readonly #session: MediaSession;
  readonly #counters: Counters;
  readonly #sent: StreamTraffic;
  readonly #onDone: (copy: StreamCopy, end: CopyEnd) => void;
  readonly #queue: Uint8Array[] = [];
  readonly #stall = new StallTimer(() => {
    this.reset(ResetCode.quotaExceeded, DropReason.streamDestinationStalled);
  });
  #queuedBytes = 0;
  #stream: SendStream | undefined;
  #state: 'writing' | 'finishing' | 'done' = 'writing';
  #resetCode: number = ResetCode.none;
  /** Resolves the pump's wait for more to write. */
  #wake: (() => void) | undefined;

  /**
   * Opens the stream. `sent` is what its subscriber was sent. onDone is called once, when it is finished or reset.
   */
  constructor(
    session: MediaSession,
    counters: Counters,
    sent: StreamTraffic,
    onDone: (copy: StreamCopy, end: CopyEnd) => void,
  ) {
    this.#session = session;
    this.#counters = counters;
    this.#sent = sent;
    this.#onDone = onDone;
    counters.add(Counter.streamCopiesOffered, 1);
    void this.#pump();
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Queues bytes, which must not change afterwards. Does nothing once finished or reset. */
  write(bytes: Uint8Array): void {
    if (this.#state !== 'writing') return;
    if (this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES || this.#queue.length >= MAX_QUEUED_CHUNKS) {
      this.reset(ResetCode.quotaExceeded, DropReason.streamQuotaExceeded);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#wake?.();
  }

  /** Ends the stream once everything queued has gone out. */
  finish(): void {
    if (this.#state !== 'writing') return;
    this.#state = 'finishing';
    this.#wake?.();
  }

  /**
   * Abandons the stream with what is queued. `reason`: what keeps its subscriber from getting the rest, which is counted;
   * without one, the rest is of no use any more. Idempotent.
   */
  reset(code: number, reason?: DropReason): void {
    if (this.#state === 'done') return;
    if (reason === undefined) this.#counters.add(Counter.streamCopiesGivenUp, 1);
    else this.#counters.drop(reason);
    this.#resetCode = code;
    this.#stream?.reset(code);
    const isTooSlow =
      reason === DropReason.streamQuotaExceeded || reason === DropReason.streamDestinationStalled;
    this.#end(isTooSlow ? 'tooSlow' : reason === undefined ? 'over' : 'lost');
  }

  #end(end: CopyEnd = 'over'): void {
    this.#state = 'done';
    this.#stall.stop();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wake?.();
    this.#onDone(this, end);
  }

  get #isDone(): boolean {
    return this.#state === 'done';
  }

  async #pump(): Promise<void> {
    try {
      const stream = await this.#stall.watch(this.#session.openSendStream());
      if (this.#isDone) {
        stream.reset(this.#resetCode);
        return;
      }
      this.#stream = stream;
      this.#counters.add(Counter.streamsOut, 1);
      this.#sent.streams++;
      await this.#writeAll(stream);
    } catch {
      // The subscriber stopped reading, reset, has no room for another stream, or is gone: its copy ends, and its session
      // says for itself when it ends.
      this.reset(ResetCode.internalError, DropReason.streamDestinationClosed);
    }
  }

  async #writeAll(stream: SendStream): Promise<void> {
    while (!this.#isDone) {
      const bytes = this.#queue[0];
      if (bytes !== undefined) {
        await this.#stall.watch(stream.write(bytes));
        if (this.#isDone) return;
        this.#queue.shift();
        this.#queuedBytes -= bytes.length;
        this.#counters.add(Counter.streamBytesOut, bytes.length);
        this.#sent.streamBytes += bytes.length;
      } else if (this.#state === 'finishing') {
        await this.#stall.watch(stream.close());
        if (this.#isDone) return;
        this.#counters.add(Counter.streamCopiesEnded, 1);
        this.#end();
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}
