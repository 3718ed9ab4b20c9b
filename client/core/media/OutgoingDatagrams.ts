// A published stream's frames as datagrams: numbered, and dropped when the sender is backed up.
import { FrameType } from '../../../shared/frame/layout.ts';
import type { EncodedFrame } from './EncodedFrame.ts';
import type { OutgoingLink } from './OutgoingLink.ts';
import { type FramePlace, packetize } from './packetize.ts';

/** Frames that wait for room, at most. Eight frames are 160 ms of sound or 270 ms of video: older ones are of no use. */
const MAX_QUEUED_FRAMES = 8;

export interface OutgoingDatagramsOptions {
  /** The stream's, without the sequence number. */
  readonly place: Omit<FramePlace, 'baseFrame' | 'sequence' | 'isOnDemand'>;
  /** Frames had to be dropped that later ones depend on. */
  readonly onBroken: () => void;
  /** A frame has gone out, or was dropped, that goes in no other form. */
  readonly onSent: () => void;
  readonly onDropped: (frames: number) => void;
}

export interface DatagramFrame {
  readonly frame: EncodedFrame;
  readonly baseFrame: number;
  readonly isOnDemand: boolean;
  /** It goes on a stream as well, and is counted there. */
  readonly isOnStream: boolean;
}

export class OutgoingDatagrams {
  readonly #options: OutgoingDatagramsOptions;
  readonly #queue: DatagramFrame[] = [];
  #link: OutgoingLink | undefined;
  #stopDraining: () => void = () => undefined;
  /** Number of the next datagram. Frames on streams take none (protocol document, "Numbering"). */
  #sequence = 0;
  #bytes = 0;
  #lastFrameDatagrams = 0;
  #isReferenceBroken = false;

  constructor(options: OutgoingDatagramsOptions) {
    this.#options = options;
  }

  /** Number of the next datagram, and so of how many there were. */
  get nextSequence(): number {
    return this.#sequence;
  }

  get bytes(): number {
    return this.#bytes;
  }

  attach(link: OutgoingLink): void {
    this.detach();
    this.#link = link;
    this.#stopDraining = link.writer.onRoom(() => this.#drain());
  }

  /** What waits is dropped. Idempotent. */
  detach(): void {
    this.#link = undefined;
    this.#stopDraining();
    this.#drop(this.#queue.splice(0));
  }

  /** Deltas are of no use before the next key frame. */
  breakReference(): void {
    this.#isReferenceBroken = true;
  }

  /** A key frame goes out, in whatever form. */
  mendReference(): void {
    this.#isReferenceBroken = false;
  }

  /**
   * Sends a frame, or drops it and older ones when the sender is backed up. Answers of how many datagrams it was, right before
   * `nextSequence`; 0 when it waits for room or was dropped.
   */
  send(item: DatagramFrame): number {
    if (this.#isReferenceBroken && item.frame.type === FrameType.videoDelta) {
      this.#drop([item]);
      return 0;
    }
    this.#queue.push(item);
    if (this.#queue.length > MAX_QUEUED_FRAMES) this.#shed();
    this.#drain();
    return this.#queue.length === 0 ? this.#lastFrameDatagrams : 0;
  }

  #drain(): void {
    const link = this.#link;
    while (link?.writer.hasRoom) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const { frame, baseFrame, isOnDemand, isOnStream } = next;
      const place = { ...this.#options.place, baseFrame, isOnDemand, sequence: this.#sequence };
      const datagrams = packetize(frame, place, link.maxFragmentBytes());
      for (const datagram of datagrams) {
        this.#bytes += datagram.length;
        link.writer.write(datagram);
      }
      this.#sequence += datagrams.length;
      this.#lastFrameDatagrams = datagrams.length;
      if (!isOnStream) this.#options.onSent();
    }
  }

  /** Sound loses its oldest frame. Video loses what nothing depends on, or else all that waits, and starts afresh. */
  #shed(): void {
    const queue = this.#queue;
    if (queue[0]?.frame.type === FrameType.audio) {
      this.#drop(queue.splice(0, 1));
      return;
    }
    const waiting = queue.splice(0);
    const needed = waiting.filter(({ frame }) => !frame.discardable);
    this.#drop(waiting.filter(({ frame }) => frame.discardable));
    if (needed.length <= MAX_QUEUED_FRAMES) {
      queue.push(...needed);
      return;
    }
    this.#drop(needed);
    this.#isReferenceBroken = true;
    this.#options.onBroken();
  }

  #drop(frames: readonly DatagramFrame[]): void {
    this.#lastFrameDatagrams = 0;
    this.#options.onDropped(frames.filter(({ isOnStream }) => !isOnStream).length);
  }
}
