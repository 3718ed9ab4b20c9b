// What the TCP listener does about peers that are hostile, broken, silent or too many.
import { connect as connectPlain, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { AddressGate } from '../../../media-node/transport/AddressGate.ts';
import {
  DEFAULT_TRANSPORT_LIMITS,
  type ListenOptions,
  type MediaSession,
  type SessionListener,
} from '../../../media-node/transport/MediaSession.ts';
import { listenTcp } from '../../../media-node/transport/tcp/listen.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import { WEBSOCKET_PROTOCOL } from '../../../shared/webtransport/capsuleTypes.ts';
import { connectTls, dialTcp, readHead } from '../../support/dialTcp.ts';
import { Arrivals, Observed } from './harness.ts';
import { hashBytes } from './inDeno.ts';

const HASTY = { ...DEFAULT_TRANSPORT_LIMITS, handshakeTimeoutMs: 100 };
const UPGRADE = [
  'Host: x',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
] as const;

let first: NodeCertificate;
let next: NodeCertificate;
const listeners: SessionListener[] = [];

beforeAll(async () => {
  const now = systemClock.epochMs();
  [first, next] = await Promise.all([
    createCertificate(['127.0.0.1'], now),
    createCertificate(['127.0.0.1'], now),
  ]);
});

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close(0, '')));
});

async function start(options: Partial<ListenOptions> = {}) {
  const limits = options.limits ?? DEFAULT_TRANSPORT_LIMITS;
  const sessions = new Arrivals<MediaSession>();
  const listener = await listenTcp({
    hostname: '127.0.0.1',
    port: 0,
    certificatePem: first.certificatePem,
    privateKeyPem: first.privateKeyPem,
    gate: new AddressGate(limits, systemClock),
    onRequest: () => ({ accept: true }),
    onSession: (session) => sessions.push(session),
    ...options,
    limits,
  });
  listeners.push(listener);
  const url = `https://127.0.0.1:${listener.port}/`;
  return {
    listener,
    sessions,
    dial: (certificate = first) =>
      dialTcp({ url, certificateHashes: [hashBytes(certificate.hash)], limits: DEFAULT_TRANSPORT_LIMITS }),
    connect: () => connectTls(new URL(url), [hashBytes(first.hash)]),
  };
}

/** The first line of the answer to a request. */
async function ask(socket: TLSSocket, ...lines: readonly string[]): Promise<string> {
  socket.write([...lines, '\r\n'].join('\r\n'));
  return (await readHead(socket)).head.split('\r\n')[0] ?? '';
}

/** A session whose client sends what it likes. */
async function rawSession(started: Awaited<ReturnType<typeof start>>) {
  const socket = await started.connect();
  await ask(
    socket,
    'GET / HTTP/1.1',
    ...UPGRADE,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Protocol: ${WEBSOCKET_PROTOCOL}`,
  );
  return { socket, server: new Observed(await started.sessions.next()) };
}

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve());
    socket.resume();
  });
}

describe('TCP listener', () => {
  it('MH-10 drops a connection that never begins TLS, and one that asks for nothing', async () => {
    const { listener, connect } = await start({ limits: HASTY });
    await ended(connectPlain(listener.port, '127.0.0.1'));
    await ended(await connect());
    await expect.poll(() => listener.counters.handshakesFailed).toBe(2);
  });

  it('MH-10 drops what is no TLS, and goes on', async () => {
    const { listener, dial } = await start();
    const socket = connectPlain(listener.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await ended(socket);
    expect(listener.counters.handshakesFailed).toBe(1);
    (await dial()).close(0, '');
  });

  it.each([
    ['a page', 426, ['GET / HTTP/1.1', 'Host: x']],
    ['a proxy', 405, ['CONNECT example.org:443 HTTP/1.1', 'Host: x']],
    ['another method', 405, ['POST / HTTP/1.1', ...UPGRADE, 'Sec-WebSocket-Version: 13']],
    ['another version of WebSocket', 426, ['GET / HTTP/1.1', ...UPGRADE, 'Sec-WebSocket-Version: 8']],
    ['another protocol on WebSocket', 400, ['GET / HTTP/1.1', ...UPGRADE, 'Sec-WebSocket-Version: 13']],
  ])('MH-10 answers who wants %s with %i', async (_what, status, lines) => {
    const { listener, connect } = await start();
    const socket = await connect();
    expect(await ask(socket, ...lines)).toContain(`HTTP/1.1 ${status} `);
    socket.destroy();
    await expect.poll(() => listener.counters.requestsRefused).toBe(1);
    expect(listener.counters.handshakesFailed).toBe(0);
  });

  it('tells a client why it gets no session, by a close where the owner says so', async () => {
    const { listener, dial } = await start({
      onRequest: () => ({ accept: false, close: { code: 4404, reason: 'No such meeting' } }),
    });
    const client = new Observed(await dial());
    expect(await client.closed).toEqual({ code: 4404, reason: 'No such meeting', by: 'remote' });
    expect(listener.counters.requestsRefused).toBe(1);
    expect(listener.sessions).toBe(0);
  });

  it('answers 500 when deciding about a request throws', async () => {
    const { listener, dial } = await start({
      onRequest: () => {
        throw new Error('broken');
      },
    });
    await expect(dial()).rejects.toMatchObject({ name: 'DialError', status: 500 });
    expect(listener.counters.handlerFaults).toBe(1);
  });

  it('MH-10 takes at most maxSessions sessions, and another when one has ended', async () => {
    const { listener, dial, sessions } = await start({
      limits: { ...DEFAULT_TRANSPORT_LIMITS, maxSessions: 1 },
    });
    const one = new Observed(await dial());
    const server = new Observed(await sessions.next());
    const refused = new Observed(await dial());
    expect((await refused.closed).code).toBe(CloseCode.quotaExceeded);
    one.session.close(0, '');
    await server.closed;
    expect(listener.sessions).toBe(0);
    (await dial()).close(0, '');
  });

  it('MH-10 takes so many sessions and handshakes of one address, counted together with other listeners', async () => {
    const limits = { ...DEFAULT_TRANSPORT_LIMITS, maxSessionsPerAddress: 1, handshakeBurstPerAddress: 4 };
    const gate = new AddressGate({ ...limits, handshakesPerSecondPerAddress: 0.001 }, systemClock);
    const one = await start({ limits, gate });
    const other = await start({ limits, gate });
    await one.dial();
    const refused = new Observed(await other.dial());
    expect((await refused.closed).code).toBe(CloseCode.quotaExceeded);
    expect(other.listener.counters.addressSessionsRefused).toBe(1);
    await refused.session.closed;
    await other.dial().catch(() => undefined);
    await other.dial().catch(() => undefined);
    await expect(other.dial()).rejects.toMatchObject({ name: 'DialError' });
    expect(other.listener.counters.addressHandshakesRefused).toBe(1);
  });

  it.each([
    ['a frame that announces less than its capsule needs', [0x82, 0x81, 0, 0, 0, 0, 0x40, 0x00, 1, 2, 3]],
    ['a frame without a mask', [0x82, 0x01, 0x00]],
    ['text', [0x81, 0x81, 0, 0, 0, 0, 0x41]],
  ])('MH-10 closes a session that sends %s, and no other', async (_what, bytes) => {
    const started = await start();
    const other = new Observed(await started.dial());
    const echo = new Observed(await started.sessions.next());
    const { socket, server } = await rawSession(started);
    socket.write(Uint8Array.from(bytes));
    expect(await server.closed).toMatchObject({ code: undefined, by: 'local' });
    expect(started.listener.counters.protocolFaults).toBe(1);
    await ended(socket);
    echo.session.sendDatagram(Uint8Array.of(0, 7), 1);
    expect((await other.datagrams.next()).payload).toEqual(Uint8Array.of(7));
  });

  it('notices at once when a peer is gone, and within the time-out when it falls silent', async () => {
    const limits = { ...DEFAULT_TRANSPORT_LIMITS, idleTimeoutMs: 60, keepAliveIntervalMs: 20 };
    const started = await start({ limits });
    const gone = await rawSession(started);
    gone.socket.destroy();
    expect((await gone.server.closed).by).not.toBe('local');
    const silent = await rawSession(started);
    expect(await silent.server.closed).toEqual({ code: undefined, reason: 'timed out', by: 'lost' });
    silent.socket.destroy();
  });

  it('keeps a session whose peer has nothing to say but answers', async () => {
    const limits = { ...DEFAULT_TRANSPORT_LIMITS, idleTimeoutMs: 100, keepAliveIntervalMs: 20 };
    const { dial, sessions } = await start({ limits });
    const client = new Observed(await dial());
    const server = new Observed(await sessions.next());
    const { promise: later, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 4 * limits.idleTimeoutMs);
    await later;
    server.session.sendDatagram(Uint8Array.of(0, 1), 1);
    expect((await client.datagrams.next()).payload).toEqual(Uint8Array.of(1));
  });

  it('MH-4 drops what a peer that does not read cannot take, and gives up one that makes it answer without end', async () => {
    const started = await start();
    const { socket, server } = await rawSession(started);
    // Nothing reads the socket from here on: pings without end are answered into it.
    const pings = Buffer.concat(
      Array.from({ length: 500 }, () =>
        Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)]),
      ),
    );
    const flood = async (): Promise<void> => {
      while (!socket.destroyed) await new Promise((resolve) => socket.write(pings, resolve));
    };
    void flood();
    expect(await server.closed).toEqual({ code: undefined, reason: 'Peer does not read', by: 'lost' });
    socket.destroy();
  });

  it('SFU-5 shows a new certificate to new sessions, and leaves those that exist alone', async () => {
    const { listener, dial, sessions } = await start();
    const old = new Observed(await dial());
    const server = new Observed(await sessions.next());
    listener.replaceCertificate(next.certificatePem, next.privateKeyPem);
    await expect(dial(first)).rejects.toMatchObject({ name: 'DialError' });
    (await dial(next)).close(0, '');
    server.session.sendDatagram(Uint8Array.of(0, 3), 1);
    expect((await old.datagrams.next()).payload).toEqual(Uint8Array.of(3));
  });

  it('closes every session with code and reason when it closes, and then the port', async () => {
    const { listener, dial, sessions, connect } = await start();
    const clients = (await Promise.all([dial(), dial(), dial()])).map((client) => new Observed(client));
    for (let times = 0; times < 3; times++) new Observed(await sessions.next());
    await listener.close(4503, 'Node is going away');
    for (const { closed } of clients)
      expect(await closed).toEqual({ code: 4503, reason: 'Node is going away', by: 'remote' });
    expect(listener.sessions).toBe(0);
    await expect(connect()).rejects.toMatchObject({ name: 'DialError' });
  });

  it('rejects when the port is taken', async () => {
    const { listener } = await start();
    await expect(start({ port: listener.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
