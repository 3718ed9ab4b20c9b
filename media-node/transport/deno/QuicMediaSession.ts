// A WebTransport session on a QUIC connection of its own.
import { H3_NO_ERROR } from '../h3/fault.ts';
import { BIDIRECTIONAL_PREFIX, UNIDIRECTIONAL_PREFIX } from '../h3/streamPrefix.ts';
import {
  type BidirectionalStream,
  DATAGRAM_PREFIX_BYTES,
  type MediaSession,
  SendOutcome,
  type SendStream,
  type SessionClose,
  type SessionHandlers,
  StreamClosedError,
  type TransportCounters,
  type TransportLimits,
} from '../MediaSession.ts';
import { SessionState, sessionOver } from '../SessionState.ts';
import { nextSessionId } from '../sessionId.ts';
import { unlessLate } from '../unlessLate.ts';
import { formatAddress } from './address.ts';
import type { ConnectStream, ConnectStreamEnd } from './ConnectStream.ts';
import type { Http3Connection } from './Http3Connection.ts';
import type { QuicConnection } from './quic.ts';
import { streamClosed } from './streamError.ts';

/** Quarter stream id 0 as a varint: the datagram prefix of the only session on a connection. */
const DATAGRAM_PREFIX = 0x00;
/** Streams that wait for the peer to allow them. */
const MAX_STREAMS_OPENING = 64;
/** How long the peer has to see our close capsule before the connection goes under it. */
const CLOSE_LINGER_MS = 1_000;
/**
 * And how long from there: Chromium ends the stream before it has told the page, and a connection that goes in between
 * turns code and reason into "Connection lost".
 */
const CLOSE_SETTLE_MS = 100;

export interface QuicMediaSessionOptions {
  readonly connection: Http3Connection;
  readonly connectStream: ConnectStream;
  readonly path: string;
  readonly origin: string | undefined;
  readonly limits: TransportLimits;
  readonly counters: TransportCounters;
}

export class QuicMediaSession implements MediaSession {
  readonly id = nextSessionId();
  readonly path: string;
  readonly origin: string | undefined;
  readonly #state: SessionState;
  readonly #connection: Http3Connection;
  readonly #connectStream: ConnectStream;
  readonly #quic: QuicConnection;
  readonly #counters: TransportCounters;
  readonly #gone = Promise.withResolvers<void>();
  /** Every datagram up to this size fits, whatever became of the path since: asking the engine costs a call. */
  readonly #surelyFitsBytes: number;
  #opening = 0;

  constructor(options: QuicMediaSessionOptions) {
    this.path = options.path;
    this.origin = options.origin;
    this.#connection = options.connection;
    this.#connectStream = options.connectStream;
    this.#quic = options.connection.quic;
    this.#state = new SessionState(options.limits, options.counters);
    this.#counters = options.counters;
    this.#surelyFitsBytes = this.#quic.maxDatagramSize;
    this.#connection.answered();
    this.#watch();
  }

  get remoteAddress(): string {
    return formatAddress(this.#quic.remoteAddr);
  }

  get maxDatagramBytes(): number {
    return this.#quic.maxDatagramSize - DATAGRAM_PREFIX_BYTES;
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

  /** Resolves when the QUIC connection is over as well, up to a second after the session. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  setHandlers(handlers: SessionHandlers): void {
    if (!this.#state.setHandlers(handlers)) return;
    this.#connection.attach({
      onReceiveStream: (receiver) => this.#state.deliver(() => handlers.onReceiveStream(receiver)),
      onBidirectionalStream: (receive, send) =>
        this.#state.deliver(() => handlers.onBidirectionalStream({ receive, send })),
    });
    void this.#readDatagrams(handlers);
  }

  sendDatagram(bytes: Uint8Array, at: number): SendOutcome {
    const state = this.#state;
    if (state.close !== undefined) return SendOutcome.closed;
    const sentBytes = bytes.length - at + DATAGRAM_PREFIX_BYTES;
    if (sentBytes > this.#surelyFitsBytes && sentBytes > this.#quic.maxDatagramSize)
      return SendOutcome.tooLarge;
    if (!state.takeDatagram()) return SendOutcome.congested;
    const prefixAt = at - DATAGRAM_PREFIX_BYTES;
    bytes[prefixAt] = DATAGRAM_PREFIX;
    this.#quic
      .sendDatagram(prefixAt === 0 ? bytes : bytes.subarray(prefixAt))
      .then(this.#onDatagramTaken, this.#onDatagramFailed);
    return SendOutcome.sent;
  }

  async openSendStream(): Promise<SendStream> {
    const stream = await this.#open(() => this.#quic.createUnidirectionalStream());
    const sender = this.#connection.adopt(this.#connection.sender(stream));
    await sender.write(UNIDIRECTIONAL_PREFIX);
    return sender;
  }

  async openBidirectionalStream(): Promise<BidirectionalStream> {
    const stream = await this.#open(() => this.#quic.createBidirectionalStream());
    const send = this.#connection.adopt(this.#connection.sender(stream.writable));
    const receive = this.#connection.adopt(this.#connection.receiver(stream.readable));
    await send.write(BIDIRECTIONAL_PREFIX);
    return { receive, send };
  }

  close(code: number, reason: string): void {
    if (this.#end({ code, reason, by: 'local' })) void this.#closeGently(code, reason);
  }

  /** What ends a session besides its owner: the CONNECT stream, the connection, a breach of protocol. */
  #watch(): void {
    void this.#connectStream.end.then((end) => this.#onConnectStreamEnd(end));
    void this.#connection.fault.then((fault) =>
      this.#end({ code: undefined, reason: `Peer broke the protocol: ${fault.message}`, by: 'local' }),
    );
    this.#quic.closed.then(
      ({ reason }) => this.#onConnectionClosed(reason),
      (error: unknown) =>
        this.#onConnectionOver({
          code: undefined,
          reason: error instanceof Error ? error.message : String(error),
          by: 'lost',
        }),
    );
  }

  #onConnectStreamEnd(end: ConnectStreamEnd): void {
    if (end.kind === 'fault') {
      this.#connection.fail(end.fault);
      return;
    }
    // The connection's end says more about a connection that ended, and a close of ours is under way by itself.
    if (end.kind === 'connection' || this.#state.close !== undefined) return;
    if (end.kind === 'closed') this.#end({ ...end.close, by: 'remote' });
    else this.#end({ code: undefined, reason: 'Peer reset the session', by: 'remote' });
    // Browsers leave a closed session's connection to its idle time-out unless the server ends it.
    this.#connection.close(H3_NO_ERROR, '');
  }

  /** Firefox closes the connection right behind the capsule, which is then received and not yet read. */
  async #onConnectionClosed(reason: string): Promise<void> {
    const end = await unlessLate(this.#connectStream.end, CLOSE_SETTLE_MS);
    this.#onConnectionOver(
      end?.kind === 'closed' ? { ...end.close, by: 'remote' } : { code: undefined, reason, by: 'remote' },
    );
  }

  #onConnectionOver(close: SessionClose): void {
    this.#end(close);
    this.#gone.resolve();
  }

  async #closeGently(code: number, reason: string): Promise<void> {
    const seen = this.#connectStream.sendClose({ code, reason }).then(() => this.#connectStream.finished);
    // Closing the connection at once would take the capsule with it.
    await unlessLate(seen, CLOSE_LINGER_MS).catch(() => undefined);
    await unlessLate(this.#gone.promise, CLOSE_SETTLE_MS);
    this.#connection.close(H3_NO_ERROR, '');
  }

  /** False when the session was over already. */
  #end(close: SessionClose): boolean {
    if (!this.#state.end(close)) return false;
    this.#connection.failStreams(sessionOver(close));
    return true;
  }

  async #readDatagrams(handlers: SessionHandlers): Promise<void> {
    try {
      while (this.#state.close === undefined) {
        const bytes = await this.#quic.readDatagram();
        if (bytes[0] !== DATAGRAM_PREFIX) this.#counters.datagramsMalformed++;
        else if (this.#state.close === undefined)
          this.#state.deliverDatagram(handlers, bytes, DATAGRAM_PREFIX_BYTES);
      }
    } catch {
      // The connection is over: #watch sees it, and says how.
    }
  }

  async #open<Stream>(create: () => Promise<Stream>): Promise<Stream> {
    this.#state.assertOpen();
    if (this.#opening >= MAX_STREAMS_OPENING)
      throw new StreamClosedError(`Peer keeps ${MAX_STREAMS_OPENING} streams waiting`);
    this.#opening++;
    try {
      const stream = await create().catch((error: unknown) => {
        throw streamClosed(error);
      });
      this.#state.assertOpen();
      return stream;
    } finally {
      this.#opening--;
    }
  }

  readonly #onDatagramTaken = (): void => {
    this.#state.datagramsTaken(1);
  };

  readonly #onDatagramFailed = (): void => {
    this.#state.datagramsFailed(1);
  };
}
