// Walks along a media stream as its bytes arrive: the 32-byte header, then frames, each a 42-byte header and its payload.
// Headers are checked, everything is handed on as it came (ledger MH-1): it holds back only a header that is not yet whole.
import { FrameType, HEADER_BYTES } from '../../shared/frame/layout.ts';
import {
  readHopCount,
  readPayloadLength,
  readStreamId,
  readType,
  readUserId,
} from '../../shared/frame/read.ts';
import { FrameFault, validateStreamHeader } from '../../shared/frame/validate.ts';
import {
  readStreamHeader,
  STREAM_HEADER_BYTES,
  StreamFault,
  type StreamHeader,
  StreamType,
  validateMediaStreamHeader,
} from '../../shared/media-stream/header.ts';

export interface MediaStreamSink {
  /** The stream's header, once. False refuses the stream. */
  onHeader(header: StreamHeader): boolean;
  /**
   * A frame begins: its header, at bytes[at..], is in order. Whether something changes for the sink with this frame: it is then handed all
   * that came before, and told by onCut; else frames come as they lie in the chunks.
   */
  onFrame?(bytes: Uint8Array, at: number): boolean;
  /** The bytes that are handed on from here are of the frame for which onFrame answered true. */
  onCut?(bytes: Uint8Array, at: number): void;
  /** Bytes that are in order, the stream's header included. Shared, not to be changed. */
  onBytes(bytes: Uint8Array): void;
}

/** What is wrong with the stream so far; after anything but `none` it takes no more bytes. */
export type StreamVerdict = 'none' | 'malformed' | 'refused';

export class MediaStreamParser {
  readonly #sink: MediaStreamSink;
  readonly #held = new Uint8Array(HEADER_BYTES);
  #heldBytes = 0;
  #header: StreamHeader | undefined;
  /** Bytes of the current payload that are still to come. */
  #payloadLeft = 0;
  #verdict: StreamVerdict = 'none';

  constructor(sink: MediaStreamSink) {
    this.#sink = sink;
  }

  /** True when the stream may end here without cutting a frame. */
  get atBoundary(): boolean {
    return this.#header !== undefined && this.#heldBytes === 0 && this.#payloadLeft === 0;
  }

  /** Takes the next chunk, which is passed on in parts and must not change afterwards. Never throws. */
  push(chunk: Uint8Array): StreamVerdict {
    let at = 0;
    /** Start of what is checked and not yet handed on. */
    let from = 0;
    while (at < chunk.length && this.#verdict === 'none') {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else if (this.#heldBytes === 0 && chunk.length - at >= this.#expectedBytes) {
        const length = this.#expectedBytes;
        const isFrame = this.#header !== undefined;
        this.#verdict = this.#takeHeader(chunk, at);
        if (this.#verdict !== 'none') break;
        if (isFrame && this.#sink.onFrame?.(chunk, at)) {
          this.#handOn(chunk, from, at);
          from = at;
          this.#sink.onCut?.(chunk, at);
        }
        at += length;
      } else {
        this.#handOn(chunk, from, at);
        at = this.#hold(chunk, at);
        from = at;
      }
    }
    this.#handOn(chunk, from, at);
    return this.#verdict;
  }

  get #expectedBytes(): number {
    return this.#header === undefined ? STREAM_HEADER_BYTES : HEADER_BYTES;
  }

  /** Keeps bytes of a header that a chunk's end has cut, until it is whole. Answers where the rest of the chunk starts. */
  #hold(chunk: Uint8Array, at: number): number {
    const expected = this.#expectedBytes;
    const taken = Math.min(expected - this.#heldBytes, chunk.length - at);
    this.#held.set(chunk.subarray(at, at + taken), this.#heldBytes);
    this.#heldBytes += taken;
    if (this.#heldBytes < expected) return at + taken;
    const header = this.#held.slice(0, expected);
    const isFrame = this.#header !== undefined;
    this.#heldBytes = 0;
    this.#verdict = this.#takeHeader(header, 0);
    if (this.#verdict !== 'none') return at + taken;
    if (isFrame && this.#sink.onFrame?.(header, 0)) this.#sink.onCut?.(header, 0);
    this.#sink.onBytes(header);
    return at + taken;
  }

  #handOn(chunk: Uint8Array, from: number, to: number): void {
    if (to > from) this.#sink.onBytes(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to));
  }

  #takeHeader(bytes: Uint8Array, at: number): StreamVerdict {
    if (this.#header !== undefined) return this.#takeFrameHeader(this.#header, bytes, at);
    if (validateMediaStreamHeader(bytes, at) !== StreamFault.none) return 'malformed';
    const header = readStreamHeader(bytes, at);
    if (!this.#sink.onHeader(header)) return 'refused';
    this.#header = header;
    return 'none';
  }

  #takeFrameHeader(header: StreamHeader, bytes: Uint8Array, at: number): StreamVerdict {
    if (validateStreamHeader(bytes, at) !== FrameFault.none) return 'malformed';
    if (readHopCount(bytes, at) !== 0) return 'malformed';
    if (readUserId(bytes, at) !== header.userId || readStreamId(bytes, at) !== header.streamId)
      return 'malformed';
    if ((readType(bytes, at) === FrameType.audio) !== (header.type === StreamType.audio)) return 'malformed';
    this.#payloadLeft = readPayloadLength(bytes, at);
    return 'none';
  }
}
