// A ClientTransport (the W3C WebTransport that the SDK speaks to) over a MediaSession, so that the SDK runs where there
// is no WebTransport of the platform's own: in the load client and in system tests, over our own HTTP/3 client.
import { pushable, readableOf, writableOf } from '../../client/core/tcp/webStreams.ts';
import type {
  ClientBidirectionalStream,
  ClientTransport,
  TransportCloseInfo,
} from '../../client/core/transport.ts';
import { DATAGRAM_PREFIX_BYTES, type MediaSession } from '../../media-node/transport/MediaSession.ts';

/** Datagrams kept for a reader that is busy; past it the newest are dropped. */
const MAX_WAITING_DATAGRAMS = 4_096;
/** Streams opened by the peer that wait to be read; further ones are refused. */
const MAX_WAITING_STREAMS = 256;
const CANCELLED = 0;

export function sessionTransport(dialing: Promise<MediaSession>): ClientTransport {
  const datagrams = pushable<Uint8Array>(MAX_WAITING_DATAGRAMS);
  const streams = pushable<ReadableStream<Uint8Array>>(MAX_WAITING_STREAMS);
  const closed = Promise.withResolvers<TransportCloseInfo>();
  closed.promise.catch(() => undefined);

  const ready = dialing.then((session) => {
    session.setHandlers({
      onDatagram: (bytes, at) => {
        datagrams.push(bytes.subarray(at));
      },
      onBidirectionalStream: (stream) => {
        stream.receive.stop(CANCELLED);
        stream.send.reset(CANCELLED);
      },
      onReceiveStream: (stream) => {
        if (!streams.push(readableOf(stream))) stream.stop(CANCELLED);
      },
      onClose: (close) => {
        datagrams.close();
        streams.close();
        if (close.by === 'lost') closed.reject(new Error(`Connection lost: ${close.reason}`));
        else closed.resolve({ closeCode: close.code ?? 0, reason: close.reason });
      },
    });
    return session;
  });
  ready.catch((error: unknown) => closed.reject(error));

  let current: MediaSession | undefined;
  void ready.then(
    (session) => {
      current = session;
    },
    () => undefined,
  );

  return {
    ready,
    closed: closed.promise,
    incomingUnidirectionalStreams: streams.readable,
    datagrams: {
      readable: datagrams.readable,
      writable: new WritableStream<Uint8Array>({
        write: async (payload) => {
          const session = current ?? (await ready);
          const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + payload.length);
          bytes.set(payload, DATAGRAM_PREFIX_BYTES);
          session.sendDatagram(bytes, DATAGRAM_PREFIX_BYTES);
        },
      }),
      get maxDatagramSize() {
        return current?.maxDatagramBytes ?? 0;
      },
    },
    createBidirectionalStream: async (): Promise<ClientBidirectionalStream> => {
      const { receive, send } = await (await ready).openBidirectionalStream();
      return { readable: readableOf(receive), writable: writableOf(send) };
    },
    createUnidirectionalStream: async () => writableOf(await (await ready).openSendStream()),
    close: (info) => {
      void ready.then(
        (session) => session.close(info?.closeCode ?? 0, info?.reason ?? ''),
        () => undefined,
      );
    },
  };
}
