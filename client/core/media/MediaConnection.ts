// A participant's session with a media handler: authenticated, then media both ways (protocol document).
import type { Clock } from '../../../shared/base/clock.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { HEADER_BYTES, MAX_DATAGRAM_BYTES } from '../../../shared/frame/layout.ts';
import {
  decodeMediaServerMessage,
  frameMediaClientMessage,
  type MediaClientMessageInit,
} from '../../../shared/media-session/messages.ts';
import { Emitter } from '../Emitter.ts';
import { ConnectionError } from '../errors.ts';
import { MessageStream } from '../MessageStream.ts';
import { type Timers, withTimeout } from '../timers.ts';
import type { ClientTransport } from '../transport.ts';
import { DatagramWriter } from './DatagramWriter.ts';
import { MediaReception, type ReceiveFaults } from './MediaReception.ts';
import { type MediaEvent, type MediaState, nextMediaState } from './MediaState.ts';
import { OutgoingStream, type SendMode } from './OutgoingStream.ts';
import { OutgoingStreams } from './OutgoingStreams.ts';
import { type PathLimit, pathLimitOf } from './PathLimit.ts';
import type { ReceiverInterval } from './ReceiverStats.ts';
import { ReceptionReporter } from './ReceptionReporter.ts';
import { RoundTrip } from './RoundTrip.ts';
import type { StreamReceiver } from './StreamReceiver.ts';

const PEER = 'the media handler';
const PING_INTERVAL_MS = 1_000;
/** All of them. */
const MAX_TEMPORAL_LAYER = 7;
/** A stream's key frame is asked for at most this often. */
const KEY_FRAME_REQUEST_INTERVAL_MS = 300;

export interface MediaConnectionOptions {
  readonly transport: ClientTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Time to wait for the session and for the answer to Auth, ms. */
  readonly timeoutMs: number;
}

/** What a receiver has use for of a source. */
export interface LayerWish {
  /** The highest of use, 0 to 2. */
  readonly preferredSpatialLayer: number;
  /** Higher comes first when the path does not take everything; from 0. */
  readonly priority: number;
}

export interface MediaConnectionEvents {
  stateChanged: MediaState;
  /** The connection is over; undefined after close(). Emitted once, after which nothing follows. */
  ended: ConnectionError | undefined;
}

export interface PublishOptions {
  readonly streamId: number;
  readonly spatialLayer?: number;
  readonly mode?: SendMode;
  /** Codec in the header of media streams: four printable ASCII characters. */
  readonly fourCc: string;
}

export class MediaConnection {
  readonly #options: MediaConnectionOptions;
  readonly #events: Emitter<MediaConnectionEvents>;
  readonly #reception: MediaReception;
  readonly #outgoing = new OutgoingStreams();
  readonly #roundTrip: RoundTrip;
  #stopPinging: () => void = () => undefined;
  #state: MediaState = 'idle';
  #control: MessageStream | undefined;
  #writer: DatagramWriter | undefined;
  #userId = 0;
  #maxDatagramBytes = MAX_DATAGRAM_BYTES;
  #authOk: ((message: { userId: number; maxDatagramBytes: number }) => void) | undefined;
  #refusal: ConnectionError | undefined;
  #cancelClosing: (() => void) | undefined;
  #pathLimit: PathLimit | undefined;
  #reporter: ReceptionReporter | undefined;

  constructor(options: MediaConnectionOptions) {
    this.#options = options;
    this.#events = new Emitter((error) => options.log.error('A media listener failed', { error }));
    this.#roundTrip = new RoundTrip(options.clock);
    this.#reception = new MediaReception({
      ...options,
      roundTrip: this.#roundTrip,
      sendDatagram: (bytes) => this.#writer?.write(bytes),
    });
  }

  get state(): MediaState {
    return this.#state;
  }

  /** As the handler knows this participant. */
  get userId(): number {
    return this.#userId;
  }

  /** Smoothed, ms; undefined before the first pong. */
  get roundTripMs(): number | undefined {
    return this.#roundTrip.smoothedMs;
  }

  /** Why pictures are smaller, or of fewer frames, than what was wished for; undefined while everything is sent. */
  get pathLimit(): PathLimit | undefined {
    return this.#pathLimit;
  }

  get faults(): Readonly<ReceiveFaults> {
    return this.#reception.faults;
  }

  /** Largest payload of a media datagram now, bytes. */
  get maxFragmentBytes(): number {
    const session = this.#options.transport.datagrams.maxDatagramSize;
    return Math.min(MAX_DATAGRAM_BYTES, this.#maxDatagramBytes, session) - HEADER_BYTES;
  }

  on<Name extends keyof MediaConnectionEvents>(
    name: Name,
    listener: (value: MediaConnectionEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Opens the session and authenticates. Call once. Rejects with ConnectionError, after which the connection is closed. */
  async connect(connectionToken: string): Promise<void> {
    const { transport, timeoutMs, timers } = this.#options;
    this.#commit('connect');
    transport.closed.then(
      (info) => this.#end(this.#refusal ?? ConnectionError.closed(PEER, info)),
      (error) => this.#end(this.#refusal ?? ConnectionError.lost(PEER, error)),
    );
    try {
      await withTimeout(this.#open(connectionToken), timeoutMs, timers, () =>
        ConnectionError.timedOut(PEER, timeoutMs),
      );
    } catch (error) {
      const failure = error instanceof ConnectionError ? error : ConnectionError.lost(PEER, error);
      this.#end(failure, CloseCode.normal);
      throw failure;
    }
    this.#commit('authenticated');
    this.#start();
  }

  /** Hands datagrams and frames of a stream to `receiver` until the returned function is called. */
  receive(userId: number, streamId: number, receiver: StreamReceiver): () => void {
    const { receivers } = this.#reception;
    const registration = receivers.add(userId, streamId, receiver);
    return () => receivers.remove(registration);
  }

  /** Figures of the last whole second of a stream that is being received; undefined before the first is over. */
  receiverInterval(userId: number, streamId: number): ReceiverInterval | undefined {
    return this.#reception.receivers.find(userId, streamId)?.interval;
  }

  /** A stream to send on. @throws ConnectionError when the connection is not ready. */
  publish(options: PublishOptions): OutgoingStream {
    const writer = this.#requireWriter();
    const stream = new OutgoingStream({
      userId: this.#userId,
      streamId: options.streamId,
      spatialLayer: options.spatialLayer ?? 0,
      mode: options.mode ?? 'mixed',
      fourCc: options.fourCc,
      clock: this.#options.clock,
    });
    this.#attach(stream, writer);
    return stream;
  }

  /** Takes over a stream of a connection that is over. @throws ConnectionError when this one is not ready. */
  adopt(stream: OutgoingStream): void {
    this.#attach(stream, this.#requireWriter());
  }

  unpublish(streamId: number): void {
    this.#outgoing.close(streamId);
  }

  /** Sends a datagram as it is: for a sender that makes its own frames. False when the sender is backed up. */
  sendDatagram(bytes: Uint8Array): boolean {
    if (this.#writer === undefined || !this.#writer.hasRoom) return false;
    this.#writer.write(bytes);
    return true;
  }

  /** Asks for a key frame of a received stream. Asked again too soon, it does nothing: the caller repeats while it waits. */
  requestKeyFrame(userId: number, streamId: number): void {
    const registration = this.#reception.receivers.find(userId, streamId);
    if (registration === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - registration.keyFrameRequestedAtMs < KEY_FRAME_REQUEST_INTERVAL_MS) return;
    registration.keyFrameRequestedAtMs = nowMs;
    this.#send({ keyFrameRequest: { userId, streamId } });
  }

  /** Says which layers of a source are of use; the stream is any layer of it. Holds until it is said again. */
  changeLayer(userId: number, streamId: number, wish: LayerWish): void {
    if (this.#state !== 'ready') return;
    const { preferredSpatialLayer, priority } = wish;
    const maxTemporalLayer = MAX_TEMPORAL_LAYER;
    this.#send({ layerChange: { userId, streamId, preferredSpatialLayer, maxTemporalLayer, priority } });
  }

  /** Idempotent, never throws. */
  close(): void {
    if (this.#commit('close')) this.#end(undefined);
  }

  async #open(connectionToken: string): Promise<void> {
    const { transport } = this.#options;
    await transport.ready.catch((error) => {
      throw ConnectionError.unreachable(PEER, error);
    });
    const stream = await transport.createBidirectionalStream();
    // Time may have run out, or close() been called, while the session was being made.
    if (!this.#commit('opened')) throw ConnectionError.lost(PEER, 'closed while connecting');
    const accepted = new Promise<{ userId: number; maxDatagramBytes: number }>((resolve) => {
      this.#authOk = resolve;
    });
    const failed = new Promise<never>((_, reject) => {
      this.#events.on('ended', (error) => reject(error ?? ConnectionError.lost(PEER, 'closed')));
    });
    failed.catch(() => undefined);
    this.#control = new MessageStream(stream, {
      peer: PEER,
      onMessage: (bytes) => this.#onControlMessage(bytes),
      onEnd: (error) => this.#onControlEnd(error),
    });
    this.#send({ auth: { connectionToken, deliversOnDemand: true } });
    const auth = await Promise.race([accepted, failed]);
    this.#userId = auth.userId;
    if (auth.maxDatagramBytes > HEADER_BYTES) this.#maxDatagramBytes = auth.maxDatagramBytes;
  }

  #start(): void {
    const { transport, timers, clock } = this.#options;
    this.#writer = new DatagramWriter(transport.datagrams.writable);
    this.#reporter = new ReceptionReporter({
      clock,
      timers,
      receivers: this.#reception.receivers,
      roundTrip: this.#roundTrip,
      send: (message) => this.#send(message),
    });
    void this.#readDatagrams();
    void this.#readStreams();
    this.#ping();
    this.#stopPinging = timers.every(PING_INTERVAL_MS, () => this.#ping());
  }

  async #readDatagrams(): Promise<void> {
    const reader = this.#options.transport.datagrams.readable.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#state === 'closed') return;
        this.#reception.onDatagram(value);
      }
    } catch {
      // The session is over: transport.closed says how.
    }
  }

  async #readStreams(): Promise<void> {
    const reader = this.#options.transport.incomingUnidirectionalStreams.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#state === 'closed') return;
        this.#reception.onStream(value);
      }
    } catch {
      // The session is over: transport.closed says how.
    }
  }

  #onControlMessage(bytes: Uint8Array): void {
    const decoded = decodeMediaServerMessage(bytes);
    if (!decoded.ok) {
      this.#end(ConnectionError.protocol(PEER, decoded.reason), CloseCode.invalidRequest);
      return;
    }
    const message = decoded.value;
    switch (message.payload) {
      case 'authOk':
        this.#authOk?.({
          userId: message.authOk.userId ?? 0,
          maxDatagramBytes: message.authOk.maxDatagramBytes ?? 0,
        });
        break;
      case 'keyFrameRequest':
        this.#outgoing.requestKeyFrame(message.keyFrameRequest.streamId ?? 0);
        break;
      case 'layerDemand':
        this.#outgoing.onDemand(message.layerDemand);
        break;
      case 'streamQuality':
        this.#pathLimit = pathLimitOf(message.streamQuality);
        this.#options.log.debug('Path quality', { ...message.streamQuality });
        break;
      case 'refused':
        // The session's close follows.
        this.#refusal = ConnectionError.refused(
          message.refused.code ?? 'INTERNAL_ERROR',
          message.refused.message ?? '',
        );
        break;
      default:
        break;
    }
  }

  /** A session's close follows the end of its control stream and knows more; it is waited for, but not for ever. */
  #onControlEnd(error: ConnectionError | undefined): void {
    if (error?.code === 'protocol') this.#end(error, CloseCode.invalidRequest);
    else
      this.#cancelClosing = this.#options.timers.after(this.#options.timeoutMs, () =>
        this.#end(this.#refusal ?? error ?? ConnectionError.lost(PEER, 'control stream ended')),
      );
  }

  #requireWriter(): DatagramWriter {
    if (this.#writer === undefined || this.#state !== 'ready')
      throw ConnectionError.lost(PEER, `media connection is ${this.#state}`);
    return this.#writer;
  }

  #attach(stream: OutgoingStream, writer: DatagramWriter): void {
    this.#outgoing.add(stream, {
      writer,
      maxFragmentBytes: () => this.maxFragmentBytes,
      openStream: () => this.#options.transport.createUnidirectionalStream(),
    });
  }

  #ping(): void {
    this.#writer?.write(this.#roundTrip.makePing());
  }

  #send(message: MediaClientMessageInit): void {
    this.#control?.send(frameMediaClientMessage(message));
  }

  /** False when the event means nothing in this state. */
  #commit(event: MediaEvent): boolean {
    const next = nextMediaState(this.#state, event);
    if (next === undefined) return false;
    this.#options.log.debug('Media connection state', { from: this.#state, to: next, event });
    this.#state = next;
    this.#events.emit('stateChanged', next);
    return true;
  }

  #end(error: ConnectionError | undefined, closeCode: CloseCode = CloseCode.normal): void {
    if (this.#state === 'closed') return;
    this.#stopPinging();
    this.#cancelClosing?.();
    this.#reporter?.close();
    this.#outgoing.detachAll();
    this.#reception.close();
    this.#control?.abandon();
    this.#writer?.close();
    this.#commit('ended');
    try {
      this.#options.transport.close({ closeCode, reason: '' });
    } catch {
      // The session was never made, or is over already: both are what is wanted.
    }
    this.#events.emit('ended', error);
    this.#events.clear();
  }
}
