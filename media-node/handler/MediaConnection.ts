// A client's media session from its first byte to its end. It starts with nothing but a time limit; the first bidirectional
// stream must bring a connection token (ledger MC-7), and only then do datagrams and streams go anywhere. Whatever a client
// sends, the answer is a counter, a message or a close code: nothing thrown, nobody else touched (ledger MH-10).
import type { QualityAlert } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Result } from '../../shared/base/result.ts';
import { ControlType, controlLength, turnPingIntoPong } from '../../shared/frame/control.ts';
import { MAX_DATAGRAM_BYTES, OFFSET_TYPE } from '../../shared/frame/layout.ts';
import { readType } from '../../shared/frame/read.ts';
import { isControl } from '../../shared/frame/validate.ts';
import type { MediaClientMessage, MediaServerMessageInit } from '../../shared/media-session/messages.ts';
import { ResetCode } from '../../shared/media-stream/header.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DropReason } from '../metrics/DropReason.ts';
import type { Measures } from '../metrics/Measures.ts';
import type { PathReport } from '../quality/PathReport.ts';
import { forward } from '../routing/forward.ts';
import {
  type BidirectionalStream,
  type MediaSession,
  type ReceiveStream,
  SendOutcome,
  type SessionClose,
  type SessionHandlers,
} from '../transport/MediaSession.ts';
import { type ControlEnd, ControlStream } from './ControlStream.ts';
import { PathAdaptation } from './PathAdaptation.ts';
import type { Router } from './Router.ts';
import { StreamRelay } from './StreamRelay.ts';
import type { Transport, TransportConnection } from './Transport.ts';

/** Media streams of one client that are being read; further ones are stopped. */
export const MAX_INCOMING_STREAMS = 16;
/** From a refusal to the end of the session: the end overtakes what is on its way on a stream. */
const REFUSAL_LINGER_MS = 100;
/** One datagram in this many is timed; a power of two. */
const LATENCY_SAMPLE = 16;
/** Says no more than this: whether a token was wrong, old or used is for the log. */
const TOKEN_REFUSED = 'Invalid or expired connection token';

/** Whose session this is. */
export interface Admission {
  readonly router: Router;
  readonly transport: Transport;
}

export interface ConnectionOptions {
  /** Checks a connection token, without using it up. */
  readonly authenticate: (token: string) => Promise<Result<Admission>>;
  /** Time to authenticate, ms. */
  readonly authTimeoutMs: number;
  /** The session has ended by itself, by its client or for what that did; its transport is closed. */
  readonly onEnded?: ((admission: Admission) => void) | undefined;
  readonly clock: Clock;
  /** The worker's: a session that is not authenticated counts there. */
  readonly measures: Measures;
  readonly onQualityAlert: (alert: QualityAlert) => void;
  readonly log: Logger;
}

type State =
  | { readonly kind: 'authenticating'; readonly timer: ReturnType<typeof setTimeout> }
  | { readonly kind: 'ready'; readonly admission: Admission }
  | { readonly kind: 'closed'; readonly wasReady: boolean };

export class MediaConnection implements SessionHandlers, TransportConnection {
  readonly session: MediaSession;
  readonly #options: ConnectionOptions;
  #counters: Counters;
  #log: Logger;
  #state: State;
  /** The admission of a ready connection: what the packet path reads. */
  #admission: Admission | undefined;
  #control: ControlStream | undefined;
  #adaptation: PathAdaptation | undefined;
  #deliversOnDemand = false;
  #incomingStreams = 0;
  #datagrams = 0;

  constructor(session: MediaSession, options: ConnectionOptions) {
    this.session = session;
    this.#options = options;
    this.#counters = options.measures.counters;
    this.#log = options.log;
    this.#state = {
      kind: 'authenticating',
      timer: setTimeout(() => this.#authTimedOut(), options.authTimeoutMs),
    };
    session.setHandlers(this);
  }

  onDatagram(bytes: Uint8Array, at: number): void {
    const counters = this.#counters;
    counters.add(Counter.datagramsIn, 1);
    counters.add(Counter.datagramBytesIn, bytes.length - at);
    const admission = this.#admission;
    if (admission === undefined) {
      counters.drop(DropReason.unauthenticated);
      return;
    }
    if (isControl(bytes, at)) {
      this.#takeControlDatagram(bytes, at, admission.transport);
      return;
    }
    const { router, transport } = admission;
    // Before the lookup: no stream that is published, or named, makes a way around.
    if (transport.isFrameMuted(readType(bytes, at))) {
      counters.drop(DropReason.muted);
      return;
    }
    this.#datagrams = (this.#datagrams + 1) % LATENCY_SAMPLE;
    if (this.#datagrams !== 0) {
      forward(bytes, at, transport.userId, router, counters);
      return;
    }
    const startMs = this.#options.clock.monotonicMs();
    forward(bytes, at, transport.userId, router, counters);
    const timeUs = (this.#options.clock.monotonicMs() - startMs) * 1_000;
    this.#options.measures.forwarding.record(timeUs);
    router.measures.forwarding.record(timeUs);
  }

  onBidirectionalStream(stream: BidirectionalStream): void {
    if (this.#control === undefined && this.#state.kind === 'authenticating') {
      this.#control = new ControlStream(stream, this, this.#options.clock);
      void this.#runControl(this.#control);
      return;
    }
    this.#counters.drop(DropReason.messageUnexpected);
    stream.receive.stop(ResetCode.invalidFormat);
    stream.send.reset(ResetCode.invalidFormat);
  }

  onReceiveStream(stream: ReceiveStream): void {
    this.#counters.add(Counter.streamsReceived, 1);
    if (this.#admission === undefined) {
      this.#counters.drop(DropReason.streamUnauthenticated);
      stream.stop(ResetCode.authenticationFailed);
      return;
    }
    if (this.#incomingStreams >= MAX_INCOMING_STREAMS) {
      this.#counters.drop(DropReason.streamTooMany);
      stream.stop(ResetCode.quotaExceeded);
      return;
    }
    this.#incomingStreams++;
    void new StreamRelay(stream, this.#admission.transport, this.#counters).run().finally(() => {
      this.#incomingStreams--;
    });
  }

  onClose(close: SessionClose): void {
    const admission = this.#end();
    const { code, reason, by } = close;
    if (this.#state.kind === 'closed' && this.#state.wasReady)
      this.#log.info('Media session closed', { code, reason, by });
    if (admission) this.#closeTransport(admission, CloseCode.normal, 'Session has ended');
  }

  /** Of what comes from this client; the router's and the worker's hold it as well. */
  get counters(): Counters {
    return this.#counters;
  }

  get deliversOnDemand(): boolean {
    return this.#deliversOnDemand;
  }

  get path(): PathReport | undefined {
    return this.#adaptation?.figures;
  }

  send(message: MediaServerMessageInit): boolean {
    return this.#control?.send(message) ?? false;
  }

  close(code: CloseCode, reason: string): void {
    this.#end();
    this.session.close(code, reason);
  }

  /** Moves to closed, once; answers the admission it had. */
  #end(): Admission | undefined {
    if (this.#state.kind === 'closed') return undefined;
    if (this.#state.kind === 'authenticating') clearTimeout(this.#state.timer);
    const admission = this.#admission;
    this.#state = { kind: 'closed', wasReady: admission !== undefined };
    this.#admission = undefined;
    this.#adaptation?.close();
    if (admission !== undefined) this.#counters.end();
    this.#counters = this.#options.measures.counters;
    return admission;
  }

  /** Ends a session that broke a rule, and with it its transport. */
  #violated(code: CloseCode, reason: string): void {
    this.#log.warn('Media session refused', { code, reason });
    this.#closeAll(code, reason);
  }

  #closeAll(code: CloseCode, reason: string): void {
    const admission = this.#end();
    if (admission) this.#closeTransport(admission, code, reason);
    this.session.close(code, reason);
  }

  #closeTransport(admission: Admission, code: CloseCode, reason: string): void {
    admission.router.closeTransport(admission.transport.id, code, reason);
    this.#options.onEnded?.(admission);
  }

  #authTimedOut(): void {
    this.#counters.drop(DropReason.authTimedOut);
    this.#violated(CloseCode.timedOut, `No authentication within ${this.#options.authTimeoutMs} ms`);
  }

  async #runControl(control: ControlStream): Promise<void> {
    try {
      this.#controlEnded(await control.read((message) => this.#takeMessage(message, control)));
    } catch (error) {
      this.#log.error('Control stream failed', { error });
      this.#violated(CloseCode.internalError, 'Internal error');
    }
  }

  #controlEnded(end: ControlEnd): void {
    if (this.#state.kind === 'closed' || end === 'stopped') return;
    if (end === 'finished') this.#closeAll(CloseCode.normal, 'Control stream has ended');
    else if (end === 'reset') this.#violated(CloseCode.invalidRequest, 'Control stream was reset');
    else if (end === 'malformed') this.#violated(CloseCode.invalidRequest, 'Control message is malformed');
    else if (end === 'oversized') this.#violated(CloseCode.quotaExceeded, 'Control message is too large');
    else this.#violated(CloseCode.quotaExceeded, 'Too many control messages');
  }

  /** False ends the reading. */
  async #takeMessage(message: MediaClientMessage, control: ControlStream): Promise<boolean> {
    if (this.#state.kind === 'closed') return false;
    if (this.#state.kind === 'authenticating') return await this.#authenticate(message, control);
    const { transport } = this.#state.admission;
    if (message.payload === 'keyFrameRequest') {
      const { userId, streamId } = message.keyFrameRequest;
      const consumer = transport.consumerOf(userId ?? 0, streamId ?? 0);
      if (consumer) transport.groupOf(consumer)?.requestKeyFrame();
      else this.#counters.drop(DropReason.messageNotSubscribed);
    } else if (message.payload === 'receiverReport') this.#takeReport(message.receiverReport, transport);
    else if (message.payload === 'layerChange') this.#takeLayerChange(message.layerChange, transport);
    else this.#counters.drop(DropReason.messageUnexpected);
    return true;
  }

  #takeLayerChange(change: NonNullable<MediaClientMessage['layerChange']>, transport: Transport): void {
    const consumer = transport.consumerOf(change.userId ?? 0, change.streamId ?? 0);
    const group = consumer && transport.groupOf(consumer);
    if (group === undefined) {
      this.#counters.drop(DropReason.messageNotSubscribed);
      return;
    }
    const limit = {
      spatialLayer: change.preferredSpatialLayer ?? 0,
      temporalLayer: change.maxTemporalLayer ?? 0,
    };
    group.prefer(limit, change.priority ?? 0);
    this.#adaptation?.share();
  }

  #takeReport(report: NonNullable<MediaClientMessage['receiverReport']>, transport: Transport): void {
    for (const stream of report.streams ?? []) {
      const consumer = transport.consumerOf(stream.userId ?? 0, stream.streamId ?? 0);
      if (consumer) consumer.report(stream, report.intervalMs ?? 0);
      else this.#counters.drop(DropReason.messageNotSubscribed);
    }
    this.#adaptation?.onReport(report);
  }

  async #authenticate(message: MediaClientMessage, control: ControlStream): Promise<boolean> {
    const token = message.payload === 'auth' ? (message.auth.connectionToken ?? '') : '';
    const admitted = await this.#options.authenticate(token);
    if (this.#state.kind !== 'authenticating') return false;
    if (!admitted.ok || !admitted.value.transport.useToken()) {
      this.#refuse(control, admitted.ok ? 'used' : admitted.reason);
      return false;
    }
    clearTimeout(this.#state.timer);
    const { router, transport } = admitted.value;
    this.#state = { kind: 'ready', admission: admitted.value };
    this.#counters = router.measures.counters.branch();
    this.#log = this.#log.with({ meeting_id: router.meetingId, participant_id: transport.participantId });
    control.send({ authOk: { userId: transport.userId, maxDatagramBytes: MAX_DATAGRAM_BYTES } });
    this.#admission = admitted.value;
    this.#deliversOnDemand = message.auth?.deliversOnDemand ?? false;
    router.connectTransport(transport, this);
    const { session } = this;
    const { clock } = this.#options;
    this.#adaptation = new PathAdaptation({
      session,
      transport,
      clock,
      counters: this.#counters,
      log: this.#log,
      onAlert: (alert) =>
        this.#options.onQualityAlert({
          router_id: router.id,
          meeting_id: router.meetingId,
          participant_id: transport.participantId,
          user_id: transport.userId,
          ...alert,
        }),
    });
    this.#log.info('Media session ready', { remote_address: this.session.remoteAddress });
    return true;
  }

  #refuse(control: ControlStream, fault: string): void {
    this.#counters.drop(DropReason.tokenRefused);
    this.#log.warn('Connection token refused', { fault });
    this.#end();
    control.send({ refused: { code: 'UNAUTHORIZED', message: TOKEN_REFUSED } });
    setTimeout(() => this.session.close(CloseCode.unauthorized, TOKEN_REFUSED), REFUSAL_LINGER_MS);
  }

  #takeControlDatagram(bytes: Uint8Array, at: number, transport: Transport): void {
    const counters = this.#counters;
    if (controlLength(bytes, at) === 0) {
      counters.drop(DropReason.controlMalformed);
      return;
    }
    const type = bytes[at + OFFSET_TYPE];
    if (type === ControlType.ping) {
      turnPingIntoPong(bytes, at);
      if (this.session.sendDatagram(bytes, at) === SendOutcome.sent) counters.add(Counter.pongsOut, 1);
    } else if (type === ControlType.ack) {
      const nowMs = this.#options.clock.monotonicMs();
      transport.acknowledge(bytes, at, nowMs);
      this.#adaptation?.onHeard(nowMs);
    } else if (type !== ControlType.pong || !this.#adaptation?.onPong(bytes, at)) {
      counters.drop(DropReason.controlUnexpected);
      return;
    }
    counters.add(Counter.controlIn, 1);
  }
}
