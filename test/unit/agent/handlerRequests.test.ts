import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { requestHandler, withController } from '../../../media-node/agent/handlerRequests.ts';
import type { HandlerRequest } from '../../../media-node/ipc/protocol.ts';
import { handlerPaths } from '../../../shared/api/paths.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { Secret } from '../../../shared/base/secret.ts';
import { createPinnedClient, type PinnedClient } from '../../../shared/node/pinnedHttps.ts';

const TOKEN = new Secret('node-token');
let certificate: NodeCertificate;
let server: Server;
let url: string;
let client: PinnedClient;
let answer: { status: number; body: string };
const seen: { method: string; path: string; authorization: string; type: string; body: string }[] = [];

beforeEach(async () => {
  seen.length = 0;
  certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
  server = createServer({ cert: certificate.certificatePem, key: certificate.privateKeyPem });
  server.on('request', async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    seen.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization ?? '',
      type: request.headers['content-type'] ?? '',
      body: Buffer.concat(chunks).toString(),
    });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createPinnedClient({ timeoutMs: 2_000, maxSockets: 2 });
});
afterEach(async () => {
  client.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function post(changes: Partial<HandlerRequest> = {}): Promise<unknown> {
  return requestHandler(client, TOKEN, {
    internal_url: url,
    certificate_hashes: [certificate.hash],
    method: 'POST',
    path: '/internal/v1/routers',
    body: { meeting_id: 'm1' },
    ...changes,
  });
}

describe('calls of a controller to media handlers', () => {
  it('SFU-9 says in the request for a router who is to be told of its loss, and in no other', () => {
    const controller = {
      controller_id: 'mc-1',
      internal_url: 'https://127.0.0.1:1',
      certificate_hashes: ['x'],
    };
    const request: HandlerRequest = {
      internal_url: 'https://127.0.0.1:2',
      certificate_hashes: [],
      method: 'POST',
      path: handlerPaths.routers,
      body: { meeting_id: 'm1' },
    };
    expect(withController(request, controller).body).toEqual({ meeting_id: 'm1', controller });
    for (const other of [
      { ...request, path: handlerPaths.transports('r1') },
      { ...request, method: 'GET' as const },
    ])
      expect(withController(other, controller)).toBe(other);
  });

  it('GC-10 shows the node token to the pinned handler and answers the body', async () => {
    answer = { status: 201, body: '{"router_id":"r1"}' };
    expect(await post()).toEqual({ router_id: 'r1' });
    expect(seen).toEqual([
      {
        method: 'POST',
        path: '/internal/v1/routers',
        authorization: 'Bearer node-token',
        type: 'application/json',
        body: '{"meeting_id":"m1"}',
      },
    ]);
  });

  it('SFU-3 answers null for an answer without a body', async () => {
    answer = { status: 204, body: '' };
    expect(
      await requestHandler(client, TOKEN, {
        internal_url: url,
        certificate_hashes: [certificate.hash],
        method: 'DELETE',
        path: '/internal/v1/routers/r1',
      }),
    ).toBeNull();
    expect(seen[0]).toMatchObject({ method: 'DELETE', body: '', type: '' });
  });

  it('SFU-3 fails with the error of the handler', async () => {
    answer = {
      status: 409,
      body: '{"error":{"code":"CAPACITY_EXCEEDED","message":"Full","details":{"routers":50}}}',
    };
    await expect(post()).rejects.toMatchObject({
      code: 'CAPACITY_EXCEEDED',
      message: 'Full',
      details: { routers: 50 },
    });
  });

  it.each([
    [502, '<html>', 'something else than JSON'],
    [500, '{"oops":1}', 'answered 500 without saying why'],
    [200, 'not json', 'something else than JSON'],
  ])('MH-10 fails clearly when the handler answers %s with %s', async (status, body, reason) => {
    answer = { status, body };
    await expect(post()).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringContaining(reason),
    });
  });

  it('GC-10 fails with the reason when the handler is another one or cannot be reached', async () => {
    answer = { status: 200, body: '{}' };
    await expect(post({ certificate_hashes: [`${'A'.repeat(43)}=`] })).rejects.toMatchObject({
      code: 'NO_CAPACITY',
      details: { reason: 'refused_certificate' },
    });
    expect(seen).toEqual([]);
    await expect(post({ internal_url: 'https://127.0.0.1:1' })).rejects.toMatchObject({
      code: 'NO_CAPACITY',
      details: { reason: 'unreachable' },
    });
  });

  it('fails before anything is sent when the node has no token yet', async () => {
    await expect(
      requestHandler(client, undefined, {
        internal_url: url,
        certificate_hashes: [certificate.hash],
        method: 'GET',
        path: '/',
      }),
    ).rejects.toMatchObject({ code: 'NO_CAPACITY' });
    expect(seen).toEqual([]);
  });
});
