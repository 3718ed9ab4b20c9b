import assert from 'node:assert/strict';
import type { QuicCloseInfo, QuicConnection } from '../../../media-node/transport/deno/quic.ts';
import { installRejectionGuard } from '../../../media-node/transport/deno/rejectionGuard.ts';
import { concatBytes } from '../../../media-node/transport/h3/bytes.ts';
import { Bounds } from '../../../media-node/transport/h3/constants.ts';
import { encodeTlv } from '../../../media-node/transport/h3/encodeTlv.ts';
import { H3Faults } from '../../../media-node/transport/h3/fault.ts';
import { encodeConnectRequest, encodeResponse } from '../../../media-node/transport/h3/request.ts';
import { encodeSettings, LOCAL_SETTINGS } from '../../../media-node/transport/h3/settings.ts';
import { CONTROL_PREFIX } from '../../../media-node/transport/h3/streamPrefix.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type ListenOptions,
  type MediaSession,
  type SessionListener,
} from '../../../media-node/transport/MediaSession.ts';
import { createLogger } from '../../../shared/base/log.ts';
import { Arrivals, Observed } from './harness.ts';

export interface ListenerHarness {
  readonly listener: SessionListener;
  readonly sessions: Arrivals<MediaSession>;
  /** A well-behaved client, which trusts one of the two certificates. */
  dial(certificate?: 'first' | 'next'): Promise<MediaSession>;
  /** A QUIC connection that has said nothing yet. */
  connect(alpn?: string): Promise<QuicConnection>;
  /** Serves the second certificate from here on. */
  replaceCertificate(): void;
}

export interface ListenerCase {
  readonly name: string;
  run(start: (options?: Partial<ListenOptions>) => Promise<ListenerHarness>): Promise<void>;
}

const CONTROL_STREAM = concatBytes(CONTROL_PREFIX, encodeSettings(LOCAL_SETTINGS));
const REQUEST = encodeConnectRequest({ authority: '127.0.0.1', path: '/', origin: undefined });
const HASTY = { ...DEFAULT_TRANSPORT_LIMITS, handshakeTimeoutMs: 100 };

export const LISTENER_CASES: readonly ListenerCase[] = [
  {
    name: 'MH-10 drops a connection that asks for nothing in time',
    run: async (start) => {
      const { listener, connect } = await start({ limits: HASTY });
      const quic = await connect();
      assert.equal((await closeOf(quic)).closeCode, 0x100);
      assert.equal(listener.counters.handshakesFailed, 1);
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 drops a connection that asks without ever sending its settings',
    run: async (start) => {
      const { listener, connect } = await start({ limits: HASTY });
      const quic = await connect();
      await write((await quic.createBidirectionalStream()).writable, REQUEST);
      await closeOf(quic);
      assert.equal(listener.counters.handshakesFailed, 1);
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses another protocol than HTTP/3',
    run: async (start) => {
      const { listener, connect, dial } = await start();
      await assert.rejects(connect('hq-interop'));
      await (await dial()).close(0, '');
      assert.equal(listener.counters.handshakesFailed, 1);
      await listener.close(0, '');
    },
  },
  ...(
    [
      ['does not begin with settings', Uint8Array.of(0x00, 0x07, 0x01, 0x00), H3Faults.missingSettings.code],
      ['has settings without datagrams', Uint8Array.of(0x00, 0x04, 0x00), H3Faults.settingsUnsupported.code],
      ['has settings over the bound', Uint8Array.of(0x00, 0x04, 0x7f, 0xff), H3Faults.frameTooLarge.code],
      ['is a push stream', Uint8Array.of(0x01, 0x00), H3Faults.streamCreation.code],
      ['belongs to another session', Uint8Array.of(0x40, 0x54, 0x04), H3Faults.sessionId.code],
    ] as const
  ).map(
    ([what, bytes, code]): ListenerCase => ({
      name: `MH-10 closes a connection with a unidirectional stream that ${what}`,
      run: async (start) => {
        const { listener, connect } = await start();
        const quic = await connect();
        await write(await quic.createUnidirectionalStream(), bytes);
        assert.equal((await closeOf(quic)).closeCode, code);
        assert.equal(listener.counters.protocolFaults, 1);
        await listener.close(0, '');
      },
    }),
  ),
  ...(
    [
      ['another method', Uint8Array.of(0x01, 0x03, 0x00, 0x00, 0xd1), 405],
      ['nothing that is complete', encodeTlv(0x01, Uint8Array.of(0, 0)), 405],
      ['a header section over the bound', Uint8Array.of(0x01, 0x80, 0x01, 0x00, 0x00), 431],
    ] as const
  ).map(
    ([what, bytes, status]): ListenerCase => ({
      name: `MH-10 answers a request with ${what} with status ${status}`,
      run: async (start) => {
        const { listener, connect } = await start();
        const quic = await connect();
        await write(await quic.createUnidirectionalStream(), CONTROL_STREAM);
        const stream = await quic.createBidirectionalStream();
        await write(stream.writable, bytes);
        const { value } = await stream.readable.getReader().read();
        assert.deepEqual(value, encodeResponse(status));
        assert.equal(listener.counters.requestsRefused, 1);
        assert.equal(listener.sessions, 0);
        quic.close({ closeCode: 0, reason: '' });
        await listener.close(0, '');
      },
    }),
  ),
  {
    name: 'MH-10 closes a session whose CONNECT stream holds a frame that is not allowed there',
    run: async (start) => {
      const { listener, connect, sessions } = await start();
      const { quic, request } = await handshake(await connect());
      const server = new Observed(await sessions.next());
      await request.write(Uint8Array.of(0x04, 0x00));
      assert.equal((await closeOf(quic)).closeCode, H3Faults.frameUnexpected.code);
      const close = await server.closed;
      assert.equal(close.code, undefined);
      assert.equal(close.by, 'local');
      assert.match(close.reason, /Frame is not allowed/);
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 closes a session that sends a capsule over the bound',
    run: async (start) => {
      const { listener, connect, sessions } = await start();
      const { quic, request } = await handshake(await connect());
      const server = new Observed(await sessions.next());
      await request.write(Uint8Array.of(0x00, 0x05, 0x17, 0x80, 0x01, 0x00, 0x01));
      assert.ok(Bounds.capsuleBytes < 0x10001);
      assert.equal((await closeOf(quic)).closeCode, H3Faults.capsuleTooLarge.code);
      assert.equal((await server.closed).by, 'local');
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses a second request on the connection of a session, which goes on',
    run: async (start) => {
      const { listener, connect, sessions } = await start();
      const { quic } = await handshake(await connect());
      const server = new Observed(await sessions.next());
      const second = await quic.createBidirectionalStream();
      await write(second.writable, REQUEST);
      const { done } = await second.readable.getReader().read();
      assert.equal(done, true);
      assert.equal(listener.counters.streamsRefused, 1);
      assert.equal(listener.sessions, 1);
      await quic.sendDatagram(Uint8Array.of(0, 5));
      assert.deepEqual((await server.datagrams.next()).payload, Uint8Array.of(5));
      quic.close({ closeCode: 0, reason: '' });
      assert.equal((await server.closed).by, 'remote');
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 refuses all but 4 streams that come before a session is asked for, which the session then gets',
    run: async (start) => {
      const { listener, connect, sessions } = await start();
      const quic = await connect();
      for (let index = 0; index < 7; index++)
        await write(await quic.createUnidirectionalStream(), Uint8Array.of(0x40, 0x54, 0x00, index));
      await until(() => listener.counters.streamsRefused === 3);
      await handshake(quic);
      const server = new Observed(await sessions.next());
      const seen: (number | undefined)[] = [];
      for (let times = 0; times < 4; times++) seen.push((await (await server.incoming.next()).read())?.[0]);
      assert.equal(new Set(seen).size, 4);
      await write(await quic.createUnidirectionalStream(), Uint8Array.of(0x40, 0x54, 0x00, 9));
      assert.deepEqual(await (await server.incoming.next()).read(), Uint8Array.of(9));
      assert.equal(listener.counters.streamsRefused, 3);
      assert.equal(server.incoming.waiting, 0);
      quic.close({ closeCode: 0, reason: '' });
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 drops and counts datagrams of another session, and empty ones',
    run: async (start) => {
      const { listener, connect, sessions } = await start();
      const { quic } = await handshake(await connect());
      const server = new Observed(await sessions.next());
      await quic.sendDatagram(Uint8Array.of(1, 5));
      await quic.sendDatagram(new Uint8Array(0));
      await quic.sendDatagram(Uint8Array.of(0, 6));
      assert.deepEqual((await server.datagrams.next()).payload, Uint8Array.of(6));
      assert.equal(listener.counters.datagramsMalformed, 2);
      quic.close({ closeCode: 0, reason: '' });
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 takes at most maxSessions sessions, says so to the next, and takes another when one has ended',
    run: async (start) => {
      const { listener, dial, sessions } = await start({
        limits: { ...DEFAULT_TRANSPORT_LIMITS, maxSessions: 1 },
      });
      const first = await dial();
      const server = new Observed(await sessions.next());
      const refused = await new Observed(await dial()).closed;
      assert.deepEqual([refused.code, refused.by], [4429, 'remote']);
      assert.match(refused.reason, /all the sessions that it takes/);
      assert.equal(listener.counters.requestsRefused, 1);
      assert.equal(sessions.waiting, 0);
      assert.equal(listener.sessions, 1);
      first.close(0, '');
      await server.closed;
      assert.equal(listener.sessions, 0);
      await (await dial()).close(0, '');
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 goes on when a handler throws, and counts it',
    run: async (start) => {
      const { listener, dial, sessions } = await start();
      const client = new Observed(await dial());
      const server = await sessions.next();
      server.setHandlers({
        onDatagram: (bytes, at) => {
          if (bytes[at] === 1) throw new Error('broken');
          server.sendDatagram(bytes, at);
        },
        onBidirectionalStream: () => undefined,
        onReceiveStream: () => {
          throw new Error('broken');
        },
        onClose: () => {
          throw new Error('broken');
        },
      });
      client.session.sendDatagram(Uint8Array.of(0, 1), 1);
      await client.session.openSendStream();
      client.session.sendDatagram(Uint8Array.of(0, 2), 1);
      assert.deepEqual((await client.datagrams.next()).payload, Uint8Array.of(2));
      client.session.close(0, '');
      await server.closed;
      assert.equal(listener.counters.handlerFaults, 3);
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 tells a client why it gets no session when the one who decides says so',
    run: async (start) => {
      const { listener, dial, sessions } = await start({
        onRequest: () => ({ accept: false, close: { code: 4404, reason: 'No such room' } }),
      });
      const client = new Observed(await dial());
      assert.deepEqual(await client.closed, { code: 4404, reason: 'No such room', by: 'remote' });
      assert.equal(listener.counters.requestsRefused, 1);
      assert.equal(listener.sessions, 0);
      assert.equal(sessions.waiting, 0);
      await listener.close(0, '');
    },
  },
  {
    name: 'answers 500 when deciding about a request throws',
    run: async (start) => {
      const { listener, dial } = await start({
        onRequest: () => {
          throw new Error('broken');
        },
      });
      await assert.rejects(dial(), { name: 'DialError', status: 500 });
      await listener.close(0, '');
    },
  },
  {
    name: 'MH-10 lives on after a rejection that nobody handles, and logs it',
    run: async () => {
      const lines = new Arrivals<string>();
      const log = createLogger({ level: 'error', write: (line) => lines.push(line) });
      installRejectionGuard(() => log);
      void Promise.reject(new Error('nobody looks at this'));
      assert.match(await lines.next(), /Unhandled rejection.*nobody looks at this/);
    },
  },
  {
    name: 'SFU-5 refuses to dial a server with another certificate',
    run: async (start) => {
      const { listener, dial } = await start();
      await assert.rejects(dial('next'), { name: 'DialError', status: undefined });
      await listener.close(0, '');
    },
  },
  {
    name: 'SFU-5 serves a new certificate to new sessions, and leaves those that exist alone',
    run: async (start) => {
      const { listener, dial, sessions, replaceCertificate } = await start();
      const old = new Observed(await dial());
      const server = new Observed(await sessions.next());
      replaceCertificate();
      await collectGarbage();
      await assert.rejects(dial('first'), { name: 'DialError' });
      for (let times = 0; times < 3; times++) await (await dial('next')).close(0, '');
      server.session.sendDatagram(Uint8Array.of(0, 3), 1);
      assert.deepEqual((await old.datagrams.next()).payload, Uint8Array.of(3));
      await listener.close(0, '');
    },
  },
  {
    name: 'closes every session with code and reason when it closes, and then the port',
    run: async (start) => {
      const { listener, dial, connect, sessions } = await start();
      const clients = await Promise.all([dial(), dial(), dial()]);
      for (let times = 0; times < 3; times++) new Observed(await sessions.next());
      const observed = clients.map((client) => new Observed(client));
      await listener.close(4503, 'Node is going away');
      for (const { closed } of observed)
        assert.deepEqual(await closed, { code: 4503, reason: 'Node is going away', by: 'remote' });
      assert.equal(listener.sessions, 0);
      await assert.rejects(connect());
    },
  },
];

/** So that what is not referenced is gone, with all that its end takes along. */
async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  assert.ok(gc !== undefined, 'Run with --expose-gc');
  for (let times = 0; times < 3; times++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** The client's handshake by hand. */
async function handshake(quic: QuicConnection) {
  await write(await quic.createUnidirectionalStream(), CONTROL_STREAM);
  const stream = await quic.createBidirectionalStream();
  const request = stream.writable.getWriter();
  await request.write(REQUEST);
  await stream.readable.getReader().read();
  return { quic, request };
}

/** Writes and leaves the stream open, referenced for as long as the process lives: collected, it would end. */
async function write(stream: WritableStream<Uint8Array>, bytes: Uint8Array): Promise<void> {
  const writer = stream.getWriter();
  KEPT.push(writer);
  await writer.write(bytes);
}

const KEPT: WritableStreamDefaultWriter<Uint8Array>[] = [];

async function closeOf(quic: QuicConnection): Promise<QuicCloseInfo> {
  return await quic.closed;
}
