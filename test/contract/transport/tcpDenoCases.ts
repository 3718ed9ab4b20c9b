// Of the TCP listener's tests those that lean on the runtime's own TLS and HTTP, for the runtime in which it is used.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type ListenOptions,
  type MediaSession,
} from '../../../media-node/transport/MediaSession.ts';
import { listenTcp } from '../../../media-node/transport/tcp/listen.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { connectTls, dialTcp, readHead } from '../../support/dialTcp.ts';
import { Arrivals, Observed } from './harness.ts';
import { hashBytes } from './inDeno.ts';
import type { ContractInput, TestCertificate } from './report.ts';

export interface TcpDenoCase {
  readonly name: string;
  run(input: ContractInput): Promise<void>;
}

export const TCP_DENO_CASES: readonly TcpDenoCase[] = [
  {
    name: 'SFU-5 shows a new certificate to new sessions, and leaves those that exist alone',
    run: async (input) => {
      const { listener, dial, sessions } = await start(input);
      assert.ok(input.next !== undefined, 'The configuration has a second certificate');
      const old = new Observed(await dial(input));
      const server = new Observed(await sessions.next());
      listener.replaceCertificate(input.next.certificatePem, input.next.privateKeyPem);
      await assert.rejects(dial(input), { name: 'DialError' });
      (await dial(input.next)).close(0, '');
      server.session.sendDatagram(Uint8Array.of(0, 3), 1);
      assert.deepEqual((await old.datagrams.next()).payload, Uint8Array.of(3));
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 drops connections that never begin TLS, and those that ask for nothing',
    run: async (input) => {
      const { listener, url } = await start(input, { handshakeTimeoutMs: 100 });
      const silent = connect(listener.port, '127.0.0.1');
      await new Promise((resolve) => silent.once('close', resolve).resume());
      const shaken = await connectTls(new URL(url), [hashBytes(input.hash)]);
      await new Promise((resolve) => shaken.once('close', resolve).resume());
      while (listener.counters.handshakesFailed < 2) await new Promise((resolve) => setTimeout(resolve, 1));
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 answers a page with 426 and a proxy with 405, and lives on',
    run: async (input) => {
      const { listener, url, dial } = await start(input);
      for (const [request, status] of [
        ['GET / HTTP/1.1', 426],
        ['CONNECT example.org:443 HTTP/1.1', 405],
      ] as const) {
        const socket = await connectTls(new URL(url), [hashBytes(input.hash)]);
        socket.write(`${request}\r\nHost: x\r\n\r\n`);
        assert.match((await readHead(socket)).head, new RegExp(`^HTTP/1.1 ${status} `));
        socket.destroy();
      }
      (await dial(input)).close(0, '');
      await listener.close(0, '');
    },
  },
  {
    name: 'closes every session with code and reason when it closes, and then the port',
    run: async (input) => {
      const { listener, dial, sessions } = await start(input);
      const clients = (await Promise.all([dial(input), dial(input)])).map((client) => new Observed(client));
      for (let times = 0; times < 2; times++) new Observed(await sessions.next());
      await listener.close(4503, 'Node is going away');
      for (const { closed } of clients)
        assert.deepEqual(await closed, { code: 4503, reason: 'Node is going away', by: 'remote' });
      await assert.rejects(dial(input), { name: 'DialError' });
    },
  },
];

async function start(input: ContractInput, changes: Partial<ListenOptions['limits']> = {}) {
  const limits = { ...DEFAULT_TRANSPORT_LIMITS, ...changes };
  const sessions = new Arrivals<MediaSession>();
  const listener = await listenTcp({
    hostname: '127.0.0.1',
    port: 0,
    certificatePem: input.certificatePem,
    privateKeyPem: input.privateKeyPem,
    limits,
    gate: new AddressGate(limits, systemClock),
    onRequest: () => ({ accept: true }),
    onSession: (session) => sessions.push(session),
  });
  const url = `https://127.0.0.1:${listener.port}/`;
  const dial = ({ hash }: Pick<TestCertificate, 'hash'>): Promise<MediaSession> =>
    dialTcp({ url, certificateHashes: [hashBytes(hash)], limits: DEFAULT_TRANSPORT_LIMITS });
  return { listener, sessions, url, dial };
}
