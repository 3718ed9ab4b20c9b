// The part of Deno's unstable QUIC interface that this transport uses (Deno 2.9, --unstable-net). Read from the global
// object, so that the modules above load in Node as well, where they cannot be run.

export interface QuicAddress {
  readonly hostname: string;
  readonly port: number;
}

export interface QuicTransportOptions {
  /** ms. */
  readonly keepAliveInterval: number;
  /** ms. */
  readonly maxIdleTimeout: number;
  readonly maxConcurrentBidirectionalStreams: number;
  readonly maxConcurrentUnidirectionalStreams: number;
  readonly congestionControl: 'throughput' | 'low-latency' | 'default';
}

export interface QuicCloseInfo {
  readonly closeCode: number;
  readonly reason: string;
}

export type QuicSendStream = WritableStream<Uint8Array>;

export interface QuicReceiveStream extends ReadableStream<Uint8Array<ArrayBuffer>> {
  readonly id: bigint;
}

export interface QuicBidirectionalStream {
  readonly readable: QuicReceiveStream;
  readonly writable: QuicSendStream;
}

export interface QuicConnection {
  readonly remoteAddr: QuicAddress;
  /** Resolves when the handshake is over, well or not; rejects on some of the ways in which it is not. */
  readonly handshake: Promise<unknown>;
  /** Resolves on a close with a code, rejects on time-out and other losses. */
  readonly closed: Promise<QuicCloseInfo>;
  readonly incomingBidirectionalStreams: ReadableStream<QuicBidirectionalStream>;
  readonly incomingUnidirectionalStreams: ReadableStream<QuicReceiveStream>;
  readonly maxDatagramSize: number;
  close(info: QuicCloseInfo): void;
  createBidirectionalStream(): Promise<QuicBidirectionalStream>;
  createUnidirectionalStream(): Promise<QuicSendStream>;
  /** Copies before it returns; resolves when the engine has taken the datagram, rejects when the connection is over. */
  sendDatagram(data: Uint8Array): Promise<void>;
  readDatagram(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface QuicIncoming {
  /**
   * Any getter of an incoming connection consumes it, so none is declared: accept first, then ask the connection, which
   * with zeroRtt is there before the peer's part of the handshake. Throws for another protocol than ours.
   */
  accept(options: { readonly zeroRtt: true }): QuicConnection;
  accept(): Promise<QuicConnection>;
  refuse(): void;
}

export interface QuicListener {
  incoming(): Promise<QuicIncoming>;
}

export interface QuicEndpoint {
  readonly addr: QuicAddress;
  listen(
    options: QuicTransportOptions & {
      readonly alpnProtocols: readonly string[];
      readonly cert: string;
      readonly key: string;
    },
  ): QuicListener;
  close(info: QuicCloseInfo): void;
}

export interface QuicApi {
  readonly QuicEndpoint: new (options: QuicAddress) => QuicEndpoint;
  connectQuic(
    options: QuicTransportOptions &
      QuicAddress & {
        readonly alpnProtocols: readonly string[];
        readonly serverCertificateHashes: readonly {
          readonly algorithm: 'sha-256';
          readonly value: Uint8Array;
        }[];
      },
  ): Promise<QuicConnection>;
}

/** @throws Error outside Deno, or in a Deno that runs without --unstable-net. */
export function quicApi(): QuicApi {
  const api = (globalThis as { Deno?: Partial<QuicApi> }).Deno;
  if (api?.QuicEndpoint === undefined || api.connectQuic === undefined)
    throw new Error('QUIC needs Deno with --unstable-net: this runtime does not have it');
  return api as QuicApi;
}
