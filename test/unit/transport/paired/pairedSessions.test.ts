import { describe, expect, it } from 'vitest';
import {
  type BidirectionalStream,
  type MediaSession,
  type ReceiveStream,
  SendOutcome,
  type SessionClose,
  StreamClosedError,
} from '../../../../media-node/transport/MediaSession.ts';
import { createSessionPair } from '../../../../media-node/transport/paired/pairedSessions.ts';

interface Record {
  readonly datagrams: Uint8Array[];
  readonly bidirectional: BidirectionalStream[];
  readonly incoming: ReceiveStream[];
  readonly closes: SessionClose[];
}

function record(session: MediaSession): Record {
  const seen: Record = { datagrams: [], bidirectional: [], incoming: [], closes: [] };
  session.setHandlers({
    onDatagram: (bytes, at) => seen.datagrams.push(bytes.subarray(at)),
    onBidirectionalStream: (stream) => seen.bidirectional.push(stream),
    onReceiveStream: (stream) => seen.incoming.push(stream),
    onClose: (close) => seen.closes.push(close),
  });
  return seen;
}

/** Lets everything that is already on its way arrive. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('createSessionPair', () => {
  it('MH-1 delivers what was sent, later than the call and as a copy', async () => {
    const { client, server } = createSessionPair();
    const seen = record(server);
    const bytes = Uint8Array.of(0, 1, 2, 3);
    expect(client.sendDatagram(bytes, 1)).toBe(SendOutcome.sent);
    bytes[1] = 99;
    expect(seen.datagrams).toEqual([]);
    await settle();
    expect(seen.datagrams).toEqual([Uint8Array.of(1, 2, 3)]);
  });

  it('MH-4 lets a peer that stopped reading have as much in flight as the bound says, and no more', async () => {
    const { client, server } = createSessionPair({ maxDatagramsInFlight: 3 });
    const seen = record(server);
    server.hold();
    const outcomes = [1, 2, 3, 4, 5].map((value) => client.sendDatagram(Uint8Array.of(0, value), 1));
    await settle();
    expect(outcomes).toEqual([0, 0, 0, SendOutcome.congested, SendOutcome.congested]);
    expect(client.datagramsInFlight).toBe(3);
    expect(seen.datagrams).toEqual([]);
    server.release();
    await settle();
    expect(client.datagramsInFlight).toBe(0);
    expect(seen.datagrams.map((bytes) => bytes[0])).toEqual([1, 2, 3]);
  });

  it('MH-10 holds a writer back when the reader is a window behind', async () => {
    const { client, server } = createSessionPair({ streamWindowBytes: 4 });
    const seen = record(server);
    const stream = await client.openSendStream();
    let written = false;
    const writing = stream.write(new Uint8Array(6)).then(() => {
      written = true;
    });
    await settle();
    expect(written).toBe(false);
    expect((await seen.incoming[0]?.read())?.length).toBe(4);
    await writing;
    expect((await seen.incoming[0]?.read())?.length).toBe(2);
  });

  it('keeps a held peer from reading a stream until it is released', async () => {
    const { client, server } = createSessionPair();
    const seen = record(server);
    const stream = await client.openSendStream();
    await settle();
    server.hold();
    await stream.write(Uint8Array.of(7));
    let read: Uint8Array | undefined;
    const reading = seen.incoming[0]?.read().then((bytes) => {
      read = bytes;
    });
    await settle();
    expect(read).toBeUndefined();
    server.release();
    await reading;
    expect(read).toEqual(Uint8Array.of(7));
  });

  it('MH-10 refuses a stream over the bound and takes one again when an earlier one was read to its end', async () => {
    const { client, server } = createSessionPair({ maxIncomingStreams: 1 });
    const seen = record(server);
    const first = await client.openSendStream();
    await expect(client.openSendStream()).rejects.toThrow(StreamClosedError);
    await first.close();
    await settle();
    expect(await seen.incoming[0]?.read()).toBeUndefined();
    await client.openSendStream();
  });

  it('delivers nothing before setHandlers, and all of it after', async () => {
    const { client, server } = createSessionPair();
    client.sendDatagram(Uint8Array.of(0, 5), 1);
    client.close(4404, 'No such meeting');
    await settle();
    const seen = record(server);
    await settle();
    expect(seen.closes).toEqual([{ code: 4404, reason: 'No such meeting', by: 'remote' }]);
  });

  it('tells both ends of a lost path, without a code', async () => {
    const { client, server } = createSessionPair();
    const [one, other] = [record(client), record(server)];
    client.lose();
    await settle();
    expect(one.closes).toEqual([{ code: undefined, reason: 'Connection lost', by: 'lost' }]);
    expect(other.closes).toEqual(one.closes);
  });
});
