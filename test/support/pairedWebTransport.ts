// Two ends of a W3C WebTransport session in one process: what one writes the other reads. Behaves as an engine does where
// the SDK can tell: chunks are copied, streams end and abort, datagrams may be lost, closing ends everything.
import type {
  ClientBidirectionalStream,
  ClientTransport,
  TransportCloseInfo,
} from '../../client/core/transport.ts';

/** Datagrams kept for a reader that is busy; past it the newest are lost. */
const MAX_WAITING_DATAGRAMS = 1_024;
const MAX_DATAGRAM_BYTES = 1_200;

/** One end; a server's end also hears of streams that the client opens. */
export interface PairedTransport extends ClientTransport {
  readonly incomingBidirectionalStreams: ReadableStream<ClientBidirectionalStream>;
}

export interface PairOptions {
  /** Called for each datagram, with how to deliver it: not at all, twice, later. Delivers at once by default. */
  readonly onDatagram?: (from: 'client' | 'server', bytes: Uint8Array, deliver: () => void) => void;
  /** Makes `ready` of the client reject. */
  readonly refuse?: boolean;
}

export interface TransportPair {
  readonly client: PairedTransport;
  readonly server: PairedTransport;
  /** Ends both as a broken path does: `closed` rejects. */
  lose(): void;
}

export function pairWebTransports(options: PairOptions = {}): TransportPair {
  const toServer = new Direction();
  const toClient = new Direction();
  const closedAtClient = Promise.withResolvers<TransportCloseInfo>();
  const closedAtServer = Promise.withResolvers<TransportCloseInfo>();
  for (const { promise } of [closedAtClient, closedAtServer]) promise.catch(() => undefined);
  let over = false;
  const endStreams = (): void => {
    over = true;
    toServer.end();
    toClient.end();
  };
  const close = (info: TransportCloseInfo | undefined): void => {
    if (over) return;
    endStreams();
    const seen = { closeCode: info?.closeCode ?? 0, reason: info?.reason ?? '' };
    closedAtClient.resolve(seen);
    closedAtServer.resolve(seen);
  };
  const refusal = new Error('Opening handshake failed');
  const ready = options.refuse ? Promise.reject(refusal) : Promise.resolve();
  ready.catch(() => {
    endStreams();
    closedAtClient.reject(refusal);
  });

  const end = (
    from: 'client' | 'server',
    outward: Direction,
    inward: Direction,
    closed: Promise<TransportCloseInfo>,
  ): PairedTransport => ({
    ready,
    closed,
    datagrams: {
      readable: inward.datagrams.readable,
      maxDatagramSize: MAX_DATAGRAM_BYTES,
      writable: new WritableStream<Uint8Array>({
        write: (bytes) => {
          const copy = bytes.slice();
          const deliver = (): void => outward.datagrams.push(copy);
          if (options.onDatagram === undefined) deliver();
          else options.onDatagram(from, copy, deliver);
        },
      }),
    },
    incomingUnidirectionalStreams: inward.streams.readable,
    incomingBidirectionalStreams: inward.bidirectional.readable,
    createUnidirectionalStream: async () => {
      const pipe = outward.pipe();
      outward.streams.push(pipe.readable);
      return pipe.writable;
    },
    createBidirectionalStream: async () => {
      const there = outward.pipe();
      const back = inward.pipe();
      outward.bidirectional.push({ readable: there.readable, writable: back.writable });
      return { readable: back.readable, writable: there.writable };
    },
    close,
  });

  return {
    client: end('client', toServer, toClient, closedAtClient.promise),
    server: end('server', toClient, toServer, closedAtServer.promise),
    lose: () => {
      if (over) return;
      endStreams();
      const lost = new Error('Connection lost');
      closedAtClient.reject(lost);
      closedAtServer.reject(lost);
    },
  };
}

/** Everything that goes one way. */
class Direction {
  readonly datagrams = pushable<Uint8Array>(MAX_WAITING_DATAGRAMS);
  readonly streams = pushable<ReadableStream<Uint8Array>>(Number.POSITIVE_INFINITY);
  readonly bidirectional = pushable<ClientBidirectionalStream>(Number.POSITIVE_INFINITY);
  readonly #abort = new AbortController();

  /** A byte stream whose chunks are copied and which the end of the session breaks. */
  pipe(): { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> } {
    const copy = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => controller.enqueue(chunk.slice()),
    });
    const source = new TransformStream<Uint8Array, Uint8Array>();
    source.readable.pipeTo(copy.writable, { signal: this.#abort.signal }).catch(() => undefined);
    return { readable: copy.readable, writable: source.writable };
  }

  end(): void {
    this.#abort.abort(new Error('The session is over'));
    this.datagrams.close();
    this.streams.close();
    this.bidirectional.close();
  }
}

interface Pushable<T> {
  readonly readable: ReadableStream<T>;
  push(value: T): void;
  close(): void;
}

function pushable<T>(bound: number): Pushable<T> {
  let controller: ReadableStreamDefaultController<T> | undefined;
  let open = true;
  const readable = new ReadableStream<T>(
    {
      start: (given) => {
        controller = given;
      },
      cancel: () => {
        open = false;
      },
    },
    { highWaterMark: bound },
  );
  return {
    readable,
    push: (value) => {
      if (open && (controller?.desiredSize ?? 0) > 0) controller?.enqueue(value);
    },
    close: () => {
      if (open) controller?.close();
      open = false;
    },
  };
}
