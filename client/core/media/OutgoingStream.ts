// A published stream on its way to the media handler: frames in, datagrams and media streams out, each frame in the form of the
// publisher's choice and in those that subscribers asked for (protocol document, "Deliveries").
import type { Clock } from '../../../shared/base/clock.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import {
  AS_DATAGRAMS,
  type DeliverySet,
  ON_STREAMS,
  PUBLISHERS_CHOICE,
} from '../../../shared/media-session/delivery.ts';
import type { EncodedFrame } from './EncodedFrame.ts';
import { FrameNumbering } from './FrameNumbering.ts';
import { OutgoingDatagrams } from './OutgoingDatagrams.ts';
import type { OutgoingLink } from './OutgoingLink.ts';
import { OutgoingMediaStreams } from './OutgoingMediaStreams.ts';

/** `mixed`: key frames on a stream each, the rest as datagrams. `stream`: everything on streams, one after the other. */
export type SendMode = 'mixed' | 'datagram' | 'stream';

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
  /** In all forms. */
  readonly bytes: number;
  /** Once each, in however many forms. */
  readonly framesSent: number;
  /** Dropped because the sender was backed up. */
  readonly framesDropped: number;
  /** Monotonic time of the last frame handed over, ms. */
  readonly lastSentAtMs: number | undefined;
}

export class OutgoingStream {
  readonly #options: OutgoingStreamOptions;
  readonly #numbering = new FrameNumbering();
  readonly #datagrams: OutgoingDatagrams;
  readonly #streams: OutgoingMediaStreams;
  #link: OutgoingLink | undefined;
  #framesSent = 0;
  #framesDropped = 0;
  #lastSentAtMs: number | undefined;
  #closed = false;
  #onKeyFrameNeeded: () => void = () => undefined;
  #wanted = true;
  #deliveries: DeliverySet = PUBLISHERS_CHOICE;
  #onWantedChanged: (wanted: boolean) => void = () => undefined;

  /** Without a connection: what is sent before attach() is dropped. */
  constructor(options: OutgoingStreamOptions) {
    const { userId, streamId, spatialLayer, fourCc, clock } = options;
    this.#options = options;
    this.#datagrams = new OutgoingDatagrams({
      place: { userId, streamId, spatialLayer },
      onBroken: () => this.#onKeyFrameNeeded(),
      onSent: () => this.#count(),
      onDropped: (frames) => {
        this.#framesDropped += frames;
      },
    });
    this.#streams = new OutgoingMediaStreams({
      fourCc,
      clock,
      onBroken: () => this.#onKeyFrameNeeded(),
      onLost: () => {
        if (this.#closed) return;
        this.#framesDropped += 1;
        this.#onKeyFrameNeeded();
      },
    });
  }

  get userId(): number {
    return this.#options.userId;
  }

  get streamId(): number {
    return this.#options.streamId;
  }

  get stats(): OutgoingStats {
    return {
      datagramsSent: this.#datagrams.nextSequence,
      bytes: this.#datagrams.bytes + this.#streams.bytes,
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

  /**
   * For the media connection, when the handler says whether anybody receives this stream, and in which deliveries. A form that
   * is new begins with the next key frame; the handler asks for one.
   */
  setDemand(wanted: boolean, deliveries: DeliverySet = PUBLISHERS_CHOICE): void {
    if (this.#closed) return;
    const sentDeltas = this.#sendsDeltasAsDatagrams;
    this.#deliveries = deliveries;
    if (!sentDeltas && this.#sendsDeltasAsDatagrams) this.#datagrams.breakReference();
    if (!this.#goesOnStreams) this.#streams.end();
    if (wanted === this.#wanted) return;
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
    this.setDemand(true);
    this.#datagrams.attach(link);
    if (this.#framesSent + this.#framesDropped === 0) return;
    this.#datagrams.breakReference();
    this.#onKeyFrameNeeded();
  }

  /** The connection is over: what waits is dropped, and what follows until there is another. Idempotent, never throws. */
  detach(): void {
    this.#link = undefined;
    this.#datagrams.detach();
    this.#streams.end();
  }

  /** Sends a frame, or drops it and older ones when the sender is backed up. Never throws, never waits. */
  send(frame: EncodedFrame): void {
    if (this.#closed) return;
    const baseFrame = this.#numbering.next(frame.temporalLayer);
    const isKey = frame.type === FrameType.videoKey;
    const link = this.#link;
    if (link === undefined) {
      this.#framesDropped += 1;
      this.#datagrams.breakReference();
      return;
    }
    const { mode } = this.#options;
    const isStreamChosen = mode === 'stream' || (mode === 'mixed' && isKey);
    const onStream = this.#isWanted(isStreamChosen, ON_STREAMS) && this.#streams.admits(frame);
    const asDatagrams = this.#isWanted(!isStreamChosen, AS_DATAGRAMS);
    if (isKey && (onStream || asDatagrams)) this.#datagrams.mendReference();
    const datagrams = asDatagrams
      ? this.#datagrams.send({ frame, baseFrame, isOnDemand: isStreamChosen, isOnStream: onStream })
      : 0;
    if (onStream) this.#sendOnStream(link, frame, baseFrame, !isStreamChosen, datagrams);
    else if (!asDatagrams) {
      this.#framesDropped += 1;
      if (isKey) this.#datagrams.breakReference();
    }
  }

  /** Ends what is being sent. Idempotent, never throws. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.detach();
  }

  #sendOnStream(
    link: OutgoingLink,
    frame: EncodedFrame,
    baseFrame: number,
    isOnDemand: boolean,
    datagrams: number,
  ): void {
    const { userId, streamId, spatialLayer } = this.#options;
    const sequence = this.#datagrams.nextSequence;
    const place = { userId, streamId, spatialLayer, baseFrame, sequence, isOnDemand };
    this.#count();
    if (this.#goesOnStreams) this.#streams.send(link, frame, place, datagrams);
    else this.#streams.sendAlone(link, frame, place, datagrams);
  }

  /** Whether somebody is to be sent a frame in a form: because it is chosen for the frame, or wanted of all frames. */
  #isWanted(isChosen: boolean, delivery: DeliverySet): boolean {
    return (this.#deliveries & (isChosen ? delivery | PUBLISHERS_CHOICE : delivery)) !== 0;
  }

  /** Whether the frames after a key frame follow on its stream. */
  get #goesOnStreams(): boolean {
    return this.#options.mode === 'stream' || (this.#deliveries & ON_STREAMS) !== 0;
  }

  get #sendsDeltasAsDatagrams(): boolean {
    return this.#isWanted(this.#options.mode !== 'stream', AS_DATAGRAMS);
  }

  #count(): void {
    this.#framesSent += 1;
    this.#lastSentAtMs = this.#options.clock.monotonicMs();
  }
}
