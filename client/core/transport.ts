// What the SDK uses of the W3C WebTransport interface. Browsers and Deno have it built in; tests and other runtimes give
// their own through a TransportFactory.

/** How a session ended, when it ended with a close of either side. */
export interface TransportCloseInfo {
  readonly closeCode?: number;
  readonly reason?: string;
}

export interface ClientDatagrams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Largest datagram that can be sent now, bytes. */
  readonly maxDatagramSize: number;
}

export interface ClientBidirectionalStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** The part of a W3C WebTransport that the SDK uses; `globalThis.WebTransport` has this shape. */
export interface ClientTransport {
  /** Rejects when the session cannot be made. */
  readonly ready: Promise<unknown>;
  /** Resolves when either side closed the session, rejects when the connection was lost. */
  readonly closed: Promise<TransportCloseInfo>;
  readonly datagrams: ClientDatagrams;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  createBidirectionalStream(): Promise<ClientBidirectionalStream>;
  createUnidirectionalStream(): Promise<WritableStream<Uint8Array>>;
  close(info?: TransportCloseInfo): void;
}

/**
 * Starts a session to `url` with a server that shows one of the certificates whose SHA-256 is given; none given leaves
 * the choice to the runtime's own certificate authorities.
 */
export type TransportFactory = (url: string, certificateHashes: readonly Uint8Array[]) => ClientTransport;

/** Datagrams that the runtime keeps for a page that is busy; past it the oldest are lost. About 0.1 s at 10 Mbit/s. */
const INCOMING_DATAGRAMS = 256;
/**
 * Datagrams that the runtime takes without waiting until they are sent. By default it is one: each then waits for the one
 * before it to go to the network process and back, which on a busy machine makes a queue of most of a second.
 */
const OUTGOING_DATAGRAMS = 32;

/** The runtime has no WebTransport, whatever the server. */
export class NoWebTransportError extends Error {
  override readonly name = 'NoWebTransportError';
}

/** The runtime's own WebTransport. Throws NoWebTransportError, and what its constructor throws (a malformed URL). */
export const webTransport: TransportFactory = (url, certificateHashes) => {
  if (typeof globalThis.WebTransport !== 'function')
    throw new NoWebTransportError('This runtime has no WebTransport');
  const transport = new WebTransport(url, {
    congestionControl: 'low-latency',
    requireUnreliable: true,
    ...(certificateHashes.length > 0 && {
      serverCertificateHashes: certificateHashes.map((hash) => ({
        algorithm: 'sha-256',
        value: new Uint8Array(hash),
      })),
    }),
  });
  widenBuffers(transport.datagrams);
  return transport;
};

/**
 * A runtime keeps one datagram by default: it drops what else comes in while the page is busy. The properties were renamed on
 * their way through the drafts; an engine that has neither, or refuses the value, keeps its default.
 */
function widenBuffers(datagrams: object): void {
  setFirst(datagrams, ['incomingMaxBufferedDatagrams', 'incomingHighWaterMark'], INCOMING_DATAGRAMS);
  setFirst(datagrams, ['outgoingMaxBufferedDatagrams', 'outgoingHighWaterMark'], OUTGOING_DATAGRAMS);
}

/** Sets the first of these properties that is there, or the last. */
function setFirst(datagrams: object, names: readonly [string, string], value: number): void {
  const [current, former] = names;
  try {
    Reflect.set(datagrams, current in datagrams ? current : former, value);
  } catch (error) {
    // Deno 2.9 throws a ReferenceError from its own setter; its reader loses nothing in a tight loop.
    if (!(error instanceof ReferenceError || error instanceof TypeError || error instanceof RangeError))
      throw error;
  }
}
