// A WebTransport session over a WebSocket, for networks that block UDP (protocol document, "Sessions over TCP"): each message
// is one capsule. Has the shape of the runtime's own WebTransport, so that nothing above knows the difference.
import { CapsuleMux } from '../../../shared/webtransport/CapsuleMux.ts';
import {
  CapsuleType,
  MAX_CAPSULE_BYTES,
  MAX_DATAGRAM_BYTES,
  WEBSOCKET_PROTOCOL,
} from '../../../shared/webtransport/capsuleTypes.ts';
import { encodeCloseValue } from '../../../shared/webtransport/closeValue.ts';
import { StreamClosedError } from '../../../shared/webtransport/StreamClosedError.ts';
import { encodeVarint, readVarint, varintLength } from '../../../shared/webtransport/varint.ts';
import type { Timers } from '../timers.ts';
import type { ClientBidirectionalStream, ClientTransport, TransportCloseInfo } from '../transport.ts';
import { pushable, readableOf, writableOf } from './webStreams.ts';

/** Datagrams that wait for a page that is busy; past it the newest are lost. */
const MAX_WAITING_DATAGRAMS = 256;
/** Streams of the server that are open at once; a handler opens one for each key frame. */
const MAX_INCOMING_STREAMS = 64;
/** Nothing is handed to the runtime while it holds more than this, bytes: what it holds, newer sound would wait behind. */
const MAX_BUFFERED_BYTES = 65_536;
/** The runtime does not say when it holds less: it is asked this often, ms. */
const DRAIN_POLL_MS = 5;
/** The server says something at least every 3 s; a runtime by itself notices a dead path after minutes. */
const MAX_SILENCE_MS = 13_000;
const SILENCE_CHECKS = 4;

export interface WebSocketTransportOptions {
  /** `wss://` URL. */
  readonly url: string;
  readonly timers: Timers;
}

export class WebSocketTransport implements ClientTransport {
  readonly ready: Promise<void>;
  readonly closed: Promise<TransportCloseInfo>;
  readonly datagrams;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  readonly #socket: WebSocket;
  readonly #timers: Timers;
  readonly #mux: CapsuleMux;
  readonly #opened = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<TransportCloseInfo>();
  readonly #incomingDatagrams = pushable<Uint8Array>(MAX_WAITING_DATAGRAMS);
  readonly #incomingStreams = pushable<ReadableStream<Uint8Array>>(MAX_INCOMING_STREAMS);
  #drained: PromiseWithResolvers<void> | undefined;
  #stopChecks: () => void = () => undefined;
  #silentChecks = 0;
  #over = false;

  /** @throws SyntaxError for a malformed URL. */
  constructor({ url, timers }: WebSocketTransportOptions) {
    this.#timers = timers;
    this.ready = this.#opened.promise;
    this.closed = this.#ended.promise;
    // Whoever looks at neither has lost nothing.
    this.ready.catch(() => undefined);
    this.closed.catch(() => undefined);
    this.incomingUnidirectionalStreams = this.#incomingStreams.readable;
    this.datagrams = {
      readable: this.#incomingDatagrams.readable,
      writable: new WritableStream<Uint8Array>({ write: (bytes) => this.#sendDatagram(bytes) }),
      maxDatagramSize: MAX_DATAGRAM_BYTES,
    };
    const isWritable = (): boolean => this.#writable();
    this.#mux = new CapsuleMux({
      role: 'client',
      channel: {
        get writable() {
          return isWritable();
        },
        send: (type, head, body) => this.#send(type, head, body),
      },
      maxIncomingUnidirectional: MAX_INCOMING_STREAMS,
      maxIncomingBidirectional: 0,
      onReceiveStream: (stream) => {
        if (!this.#incomingStreams.push(readableOf(stream))) stream.stop(0);
      },
      onBidirectionalStream: () => undefined,
      onClose: ({ code, reason }) => this.#end({ closeCode: code, reason }),
    });
    this.#socket = new WebSocket(url, WEBSOCKET_PROTOCOL);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => this.#onOpen());
    this.#socket.addEventListener('message', ({ data }) => this.#onMessage(data));
    this.#socket.addEventListener('close', () => this.#lose('Connection lost'));
  }

  async createBidirectionalStream(): Promise<ClientBidirectionalStream> {
    const { receive, send } = await this.#mux.openBidirectional();
    return { readable: readableOf(receive), writable: writableOf(send) };
  }

  async createUnidirectionalStream(): Promise<WritableStream<Uint8Array>> {
    return writableOf(await this.#mux.openUnidirectional());
  }

  close(info: TransportCloseInfo = {}): void {
    const { closeCode = 0, reason = '' } = info;
    if (!this.#over && this.#socket.readyState === WebSocket.OPEN)
      this.#send(CapsuleType.closeSession, encodeCloseValue({ code: closeCode, reason }));
    this.#end({ closeCode, reason });
  }

  #onOpen(): void {
    this.#mux.start();
    this.#stopChecks = this.#timers.every(MAX_SILENCE_MS / SILENCE_CHECKS, () => {
      this.#silentChecks++;
      if (this.#silentChecks > SILENCE_CHECKS) this.#lose('Connection timed out');
    });
    this.#opened.resolve();
  }

  #onMessage(data: unknown): void {
    this.#silentChecks = 0;
    if (this.#over) return;
    const fault = data instanceof ArrayBuffer ? this.#onCapsule(new Uint8Array(data)) : 'text';
    if (fault !== undefined) this.#lose(`Server broke the protocol: ${fault}`);
  }

  #onCapsule(message: Uint8Array): string | undefined {
    const type = readVarint(message, 0);
    if (type === undefined) return 'a message without a capsule';
    const value = message.subarray(varintLength(message[0] ?? 0));
    if (value.length > MAX_CAPSULE_BYTES) return 'a capsule over the bound';
    if (type !== CapsuleType.datagram) return this.#mux.push(type, value);
    this.#incomingDatagrams.push(value);
    return undefined;
  }

  /** Resolves when the runtime holds little enough, which is what a caller sees of a path that is full. */
  async #sendDatagram(bytes: Uint8Array): Promise<void> {
    while (!this.#over && !this.#writable()) await this.#drained?.promise;
    if (this.#over) throw new StreamClosedError('Session is closed');
    this.#send(CapsuleType.datagram, bytes);
  }

  #writable(): boolean {
    if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) return true;
    this.#awaitDrain();
    return false;
  }

  #awaitDrain(): void {
    if (this.#drained !== undefined || this.#over) return;
    this.#drained = Promise.withResolvers<void>();
    const stop = this.#timers.every(DRAIN_POLL_MS, () => {
      if (!this.#over && this.#socket.bufferedAmount >= MAX_BUFFERED_BYTES) return;
      stop();
      this.#drained?.resolve();
      this.#drained = undefined;
      this.#mux.resume();
    });
  }

  #send(type: number, head: Uint8Array, body: Uint8Array = new Uint8Array(0)): void {
    const prefix = encodeVarint(type);
    const message = new Uint8Array(prefix.length + head.length + body.length);
    message.set(prefix);
    message.set(head, prefix.length);
    message.set(body, prefix.length + head.length);
    this.#socket.send(message);
  }

  #lose(reason: string): void {
    const failure = new Error(reason);
    this.#finish(reason);
    this.#opened.reject(failure);
    this.#ended.reject(failure);
  }

  #end(info: TransportCloseInfo): void {
    this.#finish(info.reason ?? '');
    this.#opened.reject(new Error('Session was closed before it was open'));
    this.#ended.resolve(info);
  }

  /** Idempotent; what was settled stays as it is. */
  #finish(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopChecks();
    this.#mux.end(new StreamClosedError(`Session is closed: ${reason}`));
    this.#incomingDatagrams.close();
    this.#incomingStreams.close();
    this.#socket.close();
  }
}
