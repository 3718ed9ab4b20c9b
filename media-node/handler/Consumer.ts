// One subscriber's share of one producer: where its datagrams and stream copies go out, and what the subscriber said of it.
import type { ProducerSource } from '../../shared/api/handler.ts';
import { FrameType, OFFSET_SEQUENCE } from '../../shared/frame/layout.ts';
import {
  isDiscardable,
  isOnDemand,
  readFragmentIndex,
  readTemporalLayer,
  readType,
  readUint32,
} from '../../shared/frame/read.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';
import type { StreamReport } from '../../shared/media-session/messages.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import type { DestinationDrops } from '../metrics/DestinationDrops.ts';
import { RateSampler } from '../metrics/RateSampler.ts';
import { noTraffic } from '../metrics/StreamTraffic.ts';
import type { Arrivals } from '../quality/Arrivals.ts';
import type { Received } from '../quality/DeliveryLedger.ts';
import { FrameGate, GateOutcome, readSequence32 } from '../quality/FrameGate.ts';
import { Pressure, pressureOf, SendWindow } from '../quality/SendWindow.ts';
import type { Destination } from '../routing/Destination.ts';
import { type MediaSession, SendOutcome } from '../transport/MediaSession.ts';
import { type ReceiverFigures, ReceptionRecord } from './ReceptionRecord.ts';
import { StreamCopies } from './StreamCopies.ts';
import type { StreamCopy } from './StreamCopy.ts';

/**
 * Of what is held back one datagram in this many goes out where the engine has room: when acknowledgements were lost, or the
 * receiver has begun to read again, only something that arrives brings the next one.
 */
const PROBE_EVERY = 32;

/** Outcome of a datagram of a layer that this subscriber is not sent: the one after GateOutcome's (DropReason.layerWithheld). */
const WITHHELD = GateOutcome.undecodable + 1;
/** No temporal layer is higher. */
export const MAX_TEMPORAL_LAYER = 7;

/** What a consumer knows of its producer. */
export interface ConsumedProducer {
  readonly id: string;
  readonly spatialLayer: number;
  readonly source: ProducerSource | undefined;
  /** Transport that publishes it. */
  readonly transportId: string;
  readonly bitrateBps: number;
  readonly userId: number;
  readonly streamId: number;
  readonly kind: 'audio' | 'video';
  readonly arrivals: Arrivals;
  /** Its publisher takes it that nobody receives this stream. */
  readonly isPaused: boolean;
  requestKeyFrame(): void;
}

/** Whether the subscriber is sent this stream: `fromKeyFrame` until one starts, and from it on `all`. */
export type Forwarding = 'all' | 'fromKeyFrame' | 'none';
/** What a copy of a stream does with a frame: `end` is before the frame, and the copy's end. */
export type FrameVerdict = 'send' | 'skip' | 'end';

export class Consumer implements Destination {
  readonly id: string;
  readonly transportId: string;
  readonly producer: ConsumedProducer;
  /** As the subscriber asked. */
  readonly delivery: Delivery;
  readonly rates = new RateSampler();
  /** What the subscriber was sent of it. */
  readonly sent = noTraffic();
  readonly #counters: Counters;
  readonly #sessionDrops: DestinationDrops;
  readonly #copies: StreamCopies;
  readonly #reception = new ReceptionRecord();
  #session: MediaSession | undefined;
  #closed = false;
  #window = new SendWindow();
  readonly #gate = new FrameGate();
  #heldBack = 0;
  #datagramsDropped = 0;
  #datagramsRefused = 0;
  #forwarding: Forwarding = 'all';
  /** Whether a datagram must be looked at to know if it is wanted. */
  #isSelective = false;
  #maxTemporalLayer = MAX_TEMPORAL_LAYER;
  #onKeyFrame: () => void = () => undefined;
  #withheld = 0;
  #furtherCopies = 0;
  #copiesDue = 0;

  /** `sessionDrops` are those of its transport, which its consumers share. */
  constructor(
    id: string,
    transportId: string,
    producer: ConsumedProducer,
    counters: Counters,
    sessionDrops: DestinationDrops,
    delivery: Delivery = 'publishers_choice',
  ) {
    this.id = id;
    this.transportId = transportId;
    this.producer = producer;
    this.#counters = counters;
    this.#sessionDrops = sessionDrops;
    this.delivery = delivery;
    this.#copies = new StreamCopies(counters, producer);
  }

  /** Whether it can be sent to: its transport's client is authenticated and there. */
  get connected(): boolean {
    return this.#session !== undefined && !this.#closed;
  }

  get forwarding(): Forwarding {
    return this.#forwarding;
  }

  /** Whether packets are to be offered to it: connected, and not turned off. */
  get receives(): boolean {
    return this.connected && this.#forwarding !== 'none';
  }

  get maxTemporalLayer(): number {
    return this.#maxTemporalLayer;
  }

  /** Datagrams left out because the subscriber is not sent this layer now. */
  get datagramsWithheld(): number {
    return this.#withheld;
  }

  /** Datagrams, by the subscriber's reports, since the start. */
  get delivered(): Received {
    return this.#reception.delivered;
  }

  /** Bytes that arrived on streams, by its reports, of a stream that it is sent in no other form. */
  get streamBytesDelivered(): number {
    return this.#reception.streamBytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Of the dropped ones, those that there was no room for. */
  get datagramsRefused(): number {
    return this.#datagramsRefused;
  }

  get datagramsDropped(): number {
    return this.#datagramsDropped;
  }

  /** Datagrams sent that are not known to have arrived, and how many there may be. */
  get outstandingDatagrams(): number {
    return this.#window.outstandingDatagrams;
  }

  get windowDatagrams(): number {
    return this.#window.windowDatagrams;
  }

  get openCopies(): number {
    return this.#copies.open;
  }

  /** Of these copies, what waits for the subscriber to take it. */
  get queuedStreamBytes(): number {
    return this.#copies.queuedBytes;
  }

  /** A stream did not reach the subscriber: where nothing else is sent of it, nothing comes before the next key frame. */
  get hasLostStream(): boolean {
    return this.#copies.isNewestLost;
  }

  /** The key frame that makes up for a lost stream was asked for. */
  forgetLostStream(): void {
    this.#copies.forgetLost();
  }

  /** Highest sequence number that the subscriber acknowledged; undefined before the first. */
  get highestAckedSequence(): number | undefined {
    return this.#reception.highestAckedSequence;
  }

  get receiverFigures(): ReceiverFigures | undefined {
    return this.#reception.figures;
  }

  /** The subscriber's session, once it is authenticated. */
  connect(session: MediaSession): void {
    this.#session = session;
  }

  /** `onKeyFrame` is called when a key frame has begun to go out, and the consumer went from `fromKeyFrame` to `all`. */
  setForwarding(forwarding: Forwarding, onKeyFrame: () => void = () => undefined): void {
    if (forwarding === 'none') this.#copies.reset();
    // What was on its way when it was left off will not be acknowledged: it says nothing of the path now.
    else if (this.#forwarding === 'none') this.#window = new SendWindow();
    this.#forwarding = forwarding;
    this.#onKeyFrame = onKeyFrame;
    this.copy(0);
    this.#updateSelective();
  }

  /** Discardable frames of temporal layers over this one are left out. */
  limitTemporalLayer(maxTemporalLayer: number): void {
    this.#maxTemporalLayer = maxTemporalLayer;
    this.#updateSelective();
  }

  #updateSelective(): void {
    this.#isSelective = this.#forwarding !== 'all' || this.#maxTemporalLayer < MAX_TEMPORAL_LAYER;
  }

  sendDatagram(bytes: Uint8Array, at: number): number {
    const session = this.#session;
    if (session === undefined) return this.#drop(SendOutcome.closed);
    if (this.#isSelective && !this.#isWanted(bytes, at)) {
      this.#withheld++;
      this.#sessionDrops.count(WITHHELD);
      return WITHHELD;
    }
    const pressure = this.#pressure(session);
    if (pressure !== Pressure.none || !this.#gate.idle) {
      const verdict = this.#gate.check(bytes, at, pressure);
      if (this.#gate.takeKeyFrameWish()) this.producer.requestKeyFrame();
      if (
        verdict !== GateOutcome.pass &&
        (this.#forwarding !== 'all' || ++this.#heldBack % PROBE_EVERY !== 0)
      )
        return this.#drop(verdict);
    }
    const outcome = session.sendDatagram(bytes, at);
    if (outcome !== SendOutcome.sent) {
      this.#gate.refused(bytes, at);
      return this.#drop(outcome);
    }
    const sequence = readSequence32(bytes, at);
    this.sent.datagrams++;
    this.sent.bytes += bytes.length - at;
    this.#window.sent(bytes.length - at, sequence);
    this.#reception.sent(sequence, readUint32(bytes, at + OFFSET_SEQUENCE));
    if (this.#furtherCopies > 0) this.#sendCopies(session, bytes, at);
    // Only now: until the beginning of its key frame has gone out, the layer before stays.
    if (this.#forwarding !== 'all') this.#keyFrameStarts();
    return outcome;
  }

  /** Each datagram goes out so many times more: a receiver passes them over, and its path shows whether it takes them. */
  copy(furtherCopies: number): void {
    this.#furtherCopies = furtherCopies;
    if (furtherCopies === 0) this.#copiesDue = 0;
  }

  #sendCopies(session: MediaSession, bytes: Uint8Array, at: number): void {
    for (this.#copiesDue += this.#furtherCopies; this.#copiesDue >= 1; this.#copiesDue--)
      if (session.sendDatagram(bytes, at) === SendOutcome.sent)
        this.#counters.add(Counter.probeDatagramsOut, 1);
  }

  #isWanted(bytes: Uint8Array, at: number): boolean {
    if (this.#forwarding === 'all') return this.#isOfTemporalLayers(bytes, at);
    return (
      this.#forwarding === 'fromKeyFrame' &&
      readType(bytes, at) === FrameType.videoKey &&
      readFragmentIndex(bytes, at) === 0
    );
  }

  #isOfTemporalLayers(bytes: Uint8Array, at: number): boolean {
    return readTemporalLayer(bytes, at) <= this.#maxTemporalLayer || !isDiscardable(bytes, at);
  }

  #keyFrameStarts(): void {
    const onKeyFrame = this.#onKeyFrame;
    this.setForwarding('all');
    onKeyFrame();
  }

  /**
   * Opens a copy, to the subscriber, of a stream whose first frame has this header; undefined when it is not connected, or is not
   * sent this stream.
   */
  openCopy(bytes: Uint8Array, at: number): StreamCopy | undefined {
    if (this.#session === undefined || this.#closed || this.#forwarding === 'none') return undefined;
    const startsWithKeyFrame = readType(bytes, at) === FrameType.videoKey;
    if (this.#forwarding === 'fromKeyFrame') {
      if (!startsWithKeyFrame) return undefined;
      this.#keyFrameStarts();
    }
    if (startsWithKeyFrame) this.#gate.keyFrameOnStream();
    if (readFragmentIndex(bytes, at) > 0) this.#reception.skippedTo(readSequence32(bytes, at));
    return this.#copies.openTo(this.#session, this.sent);
  }

  /** What this subscriber's copy does with the frame whose header is at bytes[at..]. */
  verdictOnStreamFrame(bytes: Uint8Array, at: number): FrameVerdict {
    // What follows is for those who want all of it on streams.
    if (this.delivery === 'publishers_choice' && isOnDemand(bytes, at)) return 'end';
    return !this.#isSelective || this.#isOfTemporalLayers(bytes, at) ? 'send' : 'skip';
  }

  /** Datagrams may arrive in any order: an older acknowledgement changes nothing. The time is monotonic. */
  acknowledge(highestSequence: number, nowMs: number): void {
    this.#reception.acknowledged(highestSequence);
    this.#window.acknowledge(highestSequence | 0, nowMs);
  }

  report(report: StreamReport, intervalMs: number): void {
    this.#reception.reported(report, intervalMs);
  }

  /** Ends its stream copies and everything that it sends. Idempotent. Its router takes it off the lists. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session = undefined;
    this.#copies.reset();
  }

  #pressure(session: MediaSession): Pressure {
    const onTheWay = this.#window.pressure;
    const { datagramsInFlight, maxDatagramsInFlight } = session;
    if (datagramsInFlight * 2 < maxDatagramsInFlight) return onTheWay;
    const inEngine = pressureOf(datagramsInFlight, maxDatagramsInFlight, 0, 1);
    return inEngine > onTheWay ? inEngine : onTheWay;
  }

  #drop(outcome: number): number {
    this.#datagramsDropped++;
    this.#sessionDrops.count(outcome);
    if (outcome !== SendOutcome.closed && outcome !== SendOutcome.tooLarge) this.#datagramsRefused++;
    return outcome;
  }
}
