import assert from 'node:assert/strict';
import { DATAGRAM_PREFIX_BYTES, SendOutcome } from '../../../media-node/transport/MediaSession.ts';
import { type ContractCase, pattern, peerOf } from './harness.ts';

export const DATAGRAM_CASES: readonly ContractCase[] = [
  {
    name: 'MH-1 carries a datagram from either end to the other',
    run: async (harness) => {
      for (const from of ['client', 'server'] as const) {
        const [one, other] = peerOf(await harness.connect(), from);
        assert.equal(one.session.sendDatagram(Uint8Array.of(0, 1, 2, 3), 1), SendOutcome.sent);
        assert.deepEqual((await other.datagrams.next()).payload, Uint8Array.of(1, 2, 3));
      }
    },
  },
  {
    name: 'MH-2 hands a datagram over with room for the prefix, so that it goes on as it is',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const payload = pattern(1_000);
      const bytes = new Uint8Array(1_001);
      bytes.set(payload, 1);
      client.session.sendDatagram(bytes, 1);
      const seen = await server.datagrams.next();
      assert.ok(seen.at >= DATAGRAM_PREFIX_BYTES);
      assert.equal(server.session.sendDatagram(seen.bytes, seen.at), SendOutcome.sent);
      assert.deepEqual((await client.datagrams.next()).payload, payload);
    },
  },
  {
    name: 'MH-2 gives the same buffer to several sessions, and it may be changed after the call',
    run: async (harness) => {
      const pairs = [await harness.connect(), await harness.connect()];
      const ends = pairs.map((pair) => peerOf(pair, 'server'));
      const bytes = Uint8Array.of(0, 7, 8, 9);
      for (const [server] of ends) assert.equal(server.session.sendDatagram(bytes, 1), SendOutcome.sent);
      bytes.fill(255);
      for (const [, client] of ends)
        assert.deepEqual((await client.datagrams.next()).payload, Uint8Array.of(7, 8, 9));
    },
  },
  {
    name: 'MH-2 sends from an offset and leaves alone all but the prefix in front of it',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const bytes = Uint8Array.of(11, 12, 13, 14, 15, 16);
      client.session.sendDatagram(bytes, 4);
      assert.deepEqual((await server.datagrams.next()).payload, Uint8Array.of(15, 16));
      assert.deepEqual(bytes.slice(0, 3), Uint8Array.of(11, 12, 13));
      assert.deepEqual(bytes.slice(4), Uint8Array.of(15, 16));
    },
  },
  {
    name: 'carries a datagram without a byte',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      client.session.sendDatagram(new Uint8Array(1), 1);
      assert.equal((await server.datagrams.next()).payload.length, 0);
    },
  },
  {
    name: 'MH-10 takes a datagram of maxDatagramBytes and drops one that is a byte longer than any path takes',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const largest = client.session.maxDatagramBytes;
      assert.ok(largest >= 1_100, `${largest}`);
      assert.equal(client.session.sendDatagram(new Uint8Array(65_536), 1), SendOutcome.tooLarge);
      assert.equal(client.session.sendDatagram(new Uint8Array(1 + largest), 1), SendOutcome.sent);
      assert.equal((await server.datagrams.next()).payload.length, largest);
    },
  },
  {
    name: 'MH-4 counts what is in flight, and has nothing in flight when it is delivered',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      assert.equal(client.session.datagramsInFlight, 0);
      for (let sent = 0; sent < 10; sent++) client.session.sendDatagram(new Uint8Array(100), 1);
      assert.ok(client.session.datagramsInFlight <= 10);
      for (let seen = 0; seen < 10; seen++) await server.datagrams.next();
      await nextTurn();
      assert.equal(client.session.datagramsInFlight, 0);
    },
  },
  {
    name: 'MH-4 takes as many at once as may be in flight, drops the rest as congested, and takes more later',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const bound = harness.maxDatagramsInFlight;
      const burst = Array.from({ length: bound + 20 }, () =>
        client.session.sendDatagram(new Uint8Array(100), 1),
      );
      assert.deepEqual(burst.slice(0, bound), new Array(bound).fill(SendOutcome.sent));
      assert.deepEqual(burst.slice(bound), new Array(20).fill(SendOutcome.congested));
      for (let seen = 0; seen < bound; seen++) await server.datagrams.next();
      await nextTurn();
      assert.equal(client.session.sendDatagram(new Uint8Array(100), 1), SendOutcome.sent);
    },
  },
  {
    name: 'MH-1 keeps up with a thousand datagrams in a row',
    run: async (harness) => {
      const [client, server] = peerOf(await harness.connect(), 'client');
      const seen = new Set<number>();
      for (let sent = 0; sent < 1_000; sent++) {
        const bytes = new Uint8Array(200);
        new DataView(bytes.buffer).setUint32(1, sent);
        assert.equal(client.session.sendDatagram(bytes, 1), SendOutcome.sent);
        const { payload } = await server.datagrams.next();
        seen.add(new DataView(payload.buffer, payload.byteOffset).getUint32(0));
      }
      assert.equal(seen.size, 1_000);
    },
  },
];

/** Past everything that is already due. */
async function nextTurn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
