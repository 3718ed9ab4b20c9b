// One subscriber's share of one producer: where its datagrams and stream copies go out, and what the subscriber said of it.
import type { ProducerSource } from '../../shared/api/handler.ts';
import { FrameType } from '../../shared/frame/layout.ts';
import { isDiscardable, readFragmentIndex, readTemporalLayer, readType } from '../../shared/frame/read.ts';
import type { StreamReport } from '../../shared/media-session/messages.ts';
import { ResetCode } from '../../shared/media-stream/header.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import type { DestinationDrops } from '../metrics/DestinationDrops.ts';
import { DropReason } from '../metrics/DropReason.ts';
import { RateSampler } from '../metrics/RateSampler.ts';
import { noTraffic } from '../metrics/StreamTraffic.ts';
import type { Arrivals } from '../quality/Arrivals.ts';
import { type Delivery, DeliveryLedger } from '../quality/DeliveryLedger.ts';
import { FrameGate, GateOutcome, readSequence32 } from '../quality/FrameGate.ts';
import { Pressure, pressureOf, SendWindow } from '../quality/SendWindow.ts';
import type { Destination } from '../routing/Destination.ts';
import { type MediaSession, SendOutcome } from '../transport/MediaSession.ts';
import { StreamCopy } from './StreamCopy.ts';

/** Copies of streams that one consumer has open; a further one takes the place of the oldest. */
export const MAX_OPEN_COPIES = 8;
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

/** Last figures that the subscriber reported, for its interval. */
export interface ReceiverFigures {
  readonly intervalMs: number;
  readonly highestSequence: number;
  readonly received: number;
  readonly lost: number;
  readonly jitterUs: number;
  readonly bytes: number;
}

/** Whether the subscriber is sent this stream: `fromKeyFrame` until one starts, and from it on `all`. */
export type Forwarding = 'all' | 'fromKeyFrame' | 'none';

export class Consumer implements Destination {
  readonly id: string;
  readonly transportId: string;
  readonly producer: ConsumedProducer;
  readonly rates = new RateSampler();
  /** What the subscriber was sent of it. */
  readonly sent = noTraffic();
  readonly #counters: Counters;
  readonly #sessionDrops: DestinationDrops;
  readonly #copies = new Set<StreamCopy>();
  #session: MediaSession | undefined;
  #closed = false;
  #window = new SendWindow();
  readonly #gate = new FrameGate();
  #heldBack = 0;
  #datagramsDropped = 0;
  #datagramsRefused = 0;
  #highestAcked: number | undefined;
  #figures: ReceiverFigures | undefined;
  #forwarding: Forwarding = 'all';
  /** Whether a datagram must be looked at to know if it is wanted. */
  #isSelective = false;
  #maxTemporalLayer = MAX_TEMPORAL_LAYER;
  #onKeyFrame: () => void = () => undefined;
  readonly #ledger = new DeliveryLedger();
  #expected = 0;
  #received = 0;
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
  ) {
    this.id = id;
    this.transportId = transportId;
    this.producer = producer;
    this.#counters = counters;
    this.#sessionDrops = sessionDrops;
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
  get delivered(): Delivery {
    return { expected: this.#expected, received: this.#received };
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
    return this.#copies.size;
  }

  /** Highest sequence number that the subscriber acknowledged; undefined before the first. */
  get highestAckedSequence(): number | undefined {
    return this.#highestAcked;
  }

  get receiverFigures(): ReceiverFigures | undefined {
    return this.#figures;
  }

  /** The subscriber's session, once it is authenticated. */
  connect(session: MediaSession): void {
    this.#session = session;
  }

  /** `onKeyFrame` is called when a key frame starts and the consumer goes from `fromKeyFrame` to `all`. */
  setForwarding(forwarding: Forwarding, onKeyFrame: () => void = () => undefined): void {
    if (forwarding === 'none') this.#resetCopies();
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
      if (verdict !== GateOutcome.pass && ++this.#heldBack % PROBE_EVERY !== 0) return this.#drop(verdict);
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
    this.#ledger.record(sequence);
    if (this.#furtherCopies > 0) this.#sendCopies(session, bytes, at);
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
    if (this.#forwarding !== 'all') {
      const starts = readType(bytes, at) === FrameType.videoKey && readFragmentIndex(bytes, at) === 0;
      if (this.#forwarding === 'none' || !starts) return false;
      this.#keyFrameStarts();
    }
    return readTemporalLayer(bytes, at) <= this.#maxTemporalLayer || !isDiscardable(bytes, at);
  }

  #keyFrameStarts(): void {
    const onKeyFrame = this.#onKeyFrame;
    this.setForwarding('all');
    onKeyFrame();
  }

  /** Opens a copy of a stream to the subscriber; undefined when it is not connected. */
  openCopy(): StreamCopy | undefined {
    if (this.#session === undefined || this.#closed || this.#forwarding === 'none') return undefined;
    // A stream of video starts with a key frame (protocol document, "Media on streams").
    if (this.#forwarding === 'fromKeyFrame') this.#keyFrameStarts();
    const [oldest] = this.#copies;
    if (oldest !== undefined && this.#copies.size >= MAX_OPEN_COPIES) {
      this.#counters.drop(DropReason.streamQuotaExceeded);
      oldest.reset(ResetCode.quotaExceeded);
    }
    this.#gate.keyFrameOnStream();
    const copy = new StreamCopy(this.#session, this.#counters, this.sent, (done) =>
      this.#copies.delete(done),
    );
    this.#copies.add(copy);
    return copy;
  }

  /** Datagrams may arrive in any order: an older acknowledgement changes nothing. The time is monotonic. */
  acknowledge(highestSequence: number, nowMs: number): void {
    if (this.#highestAcked === undefined || highestSequence > this.#highestAcked)
      this.#highestAcked = highestSequence;
    this.#window.acknowledge(highestSequence | 0, nowMs);
  }

  report(report: StreamReport, intervalMs: number): void {
    this.#figures = {
      intervalMs,
      highestSequence: report.highestSequence ?? 0,
      received: report.received ?? 0,
      lost: report.lost ?? 0,
      jitterUs: report.jitterUs ?? 0,
      bytes: report.bytes ?? 0,
    };
    const delivery = this.#ledger.settle(this.#figures.highestSequence, this.#figures.received);
    if (delivery === undefined) return;
    this.#expected += delivery.expected;
    this.#received += delivery.received;
  }

  /** Ends its stream copies and everything that it sends. Idempotent. Its router takes it off the lists. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#session = undefined;
    this.#resetCopies();
  }

  #resetCopies(): void {
    for (const copy of [...this.#copies]) copy.reset(ResetCode.none);
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
