// One end of a paired session (see pairedSessions.ts).

import { encodeCloseReason } from '../../../shared/webtransport/closeReason.ts';
import {
  type BidirectionalStream,
  DATAGRAM_PREFIX_BYTES,
  SendOutcome,
  type SendStream,
  type SessionClose,
  type SessionHandlers,
  StreamClosedError,
} from '../MediaSession.ts';
import { nextSessionId } from '../sessionId.ts';
import type { PairedSession } from './PairedSession.ts';
import { PairedStream } from './PairedStream.ts';

export interface PairedEndOptions {
  readonly path: string;
  readonly origin: string | undefined;
  readonly remoteAddress: string;
  readonly maxDatagramBytes: number;
  readonly maxDatagramsInFlight: number;
  readonly maxIncomingStreams: number;
  readonly streamWindowBytes: number;
}

type State = { readonly kind: 'open' } | { readonly kind: 'closed'; readonly close: SessionClose };
type Delivery = (handlers: SessionHandlers) => void;

export class PairedEnd implements PairedSession {
  readonly id = nextSessionId();
  readonly remoteAddress: string;
  readonly path: string;
  readonly origin: string | undefined;
  readonly maxDatagramBytes: number;
  readonly maxDatagramsInFlight: number;
  readonly #options: PairedEndOptions;
  readonly #closed = Promise.withResolvers<SessionClose>();
  readonly #streams = new Set<PairedStream>();
  /** What the peer sent and this end has not been given yet; bounded by the peer's own limits. */
  #inbox: Delivery[] = [];
  #draining = false;
  #released: PromiseWithResolvers<void> | undefined;
  #handlers: SessionHandlers | undefined;
  #state: State = { kind: 'open' };
  #peer: PairedEnd | undefined;
  #datagramsInFlight = 0;
  #streamsOpenedHere = 0;

  constructor(options: PairedEndOptions) {
    this.#options = options;
    this.remoteAddress = options.remoteAddress;
    this.path = options.path;
    this.origin = options.origin;
    this.maxDatagramBytes = options.maxDatagramBytes;
    this.maxDatagramsInFlight = options.maxDatagramsInFlight;
  }

  /** Names the other end. Called once, by createSessionPair. */
  connectTo(peer: PairedEnd): void {
    this.#peer = peer;
  }

  get datagramsInFlight(): number {
    return this.#datagramsInFlight;
  }

  get closed(): Promise<SessionClose> {
    return this.#closed.promise;
  }

  setHandlers(handlers: SessionHandlers): void {
    this.#handlers = handlers;
    if (this.#state.kind === 'closed') this.#announceClose(this.#state.close);
    else this.#drainSoon();
  }

  sendDatagram(bytes: Uint8Array, at: number): SendOutcome {
    const peer = this.#peer;
    if (this.#state.kind !== 'open' || peer === undefined) return SendOutcome.closed;
    if (bytes.length - at > this.maxDatagramBytes) return SendOutcome.tooLarge;
    if (this.#datagramsInFlight >= this.maxDatagramsInFlight) return SendOutcome.congested;
    const copy = new Uint8Array(DATAGRAM_PREFIX_BYTES + bytes.length - at);
    copy.set(bytes.subarray(at), DATAGRAM_PREFIX_BYTES);
    this.#datagramsInFlight++;
    peer.#receive((handlers) => {
      this.#datagramsInFlight--;
      handlers.onDatagram(copy, DATAGRAM_PREFIX_BYTES);
    });
    return SendOutcome.sent;
  }

  async openSendStream(): Promise<SendStream> {
    const peer = this.#openPeer();
    const outgoing = this.#makeStream(peer, this.#countStream());
    peer.#receive((handlers) => handlers.onReceiveStream(outgoing.receive));
    return outgoing.send;
  }

  async openBidirectionalStream(): Promise<BidirectionalStream> {
    const peer = this.#openPeer();
    const release = this.#countStream();
    let sidesOpen = 2;
    const onSideDone = (): void => {
      if (--sidesOpen === 0) release();
    };
    const outgoing = this.#makeStream(peer, onSideDone);
    const incoming = peer.#makeStream(this, onSideDone);
    peer.#receive((handlers) =>
      handlers.onBidirectionalStream({ receive: outgoing.receive, send: incoming.send }),
    );
    return { receive: incoming.receive, send: outgoing.send };
  }

  close(code: number, reason: string): void {
    if (this.#state.kind !== 'open') return;
    const peer = this.#peer;
    const carried = new TextDecoder().decode(encodeCloseReason(reason));
    this.#end({ code, reason, by: 'local' });
    if (peer !== undefined) peer.#receive(() => peer.#end({ code, reason: carried, by: 'remote' }));
  }

  hold(): void {
    this.#released ??= Promise.withResolvers<void>();
  }

  release(): void {
    this.#released?.resolve();
    this.#released = undefined;
    this.#drainSoon();
  }

  lose(): void {
    const close: SessionClose = { code: undefined, reason: 'Connection lost', by: 'lost' };
    if (this.#peer !== undefined) this.#peer.#end(close);
    this.#end(close);
  }

  #openPeer(): PairedEnd {
    if (this.#state.kind !== 'open' || this.#peer === undefined)
      throw new StreamClosedError('Session is closed');
    if (this.#streamsOpenedHere >= this.#options.maxIncomingStreams)
      throw new StreamClosedError(
        `Peer takes at most ${this.#options.maxIncomingStreams} streams at once: all are open`,
      );
    return this.#peer;
  }

  #countStream(): () => void {
    this.#streamsOpenedHere++;
    return () => {
      this.#streamsOpenedHere--;
    };
  }

  /** A stream from this end to `reader`. */
  #makeStream(reader: PairedEnd, onDone: () => void): PairedStream {
    const stream = new PairedStream(
      this.#options.streamWindowBytes,
      () => reader.#released?.promise,
      () => {
        this.#streams.delete(stream);
        reader.#streams.delete(stream);
        onDone();
      },
    );
    this.#streams.add(stream);
    reader.#streams.add(stream);
    return stream;
  }

  #receive(delivery: Delivery): void {
    if (this.#state.kind !== 'open') return;
    this.#inbox.push(delivery);
    this.#drainSoon();
  }

  #drainSoon(): void {
    if (this.#draining) return;
    this.#draining = true;
    queueMicrotask(() => {
      this.#draining = false;
      this.#drain();
    });
  }

  #drain(): void {
    while (this.#handlers !== undefined && this.#released === undefined) {
      const delivery = this.#inbox.shift();
      if (delivery === undefined) return;
      delivery(this.#handlers);
    }
  }

  #end(close: SessionClose): void {
    if (this.#state.kind !== 'open') return;
    this.#state = { kind: 'closed', close };
    this.#inbox = [];
    if (this.#peer !== undefined) this.#peer.#datagramsInFlight = 0;
    this.#datagramsInFlight = 0;
    const error = new StreamClosedError(`Session is closed: ${close.reason}`, close.code);
    for (const stream of [...this.#streams]) stream.fail(error);
    queueMicrotask(() => this.#announceClose(close));
  }

  #announceClose(close: SessionClose): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    this.#handlers = undefined;
    handlers.onClose(close);
    this.#closed.resolve(close);
  }
}
