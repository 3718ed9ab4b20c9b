// Signaling with a meeting controller over one bidirectional stream (ledger MC-1 to MC-5).
import type { Clock } from '../../../shared/base/clock.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { type Delivery, deliveryNumber } from '../../../shared/media-session/delivery.ts';
import {
  type ClientMessageInit,
  decodeServerMessage,
  frameClientMessage,
  type ServerMessage,
  signaling,
} from '../../../shared/signaling/messages.ts';
import { Emitter } from '../Emitter.ts';
import { ConnectionError } from '../errors.ts';
import { MessageStream } from '../MessageStream.ts';
import { type Timers, withTimeout } from '../timers.ts';
import type { ClientTransport } from '../transport.ts';
import { fromStreamQuality, type ParticipantQuality } from './participantQuality.ts';
import { nextSignalingState, type SignalingEvent, type SignalingState } from './SignalingState.ts';
import {
  fromJoinResponse,
  fromLeaveReason,
  fromMediaServer,
  fromParticipantInfo,
  fromStreamInfo,
  type JoinedMeeting,
  type LeaveReason,
  type MediaServerAddress,
  type Participant,
  type PublishedStream,
  type StreamSettings,
  toStreamInfo,
} from './types.ts';

const PEER = 'the meeting controller';
/** Requests that may be without an answer at once; past it the controller is taken for dead. */
const MAX_OUTSTANDING_REQUESTS = 256;

export interface SignalingClientOptions {
  readonly transport: ClientTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** Time to wait for the session and for the answer to a request, ms. */
  readonly requestTimeoutMs: number;
}

export interface SignalingEvents {
  stateChanged: SignalingState;
  /** The answer to the join, before any notice that came right behind it. */
  joined: JoinedMeeting;
  participantJoined: Participant;
  participantLeft: { readonly userId: number; readonly reason: LeaveReason };
  participantUpdated: Participant;
  streamPublished: PublishedStream;
  streamUnpublished: { readonly userId: number; readonly streamId: number };
  /** Media goes over the first of these that lets us in, from now on. */
  mediaServerChanged: readonly MediaServerAddress[];
  /** The meeting was changed while it goes on. */
  participantQuality: ParticipantQuality;
  meetingUpdated: { readonly meetingName: string; readonly maxParticipants: number };
  /** The connection is over; undefined after leave(). Emitted once, after which nothing follows. */
  ended: ConnectionError | undefined;
}

type Payload = Exclude<ServerMessage['payload'], undefined>;
type Answer<Name extends Payload> = NonNullable<Extract<ServerMessage, { payload?: Name }>[Name]>;

interface Outstanding {
  readonly resolve: (message: ServerMessage) => void;
  readonly reject: (error: ConnectionError) => void;
}

/** One participant's signaling connection. Requests reject with ConnectionError. */
export class SignalingClient {
  readonly #options: SignalingClientOptions;
  readonly #events: Emitter<SignalingEvents>;
  readonly #outstanding = new Map<number, Outstanding>();
  #state: SignalingState = 'disconnected';
  #stream: MessageStream | undefined;
  #sequence = 0;
  #heardAtMs = 0;
  #stopHeartbeat: (() => void) | undefined;
  #cancelClosing: (() => void) | undefined;
  #lastError: ConnectionError | undefined;

  constructor(options: SignalingClientOptions) {
    this.#options = options;
    this.#events = new Emitter((error) => options.log.error('A signaling listener failed', { error }));
  }

  get state(): SignalingState {
    return this.#state;
  }

  on<Name extends keyof SignalingEvents>(
    name: Name,
    listener: (value: SignalingEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /** Opens the stream and joins. Call once. After a rejection the connection is closed. */
  async join(joinToken: string, clientName: string, traceparent = ''): Promise<JoinedMeeting> {
    this.#commit('connect');
    try {
      await this.#open();
      this.#commit('opened');
      const answer = await this.#request('joinResponse', {
        join: { joinToken, clientName, traceparent },
      });
      this.#commit('joined');
      const joined = fromJoinResponse(answer);
      this.#startHeartbeat(joined);
      return joined;
    } catch (error) {
      const failure = error instanceof ConnectionError ? error : ConnectionError.lost(PEER, error);
      this.#end(failure);
      throw failure;
    }
  }

  async publishStream(settings: StreamSettings): Promise<PublishedStream> {
    const answer = await this.#request('streamPublished', {
      publishStream: { info: toStreamInfo(settings) },
    });
    return fromStreamInfo(answer.info ?? {});
  }

  async unpublishStream(streamId: number): Promise<void> {
    await this.#request('streamUnpublished', { unpublishStream: { streamId } });
  }

  async subscribeStream(
    userId: number,
    streamId: number,
    delivery: Delivery = 'publishers_choice',
  ): Promise<void> {
    const subscribeStream = { userId, streamId, delivery: deliveryNumber(delivery) };
    await this.#request('subscribed', { subscribeStream });
  }

  async unsubscribeStream(userId: number, streamId: number): Promise<void> {
    await this.#request('unsubscribed', { unsubscribeStream: { userId, streamId } });
  }

  async setMuted(muted: { readonly audio: boolean; readonly video: boolean }): Promise<void> {
    await this.#request('ack', { mute: { audioMuted: muted.audio, videoMuted: muted.video } });
  }

  /** By a host: what the participant may send, both kinds each time. Resolves once it is enforced. */
  async hostMute(userId: number, muted: { readonly audio: boolean; readonly video: boolean }): Promise<void> {
    await this.#request('ack', { hostMute: { userId, audioMuted: muted.audio, videoMuted: muted.video } });
  }

  /** Says goodbye and closes. Idempotent, never rejects: what cannot be said any more is left out. */
  async leave(): Promise<void> {
    if (!this.#commit('leave')) return;
    try {
      if (this.#stream !== undefined) await this.#request('ack', { leave: {} });
    } catch (error) {
      this.#options.log.debug('Left without an answer', { error });
    }
    this.#end(undefined);
  }

  /** Closes at once, without a goodbye. Idempotent. */
  close(): void {
    this.#end(undefined);
  }

  async #open(): Promise<void> {
    const { transport, requestTimeoutMs, timers } = this.#options;
    transport.closed.then(
      (info) => this.#end(this.#lastError ?? ConnectionError.closed(PEER, info)),
      (error) => this.#end(this.#lastError ?? ConnectionError.lost(PEER, error)),
    );
    const ready = transport.ready.catch((error) => {
      throw ConnectionError.unreachable(PEER, error);
    });
    await withTimeout(ready, requestTimeoutMs, timers, () =>
      ConnectionError.timedOut(PEER, requestTimeoutMs),
    );
    const stream = await transport.createBidirectionalStream();
    if (this.#state !== 'connecting') throw ConnectionError.lost(PEER, 'closed while connecting');
    this.#stream = new MessageStream(stream, {
      peer: PEER,
      onMessage: (bytes) => this.#receive(bytes),
      onEnd: (error) => this.#streamEnded(error),
    });
  }

  /** A session's close follows its stream's end and knows more, so a bare end waits for it, but not for ever. */
  #streamEnded(error: ConnectionError | undefined): void {
    if (error?.code === 'protocol') this.#end(error, CloseCode.invalidRequest);
    else
      this.#cancelClosing = this.#options.timers.after(this.#options.requestTimeoutMs, () =>
        this.#end(this.#lastError ?? error ?? ConnectionError.lost(PEER, 'stream ended')),
      );
  }

  #receive(bytes: Uint8Array): void {
    const decoded = decodeServerMessage(bytes);
    if (!decoded.ok) {
      this.#end(ConnectionError.protocol(PEER, decoded.reason), CloseCode.invalidRequest);
      return;
    }
    this.#heardAtMs = this.#options.clock.monotonicMs();
    const message = decoded.value;
    const replyTo = message.replyTo ?? 0;
    if (replyTo === 0) {
      this.#notice(message);
      return;
    }
    const request = this.#outstanding.get(replyTo);
    if (request === undefined) return;
    this.#outstanding.delete(replyTo);
    if (message.payload === 'error') request.reject(toRefusal(message.error));
    else request.resolve(message);
    if (message.payload === 'joinResponse')
      this.#events.emit('joined', fromJoinResponse(message.joinResponse));
  }

  #notice(message: ServerMessage): void {
    switch (message.payload) {
      case 'participantJoined':
        this.#events.emit(
          'participantJoined',
          fromParticipantInfo(message.participantJoined.participant ?? {}),
        );
        break;
      case 'participantUpdated':
        this.#events.emit(
          'participantUpdated',
          fromParticipantInfo(message.participantUpdated.participant ?? {}),
        );
        break;
      case 'participantLeft':
        this.#events.emit('participantLeft', {
          userId: message.participantLeft.userId ?? 0,
          reason: fromLeaveReason(message.participantLeft.reason),
        });
        break;
      case 'streamPublished':
        this.#events.emit('streamPublished', fromStreamInfo(message.streamPublished.info ?? {}));
        break;
      case 'streamUnpublished':
        this.#events.emit('streamUnpublished', {
          userId: message.streamUnpublished.userId ?? 0,
          streamId: message.streamUnpublished.streamId ?? 0,
        });
        break;
      case 'mediaServerChanged':
        this.#events.emit(
          'mediaServerChanged',
          (message.mediaServerChanged.mediaServers ?? []).map(fromMediaServer),
        );
        break;
      case 'streamQuality':
        this.#events.emit('participantQuality', fromStreamQuality(message.streamQuality));
        break;
      case 'meetingUpdated':
        this.#events.emit('meetingUpdated', {
          meetingName: message.meetingUpdated.meetingName ?? '',
          maxParticipants: message.meetingUpdated.maxParticipants ?? 0,
        });
        break;
      case 'error':
        // Said in front of a close; the close itself follows.
        this.#lastError = toRefusal(message.error);
        break;
      default:
        break;
    }
  }

  async #request<Name extends Payload>(expected: Name, message: ClientMessageInit): Promise<Answer<Name>> {
    const { requestTimeoutMs, timers } = this.#options;
    const stream = this.#stream;
    if (stream === undefined || this.#state === 'disconnected')
      throw this.#lastError ?? ConnectionError.lost(PEER, 'not connected');
    if (this.#outstanding.size >= MAX_OUTSTANDING_REQUESTS)
      throw ConnectionError.lost(PEER, `${this.#outstanding.size} requests without an answer`);
    this.#sequence += 1;
    const sequence = this.#sequence;
    const answered = new Promise<ServerMessage>((resolve, reject) => {
      this.#outstanding.set(sequence, { resolve, reject });
    });
    stream.send(frameClientMessage({ ...message, sequence }));
    try {
      const answer = await withTimeout(answered, requestTimeoutMs, timers, () =>
        ConnectionError.timedOut(PEER, requestTimeoutMs),
      );
      if (answer.payload !== expected)
        throw ConnectionError.protocol(PEER, `${answer.payload ?? 'nothing'} instead of ${expected}`);
      return (answer as unknown as Record<Name, Answer<Name>>)[expected];
    } finally {
      this.#outstanding.delete(sequence);
    }
  }

  #startHeartbeat(joined: JoinedMeeting): void {
    const { clock, timers } = this.#options;
    this.#heardAtMs = clock.monotonicMs();
    this.#stopHeartbeat = timers.every(joined.heartbeatIntervalMs, () => {
      const silentMs = clock.monotonicMs() - this.#heardAtMs;
      if (silentMs >= joined.heartbeatTimeoutMs) {
        this.#end(ConnectionError.timedOut(PEER, Math.round(silentMs)));
        return;
      }
      this.#sequence += 1;
      this.#stream?.send(
        frameClientMessage({ sequence: this.#sequence, heartbeat: { sentAtMs: clock.epochMs() } }),
      );
    });
  }

  /** False when the event means nothing in this state. */
  #commit(event: SignalingEvent): boolean {
    const next = nextSignalingState(this.#state, event);
    if (next === undefined) return false;
    this.#options.log.debug('Signaling state', { from: this.#state, to: next, event });
    this.#state = next;
    this.#events.emit('stateChanged', next);
    return true;
  }

  #end(error: ConnectionError | undefined, closeCode: CloseCode = CloseCode.normal): void {
    if (this.#state === 'disconnected') return;
    this.#stopHeartbeat?.();
    this.#cancelClosing?.();
    this.#stream?.abandon();
    this.#commit('ended');
    const failure = error ?? ConnectionError.closed(PEER, { closeCode, reason: 'left' });
    for (const request of this.#outstanding.values()) request.reject(failure);
    this.#outstanding.clear();
    try {
      this.#options.transport.close({ closeCode, reason: '' });
    } catch {
      // The session was never made, or is over already: both are what is wanted.
    }
    this.#events.emit('ended', error);
    this.#events.clear();
  }
}

function toRefusal(error: {
  readonly code?: number | null;
  readonly message?: string | null;
}): ConnectionError {
  const code = signaling.ErrorCode[error.code ?? 0] ?? 'INTERNAL_ERROR';
  return ConnectionError.refused(code, error.message ?? code);
}
