// A published stream's frames on media streams: key frames on a stream each, or everything on streams that follow each other.
import type { Clock } from '../../../shared/base/clock.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { EncodedFrame } from './EncodedFrame.ts';
import type { OutgoingLink } from './OutgoingLink.ts';
import { encodeStreamFrame, type FramePlace, fitsStream } from './packetize.ts';

/** Streams that get no more frames and are still being written, at most: an older one has been overtaken. */
const MAX_ENDING_STREAMS = 2;
/** Bytes that wait on the stream that goes on. */
const MAX_STREAM_QUEUE_BYTES = 1_000_000;
/** Sound begins a new stream this often, ms: subscribers come in at a stream's beginning. */
export const SOUND_STREAM_MS = 1_000;

interface OpenStream {
  readonly writer: Promise<WritableStreamDefaultWriter<Uint8Array>>;
  readonly openedAtMs: number;
  queuedBytes: number;
}

export interface OutgoingMediaStreamsOptions {
  /** Codec in the header of media streams: four printable ASCII characters. */
  readonly fourCc: string;
  readonly clock: Clock;
  /** A stream of video was given up that was to go on: another one starts with a key frame. */
  readonly onBroken: () => void;
  /** A frame was dropped because of which onBroken was called later than it was sent. */
  readonly onLost: () => void;
}

export class OutgoingMediaStreams {
  readonly #options: OutgoingMediaStreamsOptions;
  readonly #ending: OpenStream[] = [];
  /** The one that goes on. */
  #stream: OpenStream | undefined;
  #bytes = 0;

  constructor(options: OutgoingMediaStreamsOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Ends the stream that goes on, once what waits on it is written, unless later ones overtake it. Idempotent. */
  end(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    this.#giveUpOvertaken();
    this.#ends(stream, finish(stream));
  }

  /** Whether a frame can be sent. Where one that others depend on cannot, the stream ends and a key frame is asked for. */
  admits(frame: EncodedFrame): boolean {
    const open = this.#stream;
    if (open === undefined && frame.type === FrameType.videoDelta) return false;
    const isNext = open !== undefined && !this.#beginsStream(frame, open);
    const queuedBytes = isNext ? open.queuedBytes : 0;
    if (fitsStream(frame) && queuedBytes + frame.payload.length <= MAX_STREAM_QUEUE_BYTES) return true;
    if (frame.discardable) return false;
    this.end();
    this.#options.onBroken();
    return false;
  }

  /** Sends a frame that admits() has passed on a stream of its own. `datagrams`: as encodeStreamFrame. */
  sendAlone(link: OutgoingLink, frame: EncodedFrame, place: FramePlace, datagrams: number): void {
    this.end();
    this.#giveUpOvertaken();
    const stream = this.#open(link);
    const bytes = encodeStreamFrame(frame, place, datagrams, this.#options.fourCc);
    this.#bytes += bytes.length;
    const written = stream.writer.then(async (writer) => {
      await writer.write(bytes);
      await writer.close();
    });
    this.#ends(stream, written);
  }

  /** Sends a frame that admits() has passed on the stream that goes on, or begins another one with it. */
  send(link: OutgoingLink, frame: EncodedFrame, place: FramePlace, datagrams: number): void {
    const open = this.#stream;
    const isFirst = open === undefined || this.#beginsStream(frame, open);
    const stream = isFirst ? this.#nextStream(link) : open;
    const fourCc = isFirst ? this.#options.fourCc : undefined;
    const bytes = encodeStreamFrame(frame, place, datagrams, fourCc);
    this.#bytes += bytes.length;
    stream.queuedBytes += bytes.length;
    stream.writer
      .then((writer) => writer.write(bytes))
      .then(
        () => {
          stream.queuedBytes -= bytes.length;
        },
        () => {
          // The peer stopped the stream, or the session is over: a new stream starts with a key frame.
          if (this.#stream !== stream) return;
          this.#stream = undefined;
          this.#options.onLost();
        },
      );
  }

  #giveUpOvertaken(): void {
    while (this.#ending.length >= MAX_ENDING_STREAMS) {
      const overtaken = this.#ending.shift();
      if (overtaken !== undefined) abandon(overtaken);
    }
  }

  /** `written` rejects when it was overtaken, stopped by the peer, or the session is over: the next key frame makes up for it. */
  #ends(stream: OpenStream, written: Promise<void>): void {
    this.#ending.push(stream);
    const forget = (): void => {
      const index = this.#ending.indexOf(stream);
      if (index >= 0) this.#ending.splice(index, 1);
    };
    written.then(forget, forget);
  }

  /** Whoever comes in late, changes layers or has lost its copy is served from the beginning of a stream on. */
  #beginsStream(frame: EncodedFrame, { openedAtMs }: OpenStream): boolean {
    if (frame.type === FrameType.videoKey) return true;
    return (
      frame.type === FrameType.audio && this.#options.clock.monotonicMs() - openedAtMs >= SOUND_STREAM_MS
    );
  }

  /** Ends the stream that goes on, if any, and opens another. */
  #nextStream(link: OutgoingLink): OpenStream {
    this.end();
    this.#stream = this.#open(link);
    return this.#stream;
  }

  #open(link: OutgoingLink): OpenStream {
    const writer = link.openStream().then((stream) => {
      const opened = stream.getWriter();
      // A failure is told by the write that meets it.
      opened.closed.catch(() => undefined);
      return opened;
    });
    writer.catch(() => undefined);
    return { writer, openedAtMs: this.#options.clock.monotonicMs(), queuedBytes: 0 };
  }
}

/** Resolves once what waits on it is written. Never rejects: it may be over already. */
function finish(stream: OpenStream): Promise<void> {
  return stream.writer.then((writer) => writer.close()).catch(() => undefined);
}

function abandon(stream: OpenStream): void {
  stream.writer.then((writer) => writer.abort()).catch(() => undefined);
}
