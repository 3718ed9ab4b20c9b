// What a listener does about one address, or a crowd, that wants too much of it.
import assert from 'node:assert/strict';
import { EXTRA_CONNECTIONS_PER_ADDRESS } from '../../../media-node/transport/AddressGate.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { Observed } from './harness.ts';
import type { ListenerCase } from './listenerCases.ts';

export const GATE_CASES: readonly ListenerCase[] = [
  {
    name: 'MH-10 gives one address no more sessions than it may have, says so, and gives another when one has ended',
    run: async (start) => {
      const { listener, dial, sessions } = await start({
        limits: { ...DEFAULT_TRANSPORT_LIMITS, maxSessionsPerAddress: 1 },
      });
      const first = await dial();
      const server = new Observed(await sessions.next());
      const refused = await new Observed(await dial()).closed;
      assert.deepEqual([refused.code, refused.by], [4429, 'remote']);
      assert.match(refused.reason, /from one address/);
      assert.equal(listener.counters.addressSessionsRefused, 1);
      assert.equal(listener.sessions, 1);
      first.close(0, '');
      await server.closed;
      await (await dial()).close(0, '');
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses an address that has too many connections, before they ask for anything',
    run: async (start) => {
      const limits = { ...DEFAULT_TRANSPORT_LIMITS, maxSessionsPerAddress: 1 };
      const { listener, connect } = await start({ limits });
      const held = await Promise.all(
        Array.from({ length: 1 + EXTRA_CONNECTIONS_PER_ADDRESS }, () => connect()),
      );
      await assert.rejects(connect());
      assert.equal(listener.counters.addressConnectionsRefused, 1);
      for (const quic of held) quic.close({ closeCode: 0, reason: '' });
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses handshakes of an address that begins too many, and leaves its session alone',
    run: async (start) => {
      const { listener, dial, connect, sessions } = await start({
        limits: {
          ...DEFAULT_TRANSPORT_LIMITS,
          handshakeBurstPerAddress: 2,
          handshakesPerSecondPerAddress: 0.001,
        },
      });
      const client = new Observed(await dial());
      const server = await sessions.next();
      await connect();
      for (let times = 0; times < 3; times++) await assert.rejects(connect());
      assert.equal(listener.counters.addressHandshakesRefused, 3);
      assert.equal(listener.counters.handshakesFailed, 0);
      server.sendDatagram(Uint8Array.of(0, 7), 1);
      assert.deepEqual((await client.datagrams.next()).payload, Uint8Array.of(7));
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses handshakes unseen when the worker gets too many',
    run: async (start) => {
      const { listener, connect } = await start({
        limits: { ...DEFAULT_TRANSPORT_LIMITS, handshakeBurst: 1, handshakesPerSecond: 0.001 },
      });
      await connect();
      await assert.rejects(connect(), /refused/);
      assert.equal(listener.counters.handshakesRefused, 1);
      await listener.close(0, '');
    },
  },
];
