import assert from 'node:assert/strict';
import { type ReceiveStream, StreamClosedError } from '../../../media-node/transport/MediaSession.ts';
import { type ContractCase, pattern, peerOf, readAll } from './harness.ts';

const LARGE_BYTES = 3 * 1024 * 1024;

export const STREAM_CASES: readonly ContractCase[] = [
  ...(['client', 'server'] as const).flatMap((from): ContractCase[] => [
    {
      name: `MH-1 carries a unidirectional stream to its end from the ${from}`,
      run: async (harness) => {
        const [one, other] = peerOf(await harness.connect(), from);
        const stream = await one.session.openSendStream();
        await stream.write(Uint8Array.of(1, 2));
        await stream.write(Uint8Array.of(3));
        await stream.close();
        const incoming = await other.incoming.next();
        assert.deepEqual(await readAll(incoming), Uint8Array.of(1, 2, 3));
        assert.equal(await incoming.read(), undefined);
        await assert.rejects(stream.write(Uint8Array.of(4)), StreamClosedError);
      },
    },
    {
      name: `carries a bidirectional stream both ways that the ${from} opened`,
      run: async (harness) => {
        const [one, other] = peerOf(await harness.connect(), from);
        const outgoing = await one.session.openBidirectionalStream();
        await outgoing.send.write(Uint8Array.of(1));
        const incoming = await other.bidirectional.next();
        assert.deepEqual(await incoming.receive.read(), Uint8Array.of(1));
        await incoming.send.write(Uint8Array.of(2));
        assert.deepEqual(await outgoing.receive.read(), Uint8Array.of(2));
        await outgoing.send.close();
        assert.equal(await incoming.receive.read(), undefined);
        await incoming.send.write(Uint8Array.of(3));
        await incoming.send.close();
        assert.deepEqual(await readAll(outgoing.receive), Uint8Array.of(3));
      },
    },
    {
      name: `announces a stream of the ${from} on which nothing was written`,
      run: async (harness) => {
        const [one, other] = peerOf(await harness.connect(), from);
        await (await one.session.openSendStream()).close();
        assert.equal(await (await other.incoming.next()).read(), undefined);
        await one.session.openBidirectionalStream();
        await other.bidirectional.next();
      },
    },
  ]),
  {
    name: 'carries megabytes whole and in order, however slowly they are read',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const sent = pattern(LARGE_BYTES);
      const stream = await client.session.openSendStream();
      let written = false;
      const writing = (async () => {
        await stream.write(sent);
        await stream.close();
        written = true;
      })();
      const incoming = await server.incoming.next();
      await turns(50);
      assert.equal(written, false, 'the writer is held back while nobody reads');
      assert.deepEqual(await readAll(incoming), sent);
      await writing;
    },
  },
  {
    name: 'MH-4 lets a stream that nobody reads hold up no other',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const stuck = await client.session.openSendStream();
      const stalled = stuck.write(new Uint8Array(LARGE_BYTES)).catch((error: unknown) => error);
      await server.incoming.next();
      const other = await client.session.openSendStream();
      await other.write(pattern(20_000));
      await other.close();
      assert.deepEqual(await readAll(await server.incoming.next()), pattern(20_000));
      client.session.sendDatagram(Uint8Array.of(0, 1), 1);
      await server.datagrams.next();
      client.session.close(0, '');
      assert.ok((await stalled) instanceof StreamClosedError);
    },
  },
  {
    name: 'keeps many streams at once apart',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const count = Math.min(32, harness.maxIncomingStreams);
      const contents = Array.from({ length: count }, (_, index) => pattern(1_000 + index, index + 1));
      const sending = contents.map(async (bytes) => {
        const stream = await client.session.openSendStream();
        await stream.write(bytes);
        await stream.close();
      });
      const seen: Uint8Array[] = [];
      for (let index = 0; index < count; index++) seen.push(await readAll(await server.incoming.next()));
      await Promise.all(sending);
      seen.sort((one, other) => one.length - other.length);
      assert.deepEqual(seen, contents);
    },
  },
  {
    name: 'MH-10 bounds the streams that a peer has open, and takes new ones when old ones ended',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const open = [];
      let refusal: unknown;
      while (refusal === undefined && open.length < harness.maxIncomingStreams + 16) {
        try {
          open.push(await client.session.openSendStream());
        } catch (error) {
          refusal = error;
        }
      }
      assert.ok(refusal instanceof StreamClosedError, `${open.length} streams are open`);
      assert.ok(open.length >= harness.maxIncomingStreams);
      for (const stream of open) {
        await stream.close();
        await readAll(await server.incoming.next());
      }
      await eventually(() => client.session.openSendStream());
    },
  },
  {
    name: 'ends a stream at the reader when the writer resets it',
    run: async (harness) => {
      const { outgoing, incoming } = await openPair(harness);
      outgoing.reset(3);
      outgoing.reset(4);
      await assert.rejects(outgoing.write(Uint8Array.of(1)), StreamClosedError);
      const end = await readAll(incoming).catch((error: unknown) => error);
      assert.ok(end instanceof StreamClosedError || (end instanceof Uint8Array && end.length === 0));
    },
  },
  {
    name: 'tells the reader the code of a reset',
    needs: 'streamCodes',
    run: async (harness) => {
      const { outgoing, incoming } = await openPair(harness);
      outgoing.reset(3);
      await assert.rejects(readAll(incoming), { name: 'StreamClosedError', code: 3 });
    },
  },
  {
    name: 'ends a stream at the writer when the reader stops it',
    run: async (harness) => {
      const { outgoing, incoming } = await openPair(harness);
      const reading = incoming.read();
      incoming.stop(4);
      incoming.stop(5);
      await assert.rejects(reading, StreamClosedError);
      await assert.rejects(incoming.read(), StreamClosedError);
      await assert.rejects(async () => {
        for (;;) await outgoing.write(new Uint8Array(1_000));
      }, StreamClosedError);
    },
  },
  {
    name: 'tells the writer the code of a stop',
    needs: 'streamCodes',
    run: async (harness) => {
      const { outgoing, incoming } = await openPair(harness);
      incoming.stop(4);
      await assert.rejects(
        async () => {
          for (;;) await outgoing.write(new Uint8Array(1_000));
        },
        { name: 'StreamClosedError', code: 4 },
      );
    },
  },
];

/** A stream on which one byte was written and read. */
async function openPair(harness: Parameters<ContractCase['run']>[0]) {
  const [client, server] = peerOf(await harness.connect(), 'client');
  const outgoing = await client.session.openSendStream();
  await outgoing.write(Uint8Array.of(9));
  const incoming: ReceiveStream = await server.incoming.next();
  assert.deepEqual(await incoming.read(), Uint8Array.of(9));
  return { outgoing, incoming };
}

/** Lets the event loop turn this often. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** Tries until it works; the case's own time-out ends it. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
