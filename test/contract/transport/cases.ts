// What every transport behind the seam must do (media-node/transport/MediaSession.ts), free of any test framework, so that
// the same cases run in vitest and in the Deno binary.
import assert from 'node:assert/strict';
import { SendOutcome, StreamClosedError } from '../../../media-node/transport/MediaSession.ts';
import { DATAGRAM_CASES } from './datagramCases.ts';
import { type ContractCase, type ContractPair, peerOf } from './harness.ts';
import { STREAM_CASES } from './streamCases.ts';

const LIFE_CASES: readonly ContractCase[] = [
  {
    name: 'shows the request path with its query at both ends',
    run: async (harness) => {
      const { client, server } = await harness.connect('/meetings/7?as=x');
      assert.ok(client.path.endsWith('/meetings/7?as=x'), client.path);
      assert.equal(server.path, client.path);
      assert.equal(server.origin, undefined);
      assert.match(server.remoteAddress, /.:./);
      assert.notEqual(client.id, server.id);
    },
  },
  ...(['client', 'server'] as const).map(
    (end): ContractCase => ({
      name: `tells the other end code and reason when the ${end} closes`,
      run: async (harness) => {
        const pair = await harness.connect();
        const [one, other] = peerOf(pair, end);
        one.session.close(4403, 'Removed by the host: Zoë');
        assert.deepEqual(await other.closed, {
          code: 4403,
          reason: 'Removed by the host: Zoë',
          by: 'remote',
        });
        assert.deepEqual(await one.closed, { code: 4403, reason: 'Removed by the host: Zoë', by: 'local' });
        assert.deepEqual(await one.session.closed, await one.closed);
        assert.equal(one.closes + other.closes, 2);
      },
    }),
  ),
  {
    name: 'closes with code 0 and no reason',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      client.session.close(0, '');
      assert.deepEqual(await server.closed, { code: 0, reason: '', by: 'remote' });
    },
  },
  {
    name: 'MH-10 cuts a reason over 1,024 bytes at a character',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      const reason = 'ü'.repeat(800);
      server.session.close(4500, reason);
      const seen = (await client.closed).reason;
      assert.equal(seen, 'ü'.repeat(512));
    },
  },
  {
    name: 'closes once, however often it is asked',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      client.session.close(1, 'first');
      client.session.close(2, 'second');
      assert.equal((await server.closed).code, 1);
      client.session.close(3, 'third');
      assert.equal((await client.closed).code, 1);
      assert.equal(client.closes, 1);
      assert.equal(server.closes, 1);
    },
  },
  {
    name: 'lets both ends close at the same time',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      client.session.close(1, 'client');
      server.session.close(2, 'server');
      assert.deepEqual(await client.closed, { code: 1, reason: 'client', by: 'local' });
      assert.deepEqual(await server.closed, { code: 2, reason: 'server', by: 'local' });
    },
  },
  {
    name: 'MH-4 sends nothing more after a close, and says so',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      client.session.close(0, '');
      assert.equal(client.session.sendDatagram(Uint8Array.of(0, 1), 1), SendOutcome.closed);
      await assert.rejects(client.session.openSendStream(), StreamClosedError);
      await assert.rejects(client.session.openBidirectionalStream(), StreamClosedError);
      await server.closed;
      assert.equal(server.session.sendDatagram(Uint8Array.of(0, 1), 1), SendOutcome.closed);
      await assert.rejects(server.session.openSendStream(), StreamClosedError);
      assert.equal(server.datagrams.waiting, 0);
    },
  },
  {
    name: 'ends the reads and writes of both ends when it is closed',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      const outgoing = await client.session.openBidirectionalStream();
      await outgoing.send.write(Uint8Array.of(1));
      const incoming = await server.bidirectional.next();
      assert.deepEqual(await incoming.receive.read(), Uint8Array.of(1));
      const reads = [outgoing.receive.read(), incoming.receive.read()].map((read) =>
        read.then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      server.session.close(4503, 'Node is going away');
      for (const error of await Promise.all(reads)) assert.ok(error instanceof StreamClosedError, `${error}`);
      await client.closed;
      await assert.rejects(outgoing.send.write(Uint8Array.of(2)), StreamClosedError);
      await assert.rejects(incoming.send.write(Uint8Array.of(2)), StreamClosedError);
      await assert.rejects(outgoing.send.close(), StreamClosedError);
      outgoing.send.reset(0);
      outgoing.receive.stop(0);
    },
  },
  {
    name: 'MH-4 survives a close in the middle of sending',
    run: async (harness) => {
      const { client, server } = observed(await harness.connect());
      const stream = await client.session.openSendStream();
      const endless = (async () => {
        for (;;) await stream.write(new Uint8Array(10_000));
      })();
      const ended = endless.catch((error: unknown) => error);
      await server.incoming.next();
      for (let sent = 0; sent < 40; sent++) client.session.sendDatagram(new Uint8Array(500), 1);
      server.session.close(4404, 'Meeting has ended');
      assert.ok((await ended) instanceof StreamClosedError);
      assert.equal((await client.closed).code, 4404);
    },
  },
  {
    name: 'keeps what came before handlers were set',
    run: async (harness) => {
      const { client, server } = await harness.connect();
      const sender = await client.openSendStream();
      await sender.write(Uint8Array.of(3));
      client.sendDatagram(Uint8Array.of(0, 4), 1);
      const late = observed({ client, server }).server;
      assert.deepEqual(await (await late.incoming.next()).read(), Uint8Array.of(3));
      assert.deepEqual((await late.datagrams.next()).payload, Uint8Array.of(4));
    },
  },
  {
    name: 'refuses a request with its status',
    needs: 'refusal',
    run: async (harness) => {
      for (const status of [403, 404, 429, 503]) {
        await assert.rejects(harness.connectRefused(status), { name: 'DialError', status });
      }
    },
  },
];

export const CASES: readonly ContractCase[] = [...DATAGRAM_CASES, ...STREAM_CASES, ...LIFE_CASES];

function observed(pair: ContractPair) {
  const [client, server] = peerOf(pair, 'client');
  return { client, server };
}
