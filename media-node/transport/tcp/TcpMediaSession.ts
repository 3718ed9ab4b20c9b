// A WebTransport session over TCP: the datagrams and streams of the seam as capsules on one connection. Everything arrives in
// order and nothing is lost on the way, so a datagram may wait behind what was sent before it; what may wait is bounded.
import type { Duplex } from 'node:stream';
import { CapsuleMux, type PeerGrants } from '../../../shared/webtransport/CapsuleMux.ts';
import { CapsuleType, MAX_DATAGRAM_BYTES } from '../../../shared/webtransport/capsuleTypes.ts';
import { type CloseValue, encodeCloseValue } from '../../../shared/webtransport/closeValue.ts';
import {
  type BidirectionalStream,
  type MediaSession,
  SendOutcome,
  type SendStream,
  type SessionClose,
  type SessionHandlers,
  type TransportCounters,
  type TransportLimits,
} from '../MediaSession.ts';
import { SessionState, sessionOver } from '../SessionState.ts';
import { nextSessionId } from '../sessionId.ts';
import { CapsuleConnection, type CapsuleConnectionOptions, type ConnectionEnd } from './CapsuleConnection.ts';

/** A session has one control stream; the rest is room for a client that opens the next before the last is done. */
const MAX_BIDIRECTIONAL_STREAMS = 8;

/** Bidirectional streams that a peer may have open at once. */
export function maxBidirectionalStreams({ maxIncomingStreams }: TransportLimits): number {
  return Math.min(maxIncomingStreams, MAX_BIDIRECTIONAL_STREAMS);
}

export interface TcpMediaSessionOptions
  extends Pick<CapsuleConnectionOptions, 'createFraming' | 'datagramFrames' | 'ping'> {
  readonly role: 'client' | 'server';
  readonly duplex: Duplex;
  /** Bytes of the peer that were read together with its request or answer. */
  readonly first: Uint8Array;
  /** What the peer granted beforehand. */
  readonly peerGrants?: PeerGrants;
  readonly path: string;
  readonly origin: string | undefined;
  readonly remoteAddress: string;
  readonly limits: TransportLimits;
  readonly counters: TransportCounters;
}

export class TcpMediaSession implements MediaSession {
  readonly id = nextSessionId();
  readonly path: string;
  readonly origin: string | undefined;
  readonly remoteAddress: string;
  readonly maxDatagramBytes = MAX_DATAGRAM_BYTES;
  readonly #state: SessionState;
  readonly #connection: CapsuleConnection;
  readonly #mux: CapsuleMux;
  readonly #counters: TransportCounters;
  /** What came before handlers were set: no more than one read, since the connection pauses with the first of it. */
  readonly #early: ((handlers: SessionHandlers) => void)[] = [];

  constructor(options: TcpMediaSessionOptions) {
    this.path = options.path;
    this.origin = options.origin;
    this.remoteAddress = options.remoteAddress;
    this.#state = new SessionState(options.limits, options.counters);
    this.#counters = options.counters;
    this.#connection = new CapsuleConnection({
      duplex: options.duplex,
      createFraming: options.createFraming,
      limits: options.limits,
      ...(options.datagramFrames === undefined ? {} : { datagramFrames: options.datagramFrames }),
      ...(options.ping === undefined ? {} : { ping: options.ping }),
      onDatagram: (bytes, at) => this.#onDatagram(bytes, at),
      onCapsule: (type, value) => this.#mux.push(type, value),
      onWritable: () => this.#mux.resume(),
      onDatagramsSent: (count, failed) => {
        if (failed) this.#state.datagramsFailed(count);
        else this.#state.datagramsTaken(count);
      },
      onEnd: (end) => this.#onConnectionEnd(end),
    });
    this.#mux = new CapsuleMux({
      role: options.role,
      channel: this.#connection,
      maxIncomingUnidirectional: options.limits.maxIncomingStreams,
      maxIncomingBidirectional: maxBidirectionalStreams(options.limits),
      ...(options.peerGrants === undefined ? {} : { peerGrants: options.peerGrants }),
      onReceiveStream: (stream) => this.#deliver((handlers) => handlers.onReceiveStream(stream)),
      onBidirectionalStream: (stream) => this.#deliver((handlers) => handlers.onBidirectionalStream(stream)),
      onClose: (close) => this.#onCloseCapsule(close),
    });
    this.#mux.start();
    queueMicrotask(() => this.#connection.start(options.first));
  }

  get maxDatagramsInFlight(): number {
    return this.#state.maxDatagramsInFlight;
  }

  get datagramsInFlight(): number {
    return this.#state.datagramsInFlight;
  }

  get closed(): Promise<SessionClose> {
    return this.#state.closed;
  }

  /** Resolves when the session is over, whether or not handlers were set. */
  get ended(): Promise<void> {
    return this.#state.ended;
  }

  /** Resolves when the connection is over as well, up to a second after the session. */
  get gone(): Promise<void> {
    return this.#connection.gone;
  }

  setHandlers(handlers: SessionHandlers): void {
    if (!this.#state.setHandlers(handlers)) return;
    for (const delivery of this.#early.splice(0)) this.#deliver(delivery);
    this.#connection.resume();
  }

  sendDatagram(bytes: Uint8Array, at: number): SendOutcome {
    if (this.#state.close !== undefined) return SendOutcome.closed;
    if (bytes.length - at > MAX_DATAGRAM_BYTES) return SendOutcome.tooLarge;
    if (!this.#state.takeDatagram()) return SendOutcome.congested;
    this.#connection.sendDatagram(bytes, at);
    return SendOutcome.sent;
  }

  async openSendStream(): Promise<SendStream> {
    return await this.#mux.openUnidirectional();
  }

  async openBidirectionalStream(): Promise<BidirectionalStream> {
    return await this.#mux.openBidirectional();
  }

  close(code: number, reason: string): void {
    if (this.#state.close !== undefined) return;
    this.#connection.send(CapsuleType.closeSession, encodeCloseValue({ code, reason }));
    this.#end({ code, reason, by: 'local' });
  }

  #onCloseCapsule({ code, reason }: CloseValue): void {
    this.#end({ code, reason, by: 'remote' });
  }

  #onConnectionEnd(end: ConnectionEnd): void {
    if (end.kind === 'fault') {
      this.#counters.protocolFaults++;
      this.#end({ code: undefined, reason: `Peer broke the protocol: ${end.message}`, by: 'local' });
    } else if (end.kind === 'lost') this.#end({ code: undefined, reason: end.message, by: 'lost' });
    // An end without a capsule is a close without a code (draft-ietf-webtrans-http2 §6.12).
    else this.#end({ code: 0, reason: '', by: 'remote' });
  }

  #end(close: SessionClose): void {
    if (!this.#state.end(close)) return;
    this.#mux.end(sessionOver(close));
    this.#connection.finish();
  }

  /** As #deliver, without making a closure for each datagram. */
  #onDatagram(bytes: Uint8Array, at: number): void {
    const { handlers, close } = this.#state;
    if (handlers === undefined || close !== undefined) this.#deliver((later) => later.onDatagram(bytes, at));
    else this.#state.deliverDatagram(handlers, bytes, at);
  }

  #deliver(delivery: (handlers: SessionHandlers) => void): void {
    const { handlers, close } = this.#state;
    if (close !== undefined) return;
    if (handlers !== undefined) this.#state.deliver(() => delivery(handlers));
    else {
      this.#early.push(delivery);
      this.#connection.pause();
    }
  }
}
