// One participant's signaling (ledger MC-1 to MC-5): its session, the stream that it opens first, the messages on it.
// Nothing a peer sends can throw out of here, and nothing is kept for it without a bound (MH-10).
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { TokenBucket } from '../../shared/base/TokenBucket.ts';
import { ResetCode } from '../../shared/media-stream/header.ts';
import { FramedReader } from '../../shared/signaling/framing.ts';
import {
  type ClientMessage,
  decodeClientMessage,
  frameServerMessage,
  signaling,
} from '../../shared/signaling/messages.ts';
import type {
  BidirectionalStream,
  MediaSession,
  ReceiveStream,
  SessionClose,
} from '../transport/MediaSession.ts';
import { type JoinServices, joinMeeting } from './join.ts';
import type { SignalingLimits } from './limits.ts';
import type { MediaPlane } from './MediaPlane.ts';
import type { Meeting } from './Meeting.ts';
import { Outbox } from './Outbox.ts';
import type { ConnectionEnd, Participant, ParticipantConnection } from './Participant.ts';
import type { Refusals } from './Refusals.ts';
import { RequestQueue } from './RequestQueue.ts';
import { carryOut, requestBatchSize, type SignalingRequest } from './requests.ts';
import { nextSessionState, type SessionEvent, type SessionState } from './SessionState.ts';
import { SignalingError } from './SignalingError.ts';
import * as ends from './sessionEnds.ts';

export interface SignalingSessionOptions {
  readonly session: MediaSession;
  readonly plane: MediaPlane;
  readonly join: JoinServices;
  readonly limits: SignalingLimits;
  /** Counts what is refused here. */
  readonly refusals: Refusals;
  /** A session that has not joined after this is closed, ms. */
  readonly joinTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once when the session is over. */
  readonly onOver: (session: SignalingSession) => void;
}

const { CONNECTION_LOST } = signaling.LeaveReason;

export class SignalingSession implements ParticipantConnection {
  readonly #options: SignalingSessionOptions;
  readonly #log: Logger;
  readonly #bucket: TokenBucket;
  #state: SessionState = { name: 'disconnected' };
  #outbox: Outbox | undefined;
  #requests: RequestQueue<SignalingRequest> | undefined;
  #lastSequence = 0;
  #heardAtMs: number;

  constructor(options: SignalingSessionOptions) {
    const { session, limits, clock, log } = options;
    this.#options = options;
    this.#log = log.with({ session_id: session.id, remote_address: session.remoteAddress });
    this.#heardAtMs = clock.monotonicMs();
    this.#bucket = new TokenBucket(limits.messageBurst, limits.messagesPerSecond, this.#heardAtMs);
  }

  get state(): SessionState['name'] {
    return this.#state.name;
  }

  /** Starts listening. Call once, right after the session was accepted. */
  start(): void {
    this.#commit({ type: 'opened' });
    this.#options.session.setHandlers({
      onDatagram: () => this.#options.refusals.count('datagramUnexpected'),
      onBidirectionalStream: (stream) => this.#takeStream(stream),
      onReceiveStream: (stream) => {
        this.#options.refusals.count('streamUnexpected');
        stream.stop(ResetCode.invalidFormat);
      },
      onClose: (close) => this.#closed(close),
    });
  }

  send(frame: Uint8Array): void {
    this.#outbox?.push(frame);
  }

  end(end: ConnectionEnd): void {
    if (!this.#commit({ type: 'ending', end })) return;
    if (end.refusal !== undefined) this.#options.refusals.count(end.refusal);
    if (end.last !== undefined) this.send(frameServerMessage(end.last));
    void this.#finish(end);
  }

  /** Ends what took too long. Called about once a second. */
  tick(nowMs: number): void {
    const { join, joinTimeoutMs, limits, session } = this.#options;
    const state = this.#state;
    if (state.name === 'connecting' && nowMs - state.sinceMs >= joinTimeoutMs)
      this.end(ends.neverJoined(joinTimeoutMs));
    else if (state.name === 'authenticating' && nowMs - state.sinceMs >= joinTimeoutMs)
      this.end(ends.joinTookTooLong(this.#lastSequence));
    else if (state.name === 'connected' && nowMs - this.#heardAtMs >= join.times.heartbeatTimeoutMs)
      this.end(ends.silent(join.times.heartbeatTimeoutMs));
    else if (state.name === 'disconnecting' && nowMs - state.sinceMs >= limits.closeGraceMs)
      session.close(state.end.code, state.end.reason);
  }

  /** The first bidirectional stream is the signaling stream; there is no second one. */
  #takeStream(stream: BidirectionalStream): void {
    if (this.#outbox !== undefined || this.#state.name !== 'connecting') {
      this.#options.refusals.count('streamUnexpected');
      stream.receive.stop(ResetCode.invalidFormat);
      stream.send.reset(ResetCode.invalidFormat);
      return;
    }
    const { maxOutgoingMessages, maxOutgoingBytes } = this.#options.limits;
    this.#outbox = new Outbox({
      stream: stream.send,
      maxMessages: maxOutgoingMessages,
      maxBytes: maxOutgoingBytes,
      onOverflow: () => this.end(ends.notReading),
      onFailure: () => this.end(ends.streamEnded),
    });
    void this.#read(stream.receive);
  }

  async #read(receive: ReceiveStream): Promise<void> {
    const reader = new FramedReader();
    try {
      while (this.#listening) {
        const chunk = await receive.read();
        if (!this.#listening) return;
        if (chunk === undefined) {
          this.end(
            reader.atBoundary ? ends.streamEnded : ends.malformed('The stream ended within a message'),
          );
          return;
        }
        const fault = reader.push(chunk, (message) => this.#take(message));
        if (fault !== undefined) this.end(ends.badFraming(fault));
      }
    } catch (error) {
      this.#log.debug('Signaling stream failed', { error });
      this.end(ends.streamEnded);
    }
  }

  get #listening(): boolean {
    const { name } = this.#state;
    return name === 'connecting' || name === 'authenticating' || name === 'connected';
  }

  #take(bytes: Uint8Array): void {
    if (!this.#listening) return;
    const { limits, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (!this.#bucket.take(nowMs)) {
      this.end(
        ends.tooMany(
          `Too many messages: at most ${limits.messagesPerSecond} a second`,
          'messageRateExceeded',
        ),
      );
      return;
    }
    const decoded = decodeClientMessage(bytes);
    if (!decoded.ok) {
      this.end(ends.malformed('Not a signaling message'));
      return;
    }
    this.#heardAtMs = nowMs;
    if (this.#state.name === 'connected') this.#state.participant.lastSeenAtMs = clock.epochMs();
    const message = decoded.value;
    const sequence = message.sequence ?? 0;
    if (sequence <= this.#lastSequence) {
      this.#refuse(
        SignalingError.invalid(
          `Sequence must be over ${this.#lastSequence}: got ${sequence}`,
          'messageUnexpected',
        ),
        sequence,
      );
      return;
    }
    this.#lastSequence = sequence;
    this.#dispatch({ sequence, message });
  }

  #dispatch(request: SignalingRequest): void {
    const { sequence, message } = request;
    const { payload } = message;
    if (this.#state.name !== 'connected') {
      if (payload !== 'join')
        this.#refuse(
          new SignalingError(signaling.ErrorCode.UNAUTHORIZED, 'Join the meeting first', {
            refusal: 'messageUnexpected',
          }),
          sequence,
        );
      else if (this.#state.name === 'connecting') void this.#join(sequence, message.join);
      else this.#refuse(alreadyJoined(), sequence);
    } else if (payload === 'join') this.#refuse(alreadyJoined(), sequence);
    else if (payload === 'heartbeat') this.#echo(sequence, message);
    // At once: it makes whatever still waits in front of it moot.
    else if (payload === 'leave') this.end(ends.left(sequence));
    else if (this.#requests?.push(request) === false)
      this.end(
        ends.tooMany(
          `Too many requests wait: at most ${this.#options.limits.maxPendingRequests}`,
          'requestQueueFull',
        ),
      );
  }

  async #join(
    sequence: number,
    { joinToken, traceparent }: NonNullable<ClientMessage['join']>,
  ): Promise<void> {
    const join = new AbortController();
    this.#commit({ type: 'joinRequested', join });
    try {
      await joinMeeting(this.#options.join, {
        sequence,
        joinToken: joinToken ?? '',
        traceparent: traceparent ?? '',
        connection: this,
        signal: join.signal,
        onAdmitted: (meeting, participant) => this.#admitted(meeting, participant),
      });
    } catch (error) {
      if (join.signal.aborted) return;
      const refusal = SignalingError.of(error);
      if (refusal.cause !== undefined) this.#log.warn('Join failed', { error: refusal.cause });
      this.end(ends.refused(refusal, sequence));
    }
  }

  #admitted(meeting: Meeting, participant: Participant): void {
    const { plane, limits, refusals } = this.#options;
    this.#requests = new RequestQueue({
      maxPending: limits.maxPendingRequests,
      batchSize: requestBatchSize,
      run: (batch) => carryOut({ plane, meeting, participant, refusals }, batch),
    });
    this.#commit({ type: 'admitted', meeting, participant });
  }

  #echo(sequence: number, { heartbeat }: ClientMessage): void {
    this.send(frameServerMessage({ replyTo: sequence, heartbeat: { sentAtMs: heartbeat?.sentAtMs ?? 0 } }));
  }

  #refuse(error: SignalingError, replyTo: number): void {
    this.#options.refusals.count(error.refusal);
    this.send(frameServerMessage(error.toMessage(replyTo)));
  }

  async #finish({ code, reason }: ConnectionEnd): Promise<void> {
    await this.#outbox?.finish();
    this.#options.session.close(code, reason);
  }

  #closed({ code, reason, by }: SessionClose): void {
    this.#log.debug('Session closed', { code, reason, by });
    this.#commit({ type: 'closed' });
    this.#options.onOver(this);
  }

  /** The one place where the state changes, and what a state leaves behind is put in order. */
  #commit(event: SessionEvent): boolean {
    const from = this.#state;
    const to = nextSessionState(from, event, this.#options.clock.monotonicMs());
    if (to === undefined) return false;
    this.#state = to;
    this.#log.debug('Signaling state', { from: from.name, to: to.name, event: event.type });
    if (from.name === 'authenticating' && to.name !== 'connected') from.join.abort();
    if (from.name === 'connected') {
      this.#requests?.stop();
      // A participant that drops is gone at once; keeping its place for a while (MC-6) would start here.
      from.meeting.leave(
        from.participant,
        to.name === 'disconnecting' ? to.end.leaveReason : CONNECTION_LOST,
      );
    }
    return true;
  }
}

function alreadyJoined(): SignalingError {
  return new SignalingError(signaling.ErrorCode.CONFLICT, 'Already joined over this session', {
    refusal: 'messageUnexpected',
  });
}
