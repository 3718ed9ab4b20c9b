// One meeting on one worker (ledger SFU-2): its transports, producers and consumers, and the routes that follow from them.
// It makes them, in batches that are kept whole or not at all (ledger SFU-3), and closes them, in the order of CLOSING.md.
// Everything here is synchronous: a packet never sees a change half made. Only subscribers' changes of layers, many of which
// one packet may bring about, are gathered until it is through.
import { ApiError } from '../../shared/api/error.ts';
import type { CreateConsumers, CreateProducers, CreateTransports } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Measures } from '../metrics/Measures.ts';
import { type RouteSource, RouteTable } from '../routing/RouteTable.ts';
import { Consumer } from './Consumer.ts';
import type { LayerGroup } from './LayerGroup.ts';
import { Producer } from './Producer.ts';
import { type MediaKind, Transport, type TransportConnection } from './Transport.ts';

/** Streams that one participant can publish: camera layers, a screen's layers, sound, and room to spare. */
export const MAX_PRODUCERS_PER_TRANSPORT = 16;

/** What the worker has left for this router, asked when a batch is made. */
export interface RouterRoom {
  transportsLeft(): number;
  /** See Transport.subscriptionCount. */
  subscriptionsLeft(): number;
}

export interface RouterOptions {
  readonly id: string;
  readonly meetingId: string;
  readonly generation: number;
  readonly room: RouterRoom;
  readonly newId: () => string;
  readonly clock: Clock;
  /** Of this router alone, part of its worker's. */
  readonly measures: Measures;
}

export class Router implements RouteSource {
  readonly id: string;
  readonly meetingId: string;
  readonly generation: number;
  readonly #options: RouterOptions;
  readonly #transports = new Map<string, Transport>();
  readonly #producers = new Map<string, Producer>();
  readonly #consumers = new Map<string, Consumer>();
  #routes = RouteTable.empty;
  /** Producers whose consumers are not as their destinations say. */
  readonly #changed = new Set<Producer>();
  #isSwapDue = false;
  readonly #onLayersChanged = (group: LayerGroup): void => {
    for (const { producer } of group.members) this.#markChanged(producer.id);
    if (this.#isSwapDue) return;
    this.#isSwapDue = true;
    queueMicrotask(() => {
      if (this.#isSwapDue) this.#swapRoutes();
    });
  };

  constructor(options: RouterOptions) {
    this.id = options.id;
    this.meetingId = options.meetingId;
    this.generation = options.generation;
    this.#options = options;
  }

  get routes(): RouteTable {
    return this.#routes;
  }

  get measures(): Measures {
    return this.#options.measures;
  }

  get transportCount(): number {
    return this.#transports.size;
  }

  get producerCount(): number {
    return this.#producers.size;
  }

  get consumerCount(): number {
    return this.#consumers.size;
  }

  /** See Transport.subscriptionCount. */
  get subscriptionCount(): number {
    let sum = 0;
    for (const { subscriptionCount } of this.#transports.values()) sum += subscriptionCount;
    return sum;
  }

  get transports(): Iterable<Transport> {
    return this.#transports.values();
  }

  transport(id: string): Transport | undefined {
    return this.#transports.get(id);
  }

  producer(id: string): Producer | undefined {
    return this.#producers.get(id);
  }

  consumer(id: string): Consumer | undefined {
    return this.#consumers.get(id);
  }

  /** @throws ApiError CONFLICT for a user that has a transport, CAPACITY_EXCEEDED when the worker is full. */
  createTransports(items: CreateTransports['transports']): Transport[] {
    requireRoom('transports', items.length, this.#options.room.transportsLeft());
    const taken = new Set([...this.#transports.values()].map((transport) => transport.userId));
    for (const { user_id: userId } of items) {
      if (taken.has(userId)) throw new ApiError('CONFLICT', `User ${userId} has a transport in this router`);
      taken.add(userId);
    }
    const made = items.map((item) => new Transport(this.#options.newId(), item.participant_id, item.user_id));
    for (const [index, transport] of made.entries()) {
      transport.mute(items[index]?.muted ?? []);
      this.#transports.set(transport.id, transport);
    }
    return made;
  }

  /**
   * @throws ApiError NOT_FOUND for an unknown transport, CONFLICT for a stream that is published,
   *   CAPACITY_EXCEEDED past MAX_PRODUCERS_PER_TRANSPORT.
   */
  createProducers(items: CreateProducers['producers']): Producer[] {
    const made: Producer[] = [];
    for (const item of items) {
      const transport = this.#requireTransport(item.transport_id);
      const siblings = made.filter((producer) => producer.transportId === transport.id);
      const published = siblings.some((producer) => producer.streamId === item.stream_id);
      if (published || transport.producerOf(item.stream_id))
        throw new ApiError('CONFLICT', `User ${transport.userId} publishes stream ${item.stream_id} already`);
      const count = transport.producerCount + siblings.length;
      requireRoom('producers on one transport', 1, MAX_PRODUCERS_PER_TRANSPORT - count);
      made.push(this.#makeProducer(transport, item));
    }
    for (const producer of made) {
      this.#producers.set(producer.id, producer);
      this.#transports.get(producer.transportId)?.addProducer(producer);
    }
    this.#swapRoutes();
    return made;
  }

  /**
   * Each video consumer asks its producer for a key frame at once.
   * @throws ApiError NOT_FOUND for an unknown transport or producer, INVALID_REQUEST for a participant's own stream,
   *   CONFLICT for a stream that is consumed there, CAPACITY_EXCEEDED when the worker is full.
   */
  createConsumers(items: CreateConsumers['consumers']): Consumer[] {
    const made = new Map<string, Consumer>();
    const wanted = new Map<Transport, Producer[]>();
    for (const item of items) {
      const transport = this.#requireTransport(item.transport_id);
      const producer = this.#requireProducer(item.producer_id);
      const key = `${transport.id} ${producer.id}`;
      if (producer.transportId === transport.id)
        throw new ApiError(
          'INVALID_REQUEST',
          `Transport "${transport.id}" cannot consume its own producer "${producer.id}"`,
        );
      if (made.has(key) || transport.consumerOf(producer.userId, producer.streamId))
        throw new ApiError(
          'CONFLICT',
          `Transport "${transport.id}" consumes producer "${producer.id}" already`,
        );
      wanted.set(transport, [...(wanted.get(transport) ?? []), producer]);
      made.set(
        key,
        new Consumer(
          this.#options.newId(),
          transport.id,
          producer,
          this.#options.measures.counters,
          transport.drops,
          item.delivery,
        ),
      );
    }
    let subscriptions = 0;
    for (const [transport, producers] of wanted) subscriptions += transport.subscriptionsAddedBy(producers);
    requireRoom('subscriptions', subscriptions, this.#options.room.subscriptionsLeft());
    const consumers = [...made.values()];
    for (const consumer of consumers) {
      this.#consumers.set(consumer.id, consumer);
      this.#producers.get(consumer.producer.id)?.addConsumer(consumer);
      this.#markChanged(consumer.producer.id);
      this.#transports.get(consumer.transportId)?.addConsumer(consumer, this.#onLayersChanged);
    }
    this.#swapRoutes();
    for (const consumer of consumers)
      if (consumer.connected && consumer.forwarding === 'all') consumer.producer.requestKeyFrame();
    return consumers;
  }

  /** A transport's client has authenticated: from here on it is sent to. */
  connectTransport(transport: Transport, connection: TransportConnection): void {
    transport.connect(connection);
    for (const consumer of transport.consumers()) this.#markChanged(consumer.producer.id);
    for (const producer of transport.producers) {
      producer.publisherConnected();
      this.#changed.add(producer);
    }
    this.#swapRoutes();
    for (const consumer of transport.consumers()) if (consumer.receives) consumer.producer.requestKeyFrame();
  }

  /**
   * Replaces the kinds of media that a participant may not send: dropped before anything else is looked at, whatever it
   * publishes now or later (ledger MC-10).
   * @throws ApiError NOT_FOUND for an unknown transport
   */
  mute(transportId: string, kinds: readonly MediaKind[]): void {
    this.#requireTransport(transportId).mute(kinds);
  }

  /** Closes consumers, producers and session of a transport. What is not there is closed already: idempotent. */
  closeTransport(id: string, code: CloseCode, reason: string): void {
    const transport = this.#transports.get(id);
    if (!transport) return;
    transport.dropGroups();
    for (const consumer of [...transport.consumers()]) this.#removeConsumer(consumer);
    for (const producer of [...transport.producers]) this.#removeProducer(producer);
    this.#transports.delete(id);
    this.#swapRoutes();
    transport.close(code, reason);
  }

  /** Closes a producer and what consumes it. Idempotent. */
  closeProducer(id: string): void {
    const producer = this.#producers.get(id);
    if (!producer) return;
    this.#removeProducer(producer);
    this.#swapRoutes();
  }

  /** Idempotent. */
  closeConsumer(id: string): void {
    const consumer = this.#consumers.get(id);
    if (!consumer) return;
    this.#removeConsumer(consumer);
    this.#swapRoutes();
  }

  /** Ends an interval of all rates, of streams and sessions as well, and begins the next. */
  sampleRates(nowMs: number): void {
    this.#options.measures.sample(nowMs);
    for (const { rates, traffic } of this.#producers.values())
      rates.sample(traffic.datagrams, traffic.bytes + traffic.streamBytes, nowMs);
    for (const { rates, sent } of this.#consumers.values())
      rates.sample(sent.datagrams, sent.bytes + sent.streamBytes, nowMs);
    for (const transport of this.#transports.values()) transport.sampleRates(nowMs);
  }

  /** Closes every transport and all under it; what was counted stays with the worker. Idempotent. */
  close(code: CloseCode = CloseCode.normal, reason = 'Meeting has ended'): void {
    for (const id of [...this.#transports.keys()]) this.closeTransport(id, code, reason);
    this.#options.measures.counters.end();
  }

  #makeProducer(transport: Transport, item: CreateProducers['producers'][number]): Producer {
    return new Producer({
      id: this.#options.newId(),
      transportId: transport.id,
      publisher: transport,
      streamId: item.stream_id,
      kind: item.kind,
      spatialLayer: item.spatial_layer ?? 0,
      source: item.source,
      bitrateBps: item.bitrate_bps,
      clock: this.#options.clock,
      counters: this.#options.measures.counters,
    });
  }

  #removeConsumer(consumer: Consumer): void {
    this.#consumers.delete(consumer.id);
    this.#transports.get(consumer.transportId)?.removeConsumer(consumer);
    this.#producers.get(consumer.producer.id)?.removeConsumer(consumer);
    this.#markChanged(consumer.producer.id);
    consumer.close();
  }

  #removeProducer(producer: Producer): void {
    for (const consumer of producer.consumers) this.#removeConsumer(consumer);
    this.#producers.delete(producer.id);
    this.#transports.get(producer.transportId)?.removeProducer(producer);
    producer.close();
  }

  #markChanged(producerId: string): void {
    const producer = this.#producers.get(producerId);
    if (producer) this.#changed.add(producer);
  }

  /** The one place where routes change: a new table, then one assignment (ledger MH-3). */
  #swapRoutes(): void {
    this.#isSwapDue = false;
    for (const producer of this.#changed) producer.refreshDestinations();
    this.#changed.clear();
    this.#routes = new RouteTable(this.#producers.values());
  }

  #requireTransport(id: string): Transport {
    const transport = this.#transports.get(id);
    if (!transport) throw new ApiError('NOT_FOUND', `No transport "${id}" in this router`);
    return transport;
  }

  #requireProducer(id: string): Producer {
    const producer = this.#producers.get(id);
    if (!producer) throw new ApiError('NOT_FOUND', `No producer "${id}" in this router`);
    return producer;
  }
}

function requireRoom(what: string, wanted: number, left: number): void {
  if (wanted > left)
    throw new ApiError('CAPACITY_EXCEEDED', `No room for ${wanted} more ${what}: ${Math.max(0, left)} left`, {
      details: { wanted, left: Math.max(0, left) },
    });
}
