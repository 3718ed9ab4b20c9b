// The transport seam: what everything above knows of a connection. Implementations: Deno QUIC (deno/), TCP
// (tcp/), a paired in-process one for tests (paired/); one contract suite (test/contract/transport) runs against all of them.
//
// Datagrams keep the room of the transport's own prefix in front of them (on WebTransport over HTTP/3 the
// quarter-stream-id, one byte for the first session), so that what came in on one session goes out on another as it is:
// every datagram is a buffer and the offset `at` of its first byte of ours.

import type { AddressGate, AddressLimits } from './AddressGate.ts';

export { StreamClosedError } from '../../shared/webtransport/StreamClosedError.ts';

/** Bytes kept free in front of a datagram's payload on every transport. */
export const DATAGRAM_PREFIX_BYTES = 1;

/** What became of a datagram given to sendDatagram. */
export const SendOutcome = {
  /** Handed to the engine. */
  sent: 0,
  /** The bound on what is in flight to this peer is reached: dropped. */
  congested: 1,
  /** Over maxDatagramBytes: dropped. */
  tooLarge: 2,
  /** The session is closing or closed: dropped. */
  closed: 3,
} as const;
export type SendOutcome = (typeof SendOutcome)[keyof typeof SendOutcome];

export interface SessionClose {
  /** Application code (shared/base/closeCode), or undefined when the connection was lost without one. */
  readonly code: number | undefined;
  readonly reason: string;
  /** Who ended it. `lost` is a time-out or a dead path. */
  readonly by: 'local' | 'remote' | 'lost';
}

/** Thrown by a dial that ends without a session. */
export class DialError extends Error {
  override readonly name = 'DialError';
  /** HTTP status with which the server refused the request, when it came that far. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

export interface ReceiveStream {
  /** The next bytes, the caller's to keep; undefined at the end of the stream. Throws StreamClosedError. */
  read(): Promise<Uint8Array | undefined>;
  /** Asks the peer to stop sending (STOP_SENDING). Idempotent, never throws. */
  stop(code: number): void;
}

export interface SendStream {
  /** Resolves when the engine has taken the bytes (its flow control allows them). Throws StreamClosedError. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the stream gracefully (FIN). Throws StreamClosedError. */
  close(): Promise<void>;
  /** Abandons the stream (RESET_STREAM). Idempotent, never throws. */
  reset(code: number): void;
}

export interface BidirectionalStream {
  readonly receive: ReceiveStream;
  readonly send: SendStream;
}

/** Where a session hands what arrives. Set once, right after the session is made and before anything is delivered. */
export interface SessionHandlers {
  /**
   * A datagram: `bytes` with its first byte of ours at `at`. The buffer is the callee's: it may be sent on, as it is.
   * A throw is caught and counted by the transport; it must not happen.
   */
  onDatagram(bytes: Uint8Array, at: number): void;
  /** The peer opened a bidirectional stream. */
  onBidirectionalStream(stream: BidirectionalStream): void;
  /** The peer opened a unidirectional stream. */
  onReceiveStream(stream: ReceiveStream): void;
  /** The session ended, once, whoever ended it. Nothing is delivered after it. */
  onClose(close: SessionClose): void;
}

export interface MediaSession {
  /** Unique in this process. */
  readonly id: number;
  /** Peer's address, `host:port`. May change (NAT rebinding). */
  readonly remoteAddress: string;
  /** Request path with its query, as the client asked for it. */
  readonly path: string;
  /** Origin header, when the client is a browser. */
  readonly origin: string | undefined;
  /** Largest payload that sendDatagram takes now, bytes, prefix not counted. */
  readonly maxDatagramBytes: number;
  /** Datagrams handed to the engine that it has not yet taken. */
  readonly datagramsInFlight: number;
  /** Bound on datagramsInFlight: past it sendDatagram answers congested. */
  readonly maxDatagramsInFlight: number;

  setHandlers(handlers: SessionHandlers): void;
  /**
   * Sends bytes[at..] as one datagram; at >= DATAGRAM_PREFIX_BYTES, and the bytes in front of `at` may be overwritten
   * with the transport's prefix. Synchronous, never throws; the buffer may be handed to other sessions at once, and be
   * changed in a later turn. Over QUIC nothing is copied; over TCP the sessions that are sent it in one turn share a copy.
   */
  sendDatagram(bytes: Uint8Array, at: number): SendOutcome;
  /** Throws StreamClosedError when the session is over or the peer's stream limit is not lifted. */
  openSendStream(): Promise<SendStream>;
  openBidirectionalStream(): Promise<BidirectionalStream>;
  /** Ends the session: the peer learns code and reason. Idempotent, never throws. */
  close(code: number, reason: string): void;
  /** Resolves once onClose has been called. */
  readonly closed: Promise<SessionClose>;
}

export interface SessionRequest {
  readonly path: string;
  readonly authority: string;
  readonly origin: string | undefined;
  readonly remoteAddress: string;
}

/**
 * Accepts a session, or refuses it: with an HTTP status, which browsers do not show to the page, or by closing it with a code
 * and a reason as soon as it is there, which is the one way to tell a page why.
 */
export type SessionDecision = { readonly accept: true } | SessionRefusal;

export type SessionRefusal =
  | { readonly accept: false; readonly status: number }
  | { readonly accept: false; readonly close: { readonly code: number; readonly reason: string } };

/** Bounds on everything that one peer can make a worker hold (ledger MH-10). */
export interface TransportLimits extends AddressLimits {
  /** Sessions at once; further ones are refused. */
  readonly maxSessions: number;
  /** Datagrams handed to the engine and not yet taken, per session; past it they are dropped as congested. */
  readonly maxDatagramsInFlight: number;
  /**
   * Unidirectional streams that the peer has open at once, per session. Each can make the engine hold 1.25 MB that
   * nobody reads. Of bidirectional ones a QUIC session takes 8 at most.
   */
  readonly maxIncomingStreams: number;
  /** Time that the handshake of QUIC or TLS may take, and again from there to the answered CONNECT, ms. */
  readonly handshakeTimeoutMs: number;
  /** A silent peer is lost after this, ms. */
  readonly idleTimeoutMs: number;
  /** A PING goes out this often, ms (Chromium closes idle sessions without one). */
  readonly keepAliveIntervalMs: number;
}

export const DEFAULT_TRANSPORT_LIMITS: TransportLimits = {
  maxSessions: 2_000,
  // Everybody at once, as when another node has gone; then what a third of a core can do.
  handshakeBurst: 2_000,
  handshakesPerSecond: 500,
  // A quarter of the worker: an office or a campus behind one address, in one meeting, all within a few seconds.
  maxSessionsPerAddress: 500,
  handshakeBurstPerAddress: 250,
  handshakesPerSecondPerAddress: 50,
  maxDatagramsInFlight: 128,
  maxIncomingStreams: 64,
  handshakeTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  keepAliveIntervalMs: 3_000,
};

export interface ListenOptions {
  readonly hostname: string;
  /** 0 picks a free port. */
  readonly port: number;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly limits: TransportLimits;
  /** Shared by all listeners of a process, with the same limits. */
  readonly gate: AddressGate;
  onRequest(request: SessionRequest): SessionDecision;
  /** Called for each accepted session, which delivers nothing before setHandlers was called. */
  onSession(session: MediaSession): void;
}

/** What a listener refused or dropped since it began, by reason (ledger MH-4, MH-10). They only count up. */
export interface TransportCounters {
  /** Connections refused because there were too many. */
  connectionsRefused: number;
  /** Connections refused unseen because handshakes came faster than the worker takes them. */
  handshakesRefused: number;
  /** Connections refused because their source address began too many handshakes. */
  addressHandshakesRefused: number;
  /** Connections refused because their source address had too many. */
  addressConnectionsRefused: number;
  /** Requests refused because their source address had all the sessions that it may have. */
  addressSessionsRefused: number;
  /** Connections that ended before they asked for a session: timed out, failed, or strays (Firefox opens two). */
  handshakesFailed: number;
  /** Requests that got no session: answered with another status than 200, or closed as soon as they were. */
  requestsRefused: number;
  /** Connections ended because the peer broke HTTP/3 or WebTransport. */
  protocolFaults: number;
  /** Streams that belong to no session, or came before theirs was answered and were too many. */
  streamsRefused: number;
  /** Datagrams that came in without our session's prefix. */
  datagramsMalformed: number;
  /** Datagrams that the engine took and then gave up, because the connection ended or its path became narrower. */
  datagramsFailed: number;
  /** Throws of the owner's handlers. */
  handlerFaults: number;
}

export function createTransportCounters(): TransportCounters {
  return {
    connectionsRefused: 0,
    handshakesRefused: 0,
    addressHandshakesRefused: 0,
    addressConnectionsRefused: 0,
    addressSessionsRefused: 0,
    handshakesFailed: 0,
    requestsRefused: 0,
    protocolFaults: 0,
    streamsRefused: 0,
    datagramsMalformed: 0,
    datagramsFailed: 0,
    handlerFaults: 0,
  };
}

export interface SessionListener {
  readonly port: number;
  readonly counters: Readonly<TransportCounters>;
  /** Sessions open now. */
  readonly sessions: number;
  /** New handshakes use this certificate; sessions that exist are not touched. */
  replaceCertificate(certificatePem: string, privateKeyPem: string): void;
  /** Closes every session with this code and reason, then the port. */
  close(code: number, reason: string): Promise<void>;
}

export interface DialOptions {
  /** `https://host:port/path`. */
  readonly url: string;
  /** SHA-256 of the DER certificates that are accepted; others fail the handshake. */
  readonly certificateHashes: readonly Uint8Array[];
  readonly limits: TransportLimits;
}
