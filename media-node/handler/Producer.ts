// One published stream and the consumers of it. The list that the packet path reads is made when something changes.
import type { ProducerSource } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { type DeliverySet, NO_DELIVERY, PUBLISHERS_CHOICE } from '../../shared/media-session/delivery.ts';
import { ResetCode } from '../../shared/media-stream/header.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { RateSampler } from '../metrics/RateSampler.ts';
import { noTraffic } from '../metrics/StreamTraffic.ts';
import { Arrivals } from '../quality/Arrivals.ts';
import { KeyFrameGate } from '../quality/KeyFrameGate.ts';
import { Audience } from './Audience.ts';
import type { ConsumedProducer, Consumer } from './Consumer.ts';
import { StreamDemand } from './StreamDemand.ts';

/** The client that publishes it. */
export interface Publisher {
  readonly userId: number;
  /** Whether its client sends a stream in the deliveries that subscribers asked for. */
  readonly deliversOnDemand: boolean;
  /** Tells the client in which deliveries somebody receives this stream, if anybody does; false when it cannot be told. */
  tellDemand(streamId: number, deliveries: DeliverySet): boolean;
  /** Asks the client for a key frame of this stream; false when it cannot be asked. */
  requestKeyFrame(streamId: number): boolean;
}

/** A media stream of this producer that is being read. */
export interface IncomingStream {
  abort(code: number): void;
}

export interface ProducerOptions {
  readonly id: string;
  readonly transportId: string;
  readonly publisher: Publisher;
  readonly streamId: number;
  readonly kind: 'audio' | 'video';
  readonly spatialLayer: number;
  readonly source?: ProducerSource | undefined;
  /** 0: not known. */
  readonly bitrateBps?: number | undefined;
  readonly clock: Clock;
  readonly counters: Counters;
}

const NOBODY: readonly Consumer[] = Object.freeze([]);

export class Producer implements ConsumedProducer {
  readonly id: string;
  readonly transportId: string;
  readonly streamId: number;
  readonly kind: 'audio' | 'video';
  readonly spatialLayer: number;
  /** What of it came in and was in order, counted where it is routed. */
  readonly traffic = noTraffic();
  readonly rates = new RateSampler();
  readonly source: ProducerSource | undefined;
  readonly bitrateBps: number;
  readonly #publisher: Publisher;
  readonly #clock: Clock;
  readonly #counters: Counters;
  /** Replaced with each change: a set of few takes several times the memory. */
  #consumers: readonly Consumer[] = NOBODY;
  /** Made for the first, and again: most of the time there is none. */
  #incoming: Set<IncomingStream> | undefined;
  /** Made with the first request: sound has none. */
  #keyFrameGate: KeyFrameGate | undefined;
  #keyFrameTimer: ReturnType<typeof setTimeout> | undefined;
  #audience = Audience.empty;
  #closed = false;
  #arrivals: Arrivals | undefined;
  /** Made when there is something to tell: most streams are wanted as they are. */
  #demand: StreamDemand | undefined;

  constructor(options: ProducerOptions) {
    this.id = options.id;
    this.transportId = options.transportId;
    this.streamId = options.streamId;
    this.kind = options.kind;
    this.spatialLayer = options.spatialLayer;
    this.source = options.source;
    this.bitrateBps = options.bitrateBps ?? 0;
    this.#publisher = options.publisher;
    this.#clock = options.clock;
    this.#counters = options.counters;
  }

  /** When its frames came, as far as somebody receives them: made when one does. */
  get arrivals(): Arrivals {
    this.#arrivals ??= new Arrivals(this.#clock);
    return this.#arrivals;
  }

  get userId(): number {
    return this.#publisher.userId;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get consumers(): readonly Consumer[] {
    return this.#consumers;
  }

  /** Consumers that can be sent to now, by what they are sent: another one after each change. */
  get audience(): Audience {
    return this.#audience;
  }

  get destinations(): readonly Consumer[] {
    return this.#audience.datagrams;
  }

  get onDemandDestinations(): readonly Consumer[] {
    return this.#audience.onDemandDatagrams;
  }

  /** The publisher was told that nobody receives this stream, and could not be told otherwise since. */
  get isPaused(): boolean {
    return this.#demand?.told === NO_DELIVERY;
  }

  addConsumer(consumer: Consumer): void {
    // What spreads is given room to grow: a hundred bytes that nothing needs.
    this.#consumers = this.#consumers.concat(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    this.#consumers = this.#consumers.filter((one) => one !== consumer);
  }

  /** To be called, once for all of it, when consumers came or left, got or lost their session, or were turned on or off. */
  refreshDestinations(): void {
    this.#audience = Audience.of(this.#consumers, this.#publisher.deliversOnDemand);
    this.#updateDemand();
  }

  /** The publisher's client has just come: it takes every stream to be wanted in its own choice. */
  publisherConnected(): void {
    this.#demand?.reset();
  }

  /** Of sound, which costs little, a publisher is told in which deliveries it is wanted, and never that it is not. */
  #updateDemand(): void {
    if (this.#closed) return;
    const { deliveries } = this.#audience;
    const wanted = this.kind === 'audio' && deliveries === NO_DELIVERY ? PUBLISHERS_CHOICE : deliveries;
    if (this.#demand === undefined && wanted === PUBLISHERS_CHOICE) return;
    this.#demand ??= new StreamDemand(
      (set) => this.#publisher.tellDemand(this.streamId, set),
      () => this.requestKeyFrame(),
    );
    this.#demand.update(wanted);
  }

  addIncomingStream(stream: IncomingStream): void {
    this.#incoming ??= new Set();
    this.#incoming.add(stream);
  }

  removeIncomingStream(stream: IncomingStream): void {
    this.#incoming?.delete(stream);
    if (this.#incoming?.size === 0) this.#incoming = undefined;
  }

  /** Gives up what of it is being read on streams; subscribers see an end without an error. */
  abortIncomingStreams(): void {
    for (const stream of [...(this.#incoming ?? [])]) stream.abort(ResetCode.none);
  }

  /**
   * Asks the publisher for a key frame, at most once an interval, and first for what is wanted if it may have missed that.
   * Sound has none: nothing happens.
   */
  requestKeyFrame(): void {
    if (this.#closed || this.kind !== 'video') return;
    this.#counters.add(Counter.keyFrameRequestsIn, 1);
    this.#keyFrameGate ??= new KeyFrameGate();
    const gate = this.#keyFrameGate;
    const decision = gate.request(this.#clock.monotonicMs());
    if (decision.kind === 'send') this.#sendKeyFrameRequest();
    else if (decision.kind === 'wait') {
      this.#keyFrameTimer = setTimeout(() => {
        gate.waited(this.#clock.monotonicMs());
        this.#sendKeyFrameRequest();
      }, decision.delayMs);
    }
  }

  /** Stops reading its streams and asking for key frames. Idempotent. Its router closes the consumers before. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#keyFrameTimer);
    this.#demand?.close();
    this.abortIncomingStreams();
    this.#consumers = NOBODY;
    this.#audience = Audience.empty;
  }

  #sendKeyFrameRequest(): void {
    // A layer that was chosen a moment ago is not among the destinations yet, and a message may have found no room.
    this.refreshDestinations();
    if (this.#publisher.requestKeyFrame(this.streamId)) this.#counters.add(Counter.keyFrameRequestsOut, 1);
  }
}
