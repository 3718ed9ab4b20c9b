// Media streams from the handler: a DART header, then whole frames (protocol document, "Media on streams").
import { HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { readPayloadLength, readStreamId, readUserId } from '../../../shared/frame/read.ts';
import { FrameFault, validateStreamHeader } from '../../../shared/frame/validate.ts';
import {
  readStreamHeader,
  STREAM_HEADER_BYTES,
  StreamFault,
  type StreamHeader,
  validateMediaStreamHeader,
} from '../../../shared/media-stream/header.ts';

/** Streams that are read at once; further ones are stopped. */
const MAX_STREAMS = 64;
/** Bytes of unfinished frames on all streams: the receive window of a connection in the protocol. */
const MAX_BUFFERED_BYTES = 10_000_000;

export interface IncomingStreamsOptions {
  /** The header of a frame of which the rest is to come; only for the time of the call. */
  readonly onFrameBegins: (header: Uint8Array) => void;
  /** A whole frame, header and payload, the callee's to keep. */
  readonly onFrame: (bytes: Uint8Array) => void;
  /** A stream was given up: malformed, over a bound. Not called for ends and resets. */
  readonly onFault: (fault: string) => void;
}

/** Reads each stream on its own: one that is slow or malformed harms no other. */
export class IncomingStreams {
  readonly #options: IncomingStreamsOptions;
  readonly #open = new Set<ReadableStreamDefaultReader<Uint8Array>>();
  #bufferedBytes = 0;

  constructor(options: IncomingStreamsOptions) {
    this.#options = options;
  }

  get open(): number {
    return this.#open.size;
  }

  accept(stream: ReadableStream<Uint8Array>): void {
    const reader = stream.getReader();
    if (this.#open.size >= MAX_STREAMS) {
      this.#options.onFault('too many streams');
      stop(reader);
      return;
    }
    this.#open.add(reader);
    void this.#read(reader);
  }

  /** Stops every stream. */
  close(): void {
    for (const reader of this.#open) stop(reader);
    this.#open.clear();
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const parser = new StreamParser({
      onFrameBegins: this.#options.onFrameBegins,
      onFrame: this.#options.onFrame,
      reserve: (bytes) => {
        if (this.#bufferedBytes + bytes > MAX_BUFFERED_BYTES) return false;
        this.#bufferedBytes += bytes;
        return true;
      },
      release: (bytes) => {
        this.#bufferedBytes -= bytes;
      },
    });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || !this.#open.has(reader)) break;
        const fault = parser.push(value);
        if (fault === undefined) continue;
        this.#options.onFault(fault);
        stop(reader);
        break;
      }
    } catch {
      // Reset by the handler (the frame was overtaken or its sender left), or the session is over.
    } finally {
      parser.close();
      this.#open.delete(reader);
    }
  }
}

interface StreamParserOptions {
  readonly onFrameBegins: (header: Uint8Array) => void;
  readonly onFrame: (bytes: Uint8Array) => void;
  readonly reserve: (bytes: number) => boolean;
  readonly release: (bytes: number) => void;
}

/** Cuts one media stream into frames. Memory is reserved before it is taken. */
class StreamParser {
  readonly #options: StreamParserOptions;
  readonly #head = new Uint8Array(Math.max(STREAM_HEADER_BYTES, HEADER_BYTES));
  #headFilled = 0;
  #streamHeader: StreamHeader | undefined;
  #frame: Uint8Array | undefined;
  #frameFilled = 0;

  constructor(options: StreamParserOptions) {
    this.#options = options;
  }

  /** What is wrong, after which nothing more may be pushed; undefined when nothing is. */
  push(chunk: Uint8Array): string | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#frame !== undefined) {
        at = this.#takePayload(this.#frame, chunk, at);
        continue;
      }
      const wanted = this.#streamHeader === undefined ? STREAM_HEADER_BYTES : HEADER_BYTES;
      const part = chunk.subarray(at, at + wanted - this.#headFilled);
      this.#head.set(part, this.#headFilled);
      this.#headFilled += part.length;
      at += part.length;
      if (this.#headFilled < wanted) return undefined;
      this.#headFilled = 0;
      const fault = this.#streamHeader === undefined ? this.#startStream() : this.#startFrame();
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  close(): void {
    if (this.#frame !== undefined) this.#options.release(this.#frame.length);
    this.#frame = undefined;
  }

  #startStream(): string | undefined {
    if (validateMediaStreamHeader(this.#head, 0) !== StreamFault.none) return 'malformed stream header';
    this.#streamHeader = readStreamHeader(this.#head, 0);
    return undefined;
  }

  #startFrame(): string | undefined {
    if (validateStreamHeader(this.#head, 0) !== FrameFault.none) return 'malformed frame header';
    const { userId, streamId } = this.#streamHeader ?? { userId: -1, streamId: -1 };
    if (readUserId(this.#head, 0) !== userId || readStreamId(this.#head, 0) !== streamId)
      return 'a frame of another stream';
    const length = HEADER_BYTES + readPayloadLength(this.#head, 0);
    if (!this.#options.reserve(length)) return 'too many bytes in unfinished frames';
    this.#options.onFrameBegins(this.#head);
    this.#frame = new Uint8Array(length);
    this.#frame.set(this.#head.subarray(0, HEADER_BYTES));
    this.#frameFilled = HEADER_BYTES;
    if (length === HEADER_BYTES) this.#finishFrame(this.#frame);
    return undefined;
  }

  #takePayload(frame: Uint8Array, chunk: Uint8Array, from: number): number {
    const part = chunk.subarray(from, from + frame.length - this.#frameFilled);
    frame.set(part, this.#frameFilled);
    this.#frameFilled += part.length;
    if (this.#frameFilled === frame.length) this.#finishFrame(frame);
    return from + part.length;
  }

  #finishFrame(frame: Uint8Array): void {
    this.#options.release(frame.length);
    this.#frame = undefined;
    this.#options.onFrame(frame);
  }
}

/** Rejects when the stream is over already. */
function stop(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  reader.cancel().catch(() => undefined);
}
