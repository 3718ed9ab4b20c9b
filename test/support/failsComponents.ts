// Somebody else's client of WebTransport over HTTP/2, behind our seam: what only our own two ends agree on does not pass it.
// Importing the package opens nothing in Node; it prints that its optional HTTP/3 engine is not installed.
import type { ClientBidirectionalStream, TransportCloseInfo } from '../../client/core/transport.ts';
import {
  DATAGRAM_PREFIX_BYTES,
  DialError,
  type DialOptions,
  type MediaSession,
  type ReceiveStream,
  SendOutcome,
  type SendStream,
  type SessionClose,
  type SessionHandlers,
  StreamClosedError,
} from '../../media-node/transport/MediaSession.ts';
import { nextSessionId } from '../../media-node/transport/sessionId.ts';

/** What is used of the package. Its own types contradict those of the DOM, so that it is imported without them. */
interface PackageTransport {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<TransportCloseInfo>;
  readonly datagrams: {
    readonly readable: ReadableStream<Uint8Array>;
    createWritable(): WritableStream<Uint8Array>;
  };
  readonly incomingBidirectionalStreams: ReadableStream<ClientBidirectionalStream>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  createBidirectionalStream(): Promise<ClientBidirectionalStream>;
  createUnidirectionalStream(): Promise<WritableStream<Uint8Array>>;
  close(info: TransportCloseInfo): void;
}

interface Package {
  readonly WebTransport: new (url: string, options: object) => PackageTransport;
}

const PACKAGE: string = '@fails-components/webtransport';

/** Codes are in the text of the package's errors. */
const CODE = /code:(\d+)/;

/** Throws DialError, without the status, which the package does not tell. */
export async function dialFailsComponents(options: DialOptions): Promise<MediaSession> {
  const { WebTransport } = (await import(PACKAGE)) as Package;
  const transport = new WebTransport(options.url, {
    // HTTP/2.
    forceReliable: true,
    serverCertificateHashes: options.certificateHashes.map((value) => ({
      algorithm: 'sha-256',
      value: Buffer.from(value),
    })),
  });
  transport.closed.catch(() => undefined);
  await transport.ready.catch((cause: unknown) => {
    throw new DialError(`No session with ${options.url}`, undefined, { cause });
  });
  return new FailsComponentsSession(transport, options);
}

class FailsComponentsSession implements MediaSession {
  readonly id = nextSessionId();
  readonly remoteAddress: string;
  readonly path: string;
  readonly origin = undefined;
  readonly maxDatagramBytes = 1_200;
  readonly datagramsInFlight = 0;
  readonly maxDatagramsInFlight: number;
  readonly closed: Promise<SessionClose>;
  readonly #transport: PackageTransport;
  readonly #datagrams: WritableStreamDefaultWriter<Uint8Array>;
  #close: SessionClose | undefined;

  constructor(transport: PackageTransport, options: DialOptions) {
    const url = new URL(options.url);
    this.#transport = transport;
    this.remoteAddress = url.host;
    this.path = url.pathname + url.search;
    this.maxDatagramsInFlight = options.limits.maxDatagramsInFlight;
    this.#datagrams = transport.datagrams.createWritable().getWriter();
    this.#datagrams.closed.catch(() => undefined);
    this.closed = transport.closed.then(
      ({ closeCode, reason }): SessionClose =>
        (this.#close ??= { code: closeCode, reason: reason ?? '', by: 'remote' }),
      (error: unknown): SessionClose =>
        (this.#close ??= { code: undefined, reason: String(error), by: 'lost' }),
    );
  }

  setHandlers(handlers: SessionHandlers): void {
    const { datagrams, incomingBidirectionalStreams, incomingUnidirectionalStreams } = this.#transport;
    void forEach(datagrams.readable, (payload) => {
      const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + payload.length);
      bytes.set(payload, DATAGRAM_PREFIX_BYTES);
      handlers.onDatagram(bytes, DATAGRAM_PREFIX_BYTES);
    });
    void forEach(incomingBidirectionalStreams, (stream) =>
      handlers.onBidirectionalStream({
        receive: receiveOf(stream.readable),
        send: this.#sendOf(stream.writable),
      }),
    );
    void forEach(incomingUnidirectionalStreams, (stream) => handlers.onReceiveStream(receiveOf(stream)));
    void this.closed.then((close) => handlers.onClose(close));
  }

  sendDatagram(bytes: Uint8Array, at: number): SendOutcome {
    if (this.#close !== undefined) return SendOutcome.closed;
    if (bytes.length - at > this.maxDatagramBytes) return SendOutcome.tooLarge;
    this.#datagrams.write(bytes.slice(at)).catch(() => undefined);
    return SendOutcome.sent;
  }

  async openSendStream(): Promise<SendStream> {
    return this.#sendOf(await this.#guard(() => this.#transport.createUnidirectionalStream()));
  }

  async openBidirectionalStream() {
    const stream = await this.#guard(() => this.#transport.createBidirectionalStream());
    return { receive: receiveOf(stream.readable), send: this.#sendOf(stream.writable) };
  }

  close(code: number, reason: string): void {
    if (this.#close !== undefined) return;
    this.#close = { code, reason, by: 'local' };
    this.#transport.close({ closeCode: code, reason });
  }

  #sendOf(writable: WritableStream<Uint8Array>): SendStream {
    const writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    // The package leaves a write that waits for its window as it is when the session ends.
    const over = this.closed.then((): never => {
      throw new StreamClosedError('Session is closed');
    });
    over.catch(() => undefined);
    const run = async (action: () => Promise<void>): Promise<void> => {
      const running = action();
      running.catch(() => undefined);
      try {
        await Promise.race([running, over]);
      } catch (error) {
        throw streamClosed(error);
      }
    };
    return {
      write: (bytes) => run(() => writer.write(bytes.slice())),
      close: () => run(() => writer.close()),
      reset: (code) => void writer.abort({ code }).catch(() => undefined),
    };
  }

  async #guard<T>(open: () => Promise<T>): Promise<T> {
    if (this.#close !== undefined) throw new StreamClosedError('Session is closed');
    try {
      return await open();
    } catch (error) {
      throw streamClosed(error);
    }
  }
}

function receiveOf(readable: ReadableStream<Uint8Array>): ReceiveStream {
  const reader = readable.getReader();
  reader.closed.catch(() => undefined);
  let stopped: StreamClosedError | undefined;
  return {
    read: async () => {
      if (stopped !== undefined) throw stopped;
      const { value } = await reader.read().catch((error: unknown) => {
        throw streamClosed(error);
      });
      if (stopped !== undefined) throw stopped;
      return value;
    },
    stop: (code) => {
      if (stopped !== undefined) return;
      stopped = new StreamClosedError('Reading the stream was stopped here', code);
      reader.cancel({ code }).catch(() => undefined);
    },
  };
}

function streamClosed(error: unknown): StreamClosedError {
  if (error instanceof StreamClosedError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = CODE.exec(message)?.[1];
  return new StreamClosedError(message, code === undefined ? undefined : Number(code), { cause: error });
}

async function forEach<T>(readable: ReadableStream<T>, action: (item: T) => void): Promise<void> {
  try {
    for await (const item of readable) action(item);
  } catch {
    // The session is over, and `closed` says how.
  }
}
