// One participant's place in a router: the producers and consumers that its client's session carries. It exists before the
// client connects and ends with the client's session.
import type { CloseCode } from '../../shared/base/closeCode.ts';
import {
  ackEntryAt,
  readAckCount,
  readAckSequence,
  readAckStreamId,
  readAckUserId,
} from '../../shared/frame/control.ts';
import { FrameType } from '../../shared/frame/layout.ts';
import {
  type DeliverySet,
  deliveryNumbers,
  NO_DELIVERY,
  PUBLISHERS_CHOICE,
} from '../../shared/media-session/delivery.ts';
import type { MediaServerMessageInit } from '../../shared/media-session/messages.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DestinationDrops } from '../metrics/DestinationDrops.ts';
import { RateSampler } from '../metrics/RateSampler.ts';
import { addTraffic, noTraffic, type StreamTraffic } from '../metrics/StreamTraffic.ts';
import type { PathReport } from '../quality/PathReport.ts';
import type { MediaSession } from '../transport/MediaSession.ts';
import type { ConsumedProducer, Consumer } from './Consumer.ts';
import { isFurtherLayer, LayerGroup } from './LayerGroup.ts';
import type { Producer, Publisher } from './Producer.ts';

export type MediaKind = 'audio' | 'video';

/** The authenticated client of a transport. */
export interface TransportConnection {
  readonly session: MediaSession;
  /** Its client sends streams in the deliveries that it is told (protocol document, "Demand"). */
  readonly deliversOnDemand: boolean;
  /** False when the message had to be dropped. */
  send(message: MediaServerMessageInit): boolean;
  close(code: CloseCode, reason: string): void;
  /** Of what comes from the client. */
  readonly counters: Counters;
  /** What is known of the path to the client; undefined before anything is. */
  readonly path?: PathReport | undefined;
}

export class Transport implements Publisher {
  readonly id: string;
  readonly participantId: string;
  readonly userId: number;
  /** Datagrams that this client was not sent. */
  readonly drops = new DestinationDrops();
  readonly ratesIn = new RateSampler();
  readonly ratesOut = new RateSampler();
  /** By consumers that are closed. */
  readonly #sentBefore = noTraffic();
  readonly #producersByStream = new Map<number, Producer>();
  /** By user id, then stream id: found without making a key, since acknowledgements name streams many times a second. */
  readonly #consumersByUser = new Map<number, Map<number, Consumer>>();
  #audioMuted = false;
  #videoMuted = false;
  readonly #groups = new Set<LayerGroup>();
  #soundConsumers = 0;
  #connection: TransportConnection | undefined;
  #tokenUsed = false;
  #closed = false;

  constructor(id: string, participantId: string, userId: number) {
    this.id = id;
    this.participantId = participantId;
    this.userId = userId;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** The client's session, once it is authenticated. */
  get session(): MediaSession | undefined {
    return this.#connection?.session;
  }

  get deliversOnDemand(): boolean {
    return this.#connection?.deliversOnDemand ?? false;
  }

  /** Of what came from the client; undefined before it is authenticated. */
  get counters(): Counters | undefined {
    return this.#connection?.counters;
  }

  /** What came from the client, control datagrams and what was dropped included. */
  get received(): StreamTraffic {
    const count = (counter: Counter): number => this.counters?.value(counter) ?? 0;
    return {
      datagrams: count(Counter.datagramsIn),
      bytes: count(Counter.datagramBytesIn),
      streams: count(Counter.streamsIn),
      streamBytes: count(Counter.streamBytesIn),
    };
  }

  /** What the client was sent of others' streams, also by consumers that are closed. */
  get sent(): StreamTraffic {
    const sent = { ...this.#sentBefore };
    for (const consumer of this.consumers()) addTraffic(sent, consumer.sent);
    return sent;
  }

  /** Ends an interval of the rates in and out, and begins the next. */
  sampleRates(nowMs: number): void {
    const { received, sent } = this;
    this.ratesIn.sample(received.datagrams, received.bytes + received.streamBytes, nowMs);
    this.ratesOut.sample(sent.datagrams, sent.bytes + sent.streamBytes, nowMs);
  }

  /** The path to the client, as it is known now. */
  get path(): PathReport | undefined {
    return this.#connection?.path;
  }

  get producers(): Iterable<Producer> {
    return this.#producersByStream.values();
  }

  get producerCount(): number {
    return this.#producersByStream.size;
  }

  *consumers(): Iterable<Consumer> {
    for (const byStream of this.#consumersByUser.values()) yield* byStream.values();
  }

  /** Takes the transport's one token (ledger MC-7); false when it was taken before. */
  useToken(): boolean {
    if (this.#tokenUsed || this.#closed) return false;
    this.#tokenUsed = true;
    return true;
  }

  /** The client is there and authenticated: its consumers can be sent to. */
  connect(connection: TransportConnection): void {
    this.#connection = connection;
    for (const consumer of this.consumers()) consumer.connect(connection.session);
  }

  producerOf(streamId: number): Producer | undefined {
    return this.#producersByStream.get(streamId);
  }

  addProducer(producer: Producer): void {
    this.#producersByStream.set(producer.streamId, producer);
  }

  removeProducer(producer: Producer): void {
    this.#producersByStream.delete(producer.streamId);
  }

  /** The consumer with which this client receives a stream. */
  consumerOf(userId: number, streamId: number): Consumer | undefined {
    return this.#consumersByUser.get(userId)?.get(streamId);
  }

  /** `onLayersChanged` is told whenever what it is sent of a source has changed. */
  addConsumer(consumer: Consumer, onLayersChanged: (group: LayerGroup) => void): void {
    const { userId, streamId } = consumer.producer;
    let byStream = this.#consumersByUser.get(userId);
    if (byStream === undefined) {
      byStream = new Map();
      this.#consumersByUser.set(userId, byStream);
    }
    byStream.set(streamId, consumer);
    if (this.#connection) consumer.connect(this.#connection.session);
    if (consumer.producer.kind !== 'video') {
      this.#soundConsumers++;
      return;
    }
    const group =
      [...this.#groups].find((candidate) => candidate.takes(consumer)) ?? new LayerGroup(onLayersChanged);
    this.#groups.add(group);
    group.add(consumer);
  }

  /** The sources of pictures that this client receives. */
  get groups(): ReadonlySet<LayerGroup> {
    return this.#groups;
  }

  /** Sources that this client receives. The layers of one are one subscription: it is sent one of them at a time. */
  get subscriptionCount(): number {
    return this.#groups.size + this.#soundConsumers;
  }

  /** How many subscriptions more there are with consumers of these. */
  subscriptionsAddedBy(producers: readonly ConsumedProducer[]): number {
    const sources = [...this.#groups].map(({ members }) => members.map(({ producer }) => producer));
    let added = 0;
    for (const producer of producers) {
      if (producer.kind === 'video') {
        const layers = sources.find((candidate) => isFurtherLayer(producer, candidate));
        layers?.push(producer);
        if (layers !== undefined) continue;
        sources.push([producer]);
      }
      added++;
    }
    return added;
  }

  /** The source that this consumer is a layer of; undefined for sound. */
  groupOf(consumer: Consumer): LayerGroup | undefined {
    for (const group of this.#groups) if (group.has(consumer)) return group;
    return undefined;
  }

  removeConsumer(consumer: Consumer): void {
    const { userId, streamId } = consumer.producer;
    addTraffic(this.#sentBefore, consumer.sent);
    const byStream = this.#consumersByUser.get(userId);
    if (byStream?.delete(streamId) && byStream.size === 0) this.#consumersByUser.delete(userId);
    if (consumer.producer.kind !== 'video') this.#soundConsumers--;
    const group = this.groupOf(consumer);
    group?.remove(consumer);
    if (group?.isEmpty) this.#groups.delete(group);
  }

  /** Takes the well-formed ack datagram bytes[at..]. Streams that this client does not receive are passed over. */
  acknowledge(bytes: Uint8Array, at: number, nowMs: number): void {
    const count = readAckCount(bytes, at);
    for (let index = 0; index < count; index++) {
      const entryAt = ackEntryAt(at, index);
      const consumer = this.consumerOf(readAckUserId(bytes, entryAt), readAckStreamId(bytes, entryAt));
      consumer?.acknowledge(readAckSequence(bytes, entryAt), nowMs);
    }
  }

  /** Media kinds that the client may not send, in whatever stream (ledger MC-10). */
  get mutedKinds(): MediaKind[] {
    return [
      ...(this.#audioMuted ? (['audio'] as const) : []),
      ...(this.#videoMuted ? (['video'] as const) : []),
    ];
  }

  /** Replaces what the client may not send. Streams of it that are being read are given up. */
  mute(kinds: readonly MediaKind[]): void {
    this.#audioMuted = kinds.includes('audio');
    this.#videoMuted = kinds.includes('video');
    for (const producer of this.producers) if (this.isMuted(producer.kind)) producer.abortIncomingStreams();
  }

  isMuted(kind: MediaKind): boolean {
    return kind === 'audio' ? this.#audioMuted : this.#videoMuted;
  }

  /** Whether frames of this type, read from a datagram that is not checked yet, are muted. */
  isFrameMuted(frameType: number): boolean {
    return frameType === FrameType.audio ? this.#audioMuted : this.#videoMuted;
  }

  /** Before its consumers close, one after the other: none is to take another's place. */
  dropGroups(): void {
    this.#groups.clear();
  }

  tellDemand(streamId: number, set: DeliverySet): boolean {
    const deliveries = set === PUBLISHERS_CHOICE ? [] : deliveryNumbers(set);
    const layerDemand = { streamId, wanted: set !== NO_DELIVERY, deliveries };
    return this.#connection?.send({ layerDemand }) ?? false;
  }

  /** Told to the client that its path takes less than it wished for, or all of it again. */
  tellQuality(quality: NonNullable<MediaServerMessageInit['streamQuality']>): void {
    this.#connection?.send({ streamQuality: quality });
  }

  requestKeyFrame(streamId: number): boolean {
    return this.#connection?.send({ keyFrameRequest: { userId: this.userId, streamId } }) ?? false;
  }

  /** Ends the client's session. Idempotent. Its router closes the consumers and producers before. */
  close(code: CloseCode, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection?.close(code, reason);
    this.#connection = undefined;
  }
}
