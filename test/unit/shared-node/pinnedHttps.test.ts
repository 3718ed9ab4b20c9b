import { createServer, type Server } from 'node:https';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { text } from 'node:stream/consumers';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import {
  createPinnedClient,
  type PinnedClient,
  type PinnedClientOptions,
} from '../../../shared/node/pinnedHttps.ts';

let certificate: NodeCertificate;
let other: NodeCertificate;
const cleanups: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
  other = await createCertificate(['127.0.0.1'], systemClock.epochMs());
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface TestServer {
  readonly server: Server;
  readonly url: string;
  connections: number;
  requests: number;
}

async function serve(
  handler: (body: string, respond: (status: number, body: string | Buffer) => void) => void,
): Promise<TestServer> {
  const server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem });
  const state: TestServer = { server, url: '', connections: 0, requests: 0 };
  server.on('secureConnection', () => state.connections++);
  server.on('request', async (request, response) => {
    state.requests++;
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    handler(body, (status, answer) => {
      response.writeHead(status, { 'x-path': request.url ?? '' }).end(answer);
    });
  });
  cleanups.push(() => server.closeAllConnections());
  return Object.assign(state, { url: await listen(server) });
}

async function listen(server: TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.unshift(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(options: Partial<PinnedClientOptions> = {}): PinnedClient {
  const made = createPinnedClient({ timeoutMs: 5_000, maxSockets: 4, ...options });
  cleanups.push(() => made.close());
  return made;
}

const get = (url: string, hash = certificate.hash) => ({ url, method: 'GET', certificateHashes: [hash] });

describe('pinned HTTPS client', () => {
  it('GC-10 sends a request to the server whose certificate hash is registered', async () => {
    const server = await serve((body, respond) => respond(201, `got ${body}`));
    const answer = await client().request({
      url: `${server.url}/some/path?q=1`,
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'grüße',
      certificateHashes: [other.hash, certificate.hash],
    });
    expect(answer.status).toBe(201);
    expect(answer.body.toString()).toBe('got grüße');
    expect(answer.headers['x-path']).toBe('/some/path?q=1');
  });

  it('GC-10 never lets a byte of the request out to a server with another certificate', async () => {
    const received: Buffer[] = [];
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>();
    const server = createTlsServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem });
    server.on('secureConnection', (socket) => {
      socket.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => undefined);
    });
    server.on('connection', (socket: Socket) => socket.on('close', () => onEnded()));
    const url = await listen(server);
    const request = {
      ...get(url, other.hash),
      method: 'POST',
      headers: { authorization: 'Bearer s' },
      body: 'b',
    };
    await expect(client().request(request)).rejects.toMatchObject({
      reason: 'refused_certificate',
      message: expect.stringContaining('not one of the 1 registered'),
    });
    await ended;
    expect(Buffer.concat(received)).toHaveLength(0);
  });

  it('GC-10 does not reuse a connection for a request that expects another certificate', async () => {
    const server = await serve((_, respond) => respond(200, 'ok'));
    const shared = client();
    await shared.request(get(server.url));
    await expect(shared.request(get(server.url, other.hash))).rejects.toMatchObject({
      reason: 'refused_certificate',
    });
    expect(server.requests).toBe(1);
  });

  it('GC-10 reuses a connection for later requests', async () => {
    const server = await serve((_, respond) => respond(200, 'ok'));
    const shared = client();
    for (let i = 0; i < 10; i++) await shared.request(get(server.url));
    expect(server.requests).toBe(10);
    expect(server.connections).toBe(1);
  });

  it('GC-10 opens at most maxSockets connections however many requests come at once', async () => {
    const server = await serve((_, respond) => respond(200, 'ok'));
    const shared = client({ maxSockets: 3 });
    await Promise.all(Array.from({ length: 60 }, () => shared.request(get(server.url))));
    expect(server.requests).toBe(60);
    expect(server.connections).toBeLessThanOrEqual(3);
  });

  it('refuses a request as overloaded when the line of waiting ones is full', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve((_, respond) => waiting.push(() => respond(200, 'ok')));
    const shared = client({ maxSockets: 1, maxWaiting: 1 });
    const first = shared.request(get(server.url));
    const second = shared.request(get(server.url));
    await expect(shared.request(get(server.url))).rejects.toMatchObject({ reason: 'overloaded' });
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.();
    await first;
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.();
    await expect(second).resolves.toMatchObject({ status: 200 });
  });

  it('fails as unreachable when nobody listens', async () => {
    const server = await serve((_, respond) => respond(200, 'ok'));
    await new Promise<void>((resolve) => server.server.close(() => resolve()));
    await expect(client().request(get(server.url))).rejects.toMatchObject({ reason: 'unreachable' });
  });

  it('fails as timeout when the server takes the request and never answers', async () => {
    const server = await serve(() => undefined);
    await expect(client({ timeoutMs: 50 }).request(get(server.url))).rejects.toMatchObject({
      reason: 'timeout',
    });
  });

  it('fails as timeout when the peer accepts the connection and never shakes hands', async () => {
    const url = await listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()));
    await expect(client({ timeoutMs: 50 }).request(get(url))).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('fails when an answer is longer than the bound', async () => {
    const server = await serve((_, respond) => respond(200, Buffer.alloc(2_000)));
    await expect(client({ maxAnswerBytes: 1_000 }).request(get(server.url))).rejects.toMatchObject({
      reason: 'answer_too_large',
    });
  });

  it('GC-10 sends a request again when the kept connection turns out to be closed', async () => {
    const server = await serve((_, respond) => respond(200, 'ok'));
    server.server.on('request', (request) => {
      // Closed instead of answered whenever a connection is used a second time.
      const socket = request.socket as typeof request.socket & { used?: boolean };
      if (socket.used === true) socket.destroy();
      socket.used = true;
    });
    const shared = client();
    await shared.request(get(server.url));
    await expect(shared.request(get(server.url))).resolves.toMatchObject({ status: 200 });
    expect(server.connections).toBe(2);
  });

  it('close() fails what is under way, refuses what comes later and leaves no connection', async () => {
    const server = await serve(() => undefined);
    const shared = client();
    const pending = shared.request(get(server.url));
    await expect.poll(() => server.requests).toBe(1);
    shared.close();
    await expect(pending).rejects.toMatchObject({ reason: 'closed' });
    await expect(shared.request(get(server.url))).rejects.toMatchObject({ reason: 'closed' });
    await new Promise<void>((resolve) => server.server.close(() => resolve()));
  });
});
