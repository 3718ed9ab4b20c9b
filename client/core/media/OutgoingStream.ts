// A published stream on its way to the media handler: frames in, datagrams and media streams out.

import type { Clock } from '../../../shared/base/clock.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { DatagramWriter } from './DatagramWriter.ts';
import type { EncodedFrame } from './EncodedFrame.ts';
import { FrameNumbering } from './FrameNumbering.ts';
import { encodeStreamFrame, fitsStream, packetize } from './packetize.ts';

/** `mixed`: key frames on a stream each, the rest as datagrams. `stream`: everything on streams, one after the other. */
export type SendMode = 'mixed' | 'datagram' | 'stream';

/** Frames that wait for room, at most. Eight frames are 160 ms of sound or 270 ms of video: older ones are of no use. */
const MAX_QUEUED_FRAMES = 8;
/** Streams that get no more frames and are still being written, at most: an older one has been overtaken. */
const MAX_ENDING_STREAMS = 2;
/** Bytes that wait on the stream that mode `stream` is at. */
const MAX_STREAM_QUEUE_BYTES = 1_000_000;
/** Sound in mode `stream` begins a new stream this often, ms: subscribers come in at a stream's beginning. */
export const SOUND_STREAM_MS = 1_000;

/** A connection as a stream sends over it. */
export interface OutgoingLink {
  readonly writer: DatagramWriter;
  /** Largest payload of a datagram now, bytes. */
  readonly maxFragmentBytes: () => number;
  readonly openStream: () => Promise<WritableStream<Uint8Array>>;
}

export interface OutgoingStreamOptions {
  readonly userId: number;
  readonly streamId: number;
  readonly spatialLayer: number;
  readonly mode: SendMode;
  /** Codec in the header of media streams: four printable ASCII characters. */
  readonly fourCc: string;
  readonly clock: Clock;
}

export interface OutgoingStats {
  readonly datagramsSent: number;
  readonly bytes: number;
  readonly framesSent: number;
  /** Dropped because the sender was backed up. */
  readonly framesDropped: number;
  /** Monotonic time of the last frame handed over, ms. */
  readonly lastSentAtMs: number | undefined;
}

interface QueuedFrame {
  readonly frame: EncodedFrame;
  readonly baseFrame: number;
}

interface OpenStream {
  readonly writer: Promise<WritableStreamDefaultWriter<Uint8Array>>;
  readonly openedAtMs: number;
  queuedBytes: number;
}

export class OutgoingStream {
  readonly #options: OutgoingStreamOptions;
  readonly #numbering = new FrameNumbering();
  readonly #queue: QueuedFrame[] = [];
  readonly #endingStreams: OpenStream[] = [];
  #link: OutgoingLink | undefined;
  #stopDraining: () => void = () => undefined;
  #stream: OpenStream | undefined;
  /** Number of the next datagram. Frames on streams take none (protocol document, "Numbering"). */
  #sequence = 0;
  #bytes = 0;
  #framesSent = 0;
  #framesDropped = 0;
  #lastSentAtMs: number | undefined;
  #referenceBroken = false;
  #closed = false;
  #onKeyFrameNeeded: () => void = () => undefined;
  #wanted = true;
  #onWantedChanged: (wanted: boolean) => void = () => undefined;

  /** Without a connection: what is sent before attach() is dropped. */
  constructor(options: OutgoingStreamOptions) {
    this.#options = options;
  }

  get userId(): number {
    return this.#options.userId;
  }

  get streamId(): number {
    return this.#options.streamId;
  }

  get stats(): OutgoingStats {
    return {
      datagramsSent: this.#sequence,
      bytes: this.#bytes,
      framesSent: this.#framesSent,
      framesDropped: this.#framesDropped,
      lastSentAtMs: this.#lastSentAtMs,
    };
  }

  /** Called when a receiver asks for a key frame, and when frames had to be dropped that later ones depend on. */
  set onKeyFrameNeeded(callback: () => void) {
    this.#onKeyFrameNeeded = callback;
  }

  /** Whether anybody receives this stream. Until the handler says otherwise, somebody does. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Called when the handler says that nobody receives this stream, or somebody does again. */
  set onWantedChanged(callback: (wanted: boolean) => void) {
    this.#onWantedChanged = callback;
  }

  /** For the media connection, when the handler says so. */
  setWanted(wanted: boolean): void {
    if (this.#closed || wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#onWantedChanged(wanted);
  }

  /** For the media connection, when a subscriber asks. */
  requestKeyFrame(): void {
    if (!this.#closed) this.#onKeyFrameNeeded();
  }

  /** Sends over this connection from now on. Numbers go on; video starts with a key frame, which is asked for. */
  attach(link: OutgoingLink): void {
    if (this.#closed) return;
    this.detach();
    this.#link = link;
    this.setWanted(true);
    this.#stopDraining = link.writer.onRoom(() => this.#drain());
    if (this.#framesSent + this.#framesDropped === 0) return;
    this.#referenceBroken = true;
    this.#onKeyFrameNeeded();
  }

  /** The connection is over: what waits is dropped, and what follows until there is another. Idempotent, never throws. */
  detach(): void {
    this.#link = undefined;
    this.#stopDraining();
    this.#framesDropped += this.#queue.length;
    this.#queue.length = 0;
    if (this.#stream !== undefined) void finish(this.#stream);
    this.#stream = undefined;
  }

  /** Sends a frame, or drops it and older ones when the sender is backed up. Never throws, never waits. */
  send(frame: EncodedFrame): void {
    if (this.#closed) return;
    const baseFrame = this.#numbering.next(frame.temporalLayer);
    if (frame.type === FrameType.videoKey) this.#referenceBroken = false;
    else if (this.#referenceBroken && frame.type === FrameType.videoDelta) {
      this.#framesDropped += 1;
      return;
    }
    const link = this.#link;
    if (link === undefined) {
      this.#framesDropped += 1;
      this.#referenceBroken = true;
      return;
    }
    const { mode } = this.#options;
    if (mode === 'stream') this.#sendOnStream(link, frame, baseFrame);
    else if (mode === 'mixed' && frame.type === FrameType.videoKey)
      this.#sendKeyFrame(link, frame, baseFrame);
    else {
      this.#queue.push({ frame, baseFrame });
      if (this.#queue.length > MAX_QUEUED_FRAMES) this.#shed();
      this.#drain();
    }
  }

  /** Ends what is being sent. Idempotent, never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.detach();
  }

  #drain(): void {
    const link = this.#link;
    while (link?.writer.hasRoom) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const place = this.#place(next.baseFrame);
      const datagrams = packetize(next.frame, place, link.maxFragmentBytes());
      for (const datagram of datagrams) {
        this.#bytes += datagram.length;
        link.writer.write(datagram);
      }
      this.#sequence += datagrams.length;
      this.#count();
    }
  }

  /** Sound loses its oldest frame. Video loses what nothing depends on, or else all that waits, and starts afresh. */
  #shed(): void {
    const queue = this.#queue;
    if (queue[0]?.frame.type === FrameType.audio) {
      queue.shift();
      this.#framesDropped += 1;
      return;
    }
    const needed = queue.filter(({ frame }) => !frame.discardable);
    this.#framesDropped += queue.length - needed.length;
    queue.length = 0;
    if (needed.length <= MAX_QUEUED_FRAMES) {
      queue.push(...needed);
      return;
    }
    this.#framesDropped += needed.length;
    this.#referenceBroken = true;
    this.#onKeyFrameNeeded();
  }

  #sendKeyFrame(link: OutgoingLink, frame: EncodedFrame, baseFrame: number): void {
    if (!fitsStream(frame)) {
      this.#breakReference();
      return;
    }
    this.#giveUpOvertaken();
    const stream = this.#open(link);
    const bytes = encodeStreamFrame(frame, this.#place(baseFrame), this.#options.fourCc);
    this.#count();
    this.#bytes += bytes.length;
    const written = stream.writer.then(async (writer) => {
      await writer.write(bytes);
      await writer.close();
    });
    this.#ends(stream, written);
  }

  #giveUpOvertaken(): void {
    while (this.#endingStreams.length >= MAX_ENDING_STREAMS) {
      const overtaken = this.#endingStreams.shift();
      if (overtaken !== undefined) abandon(overtaken);
    }
  }

  /** `written` rejects when it was overtaken, stopped by the peer, or the session is over: the next key frame makes up for it. */
  #ends(stream: OpenStream, written: Promise<void>): void {
    this.#endingStreams.push(stream);
    const forget = (): void => {
      const index = this.#endingStreams.indexOf(stream);
      if (index >= 0) this.#endingStreams.splice(index, 1);
    };
    written.then(forget, forget);
  }

  #sendOnStream(link: OutgoingLink, frame: EncodedFrame, baseFrame: number): void {
    const open = this.#stream;
    const isFirst = open === undefined || this.#beginsStream(frame, open);
    const queuedBytes = isFirst ? 0 : open.queuedBytes;
    if (!fitsStream(frame) || queuedBytes + frame.payload.length > MAX_STREAM_QUEUE_BYTES) {
      if (frame.discardable) this.#framesDropped += 1;
      else this.#breakReference();
      return;
    }
    const stream = isFirst ? this.#nextStream(link) : open;
    const bytes = encodeStreamFrame(
      frame,
      this.#place(baseFrame),
      isFirst ? this.#options.fourCc : undefined,
    );
    this.#count();
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
          if (!this.#closed) this.#breakReference();
        },
      );
  }

  /** Whoever comes in late, changes layers or has lost its copy is served from the beginning of a stream on. */
  #beginsStream(frame: EncodedFrame, { openedAtMs }: OpenStream): boolean {
    if (frame.type === FrameType.videoKey) return true;
    return (
      frame.type === FrameType.audio && this.#options.clock.monotonicMs() - openedAtMs >= SOUND_STREAM_MS
    );
  }

  /** Ends the stream that mode `stream` is at, if any, and opens another. */
  #nextStream(link: OutgoingLink): OpenStream {
    if (this.#stream !== undefined) {
      this.#giveUpOvertaken();
      this.#ends(this.#stream, finish(this.#stream));
    }
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

  #breakReference(): void {
    this.#framesDropped += 1;
    this.#referenceBroken = true;
    this.#onKeyFrameNeeded();
  }

  #place(baseFrame: number) {
    const { userId, streamId, spatialLayer } = this.#options;
    return { userId, streamId, spatialLayer, baseFrame, sequence: this.#sequence };
  }

  #count(): void {
    this.#framesSent += 1;
    this.#lastSentAtMs = this.#options.clock.monotonicMs();
  }
}

/** Resolves once what waits on it is written. Never rejects: it may be over already. */
function finish(stream: OpenStream): Promise<void> {
  return stream.writer.then((writer) => writer.close()).catch(() => undefined);
}

function abandon(stream: OpenStream): void {
  stream.writer.then((writer) => writer.abort()).catch(() => undefined);
}
