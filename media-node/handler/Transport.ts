// One participant's place in a router: the producers and consumers that its client's session carries. It exists before the
// client connects and ends with the client's session.
import type { CloseCode } from '../../shared/base/closeCode.ts';
import type { MediaServerMessageInit } from '../../shared/media-session/messages.ts';
import type { MediaSession } from '../transport/MediaSession.ts';
import type { Consumer } from './Consumer.ts';
import type { Producer, Publisher } from './Producer.ts';

/** The authenticated client of a transport. */
export interface TransportConnection {
  readonly session: MediaSession;
  /** False when the message had to be dropped. */
  send(message: MediaServerMessageInit): boolean;
  close(code: CloseCode, reason: string): void;
}

export class Transport implements Publisher {
  readonly id: string;
  readonly participantId: string;
  readonly userId: number;
  readonly #producersByStream = new Map<number, Producer>();
  readonly #consumersByStream = new Map<string, Consumer>();
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

  get producers(): Iterable<Producer> {
    return this.#producersByStream.values();
  }

  get producerCount(): number {
    return this.#producersByStream.size;
  }

  get consumers(): Iterable<Consumer> {
    return this.#consumersByStream.values();
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
    for (const consumer of this.consumers) consumer.connect(connection.session);
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
    return this.#consumersByStream.get(streamKey(userId, streamId));
  }

  addConsumer(consumer: Consumer): void {
    this.#consumersByStream.set(streamKey(consumer.producer.userId, consumer.producer.streamId), consumer);
    if (this.#connection) consumer.connect(this.#connection.session);
  }

  removeConsumer(consumer: Consumer): void {
    this.#consumersByStream.delete(streamKey(consumer.producer.userId, consumer.producer.streamId));
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

/** Made on the control path only. */
function streamKey(userId: number, streamId: number): string {
  return `${userId}/${streamId}`;
}
