import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES } from '../../../../functions/app.ts';
import { bearerAccess } from '../../../../functions/http/Access.ts';
import type { Stores } from '../../../../functions/Stores.ts';
import { errorBodySchema } from '../../../../shared/api/error.ts';
import { Secret } from '../../../../shared/base/secret.ts';
import { ControlPlane, handlerRegistration, NODE_TOKEN } from '../support/ControlPlane.ts';

const API_KEY = 'api-key-0123456789abcdef0123456789';
const JSON_TYPE = { 'content-type': 'application/json' };
const NODE = { ...JSON_TYPE, authorization: `Bearer ${NODE_TOKEN}` };
let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start();
  await plane.createMeeting('standup');
});

afterAll(async () => {
  await plane.stop();
});

async function request(method: string, path: string, headers = {}, body?: BodyInit) {
  const response = await plane.app.request(path, { method, headers, ...(body !== undefined && { body }) });
  const parsed = errorBodySchema.safeParse(await response.json());
  if (!parsed.success) throw new Error(`Status ${response.status} without the error shape`);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  return { response, error: parsed.data.error, status: response.status };
}

describe('failures have one shape', () => {
  it.each([
    ['/api/v1/meetings', JSON_TYPE],
    ['/api/v1/meetings/standup/join', JSON_TYPE],
    ['/api/v1/media-handlers', NODE],
    ['/api/v1/meeting-controllers', NODE],
  ])('GC-14 malformed JSON at %s', async (path, headers) => {
    const { status, error } = await request('POST', path, headers, '{"a":');
    expect(status).toBe(400);
    expect(error).toEqual({
      code: 'INVALID_REQUEST',
      message: 'Malformed JSON in request body',
      details: {},
    });
  });

  it.each([
    ['/api/v1/meetings', {}],
    ['/api/v1/meetings', { 'content-type': 'text/plain' }],
    ['/api/v1/meetings/standup/join', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['/api/v1/media-handlers', { authorization: NODE.authorization, 'content-type': 'text/xml' }],
    ['/api/v1/media-handlers', { authorization: NODE.authorization }],
  ])('GC-14 another content type at %s', async (path, headers) => {
    const bytes = new TextEncoder().encode('{}');
    const { status, error } = await request('POST', path, headers, bytes);
    expect(status).toBe(415);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toContain('application/json');
  });

  it.each([
    ['/api/v1/meetings', JSON_TYPE],
    ['/api/v1/meetings/standup/join', JSON_TYPE],
    ['/api/v1/meetings/standup/end', JSON_TYPE],
    ['/api/v1/media-handlers', NODE],
    ['/api/v1/media-handlers', { ...NODE, 'content-type': 'application/x-protobuf' }],
  ])('GC-14 a body over the limit at %s', async (path, headers) => {
    const body = `{"display_name":"${'x'.repeat(MAX_BODY_BYTES)}"}`;
    const { status, error } = await request('POST', path, headers, body);
    expect(status).toBe(413);
    expect(error.message).toBe('Body must have at most 65536 bytes');
  });

  it('GC-14 a body over the limit that does not say its length', async () => {
    const chunk = new Uint8Array(16_384);
    let chunks = 0;
    const body = new ReadableStream({
      pull: (controller) => (chunks++ < 100 ? controller.enqueue(chunk) : controller.close()),
    });
    const init = { method: 'POST', headers: JSON_TYPE, body, duplex: 'half' };
    const response = await plane.app.request('/api/v1/meetings', init as RequestInit);
    expect(response.status).toBe(413);
    expect(chunks).toBeLessThan(10);
  });

  it.each([
    ['GET', '/nothing'],
    ['POST', '/api/v1/nothing'],
    ['GET', '/api/v1/meetings/a/b/c'],
    ['DELETE', '/api/v2/meetings'],
  ])('GC-14 an unknown route: %s %s', async (method, path) => {
    const { status, error } = await request(method, path);
    expect(status).toBe(404);
    expect(error).toEqual({ code: 'NOT_FOUND', message: `No route ${method} ${path}`, details: {} });
  });

  it.each([
    ['PUT', '/api/v1/meetings', 'GET, HEAD, POST'],
    ['DELETE', '/api/v1/meetings/standup', 'GET, HEAD, PATCH'],
    ['PUT', '/api/v1/meetings/standup/join', 'GET, HEAD, POST'],
    ['PATCH', '/health', 'GET, HEAD'],
    ['POST', '/api/v1/openapi.json', 'GET, HEAD'],
  ])('GC-14 another method: %s %s', async (method, path, allow) => {
    const { status, error, response } = await request(method, path);
    expect(status).toBe(405);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(response.headers.get('allow')?.split(', ').sort().join(', ')).toBe(allow);
  });

  it('GC-14 fields that break their rule, each with its place', async () => {
    const body = JSON.stringify({ display_name: '', max_participants: 0, colour: 'blue' });
    const { status, error } = await request('POST', '/api/v1/meetings', JSON_TYPE, body);
    expect(status).toBe(400);
    expect(error.code).toBe('INVALID_REQUEST');
    expect(error.message).toBe('display_name must have at least 1 character');
    const issues = error.details['issues'] as { in: string; path: string; message: string }[];
    expect(new Set(issues.map((issue) => issue.path))).toEqual(
      new Set(['display_name', 'max_participants', '']),
    );
    for (const issue of issues) expect(issue).toEqual({ ...issue, in: 'body', message: expect.any(String) });
  });

  it.each(['%20', '%2e%2e', 'a%2fb', 'x'.repeat(65), '%E2%82', '%00'])(
    'GC-14 an id in the path that is none: %s',
    async (id) => {
      const { status, error } = await request('GET', `/api/v1/meetings/${id}`);
      // `..` is taken out of the address before it gets here, which leaves no route.
      expect([status, error.code]).toEqual(id === '%2e%2e' ? [404, 'NOT_FOUND'] : [400, 'INVALID_REQUEST']);
    },
  );

  it.each(['null', '[]', '"x"', '7', '{"__proto__":{"display_name":"x"}}'])(
    'GC-14 a body that is JSON of another kind: %s',
    async (body) => {
      const { status } = await request('POST', '/api/v1/meetings/standup/join', JSON_TYPE, body);
      expect(status).toBe(400);
    },
  );
});

describe('access', () => {
  it.each([
    ['no token', undefined],
    ['another scheme', `Basic ${btoa('a:b')}`],
    ['a wrong token', 'Bearer wrong'],
    ['a token with one character more', `Bearer ${NODE_TOKEN}x`],
    ['an empty token', 'Bearer '],
  ])('GC-1 lets no node in with %s', async (_name, authorization) => {
    for (const path of [
      '/api/v1/media-handlers',
      '/api/v1/media-handlers/mh-1/load-reports',
      '/api/v1/meeting-controllers',
      '/api/v1/meeting-controllers/mc-1/heartbeats',
    ]) {
      const headers = { ...JSON_TYPE, ...(authorization !== undefined && { authorization }) };
      const body = JSON.stringify(handlerRegistration('mh-1'));
      const { status, error, response } = await request('POST', path, headers, body);
      expect(status).toBe(401);
      expect(error.code).toBe('UNAUTHORIZED');
      expect(response.headers.get('www-authenticate')).toBe(
        authorization === undefined ? 'Bearer' : 'Bearer error="invalid_token"',
      );
      expect(JSON.stringify(error)).not.toContain(NODE_TOKEN);
    }
    expect(await plane.stores.handlers.get('mh-1')).toBe(undefined);
  });

  it('GC-15 lets nobody use the public API without its key where there is one', async () => {
    const access = bearerAccess(new Secret(API_KEY), { orgId: 'default', subject: 'key' });
    const app = plane.createApp({ access });
    for (const [method, path] of [
      ['POST', '/api/v1/meetings'],
      ['GET', '/api/v1/meetings'],
      ['GET', '/api/v1/meetings/standup'],
      ['POST', '/api/v1/meetings/standup/join'],
      ['POST', '/api/v1/meetings/standup/end'],
    ] as const) {
      const init = {
        method,
        headers: JSON_TYPE,
        ...(path.endsWith('join') && { body: '{"display_name":"Ada"}' }),
      };
      expect((await app.request(path, init)).status).toBe(401);
      const wrong = { ...init, headers: { ...JSON_TYPE, authorization: `Bearer ${NODE_TOKEN}` } };
      expect((await app.request(path, wrong)).status).toBe(401);
    }
    const headers = { authorization: `bearer ${API_KEY}` };
    expect((await app.request('/api/v1/meetings/standup', { headers })).status).toBe(200);
    expect((await app.request('/health')).status).toBe(200);
  });
});

describe('failures that are not the caller’s', () => {
  function failing(error: unknown): Stores {
    const { meetings } = plane.stores;
    return {
      ...plane.stores,
      meetings: { ...meetings, get: () => Promise.reject(error) } as Stores['meetings'],
    };
  }

  it('GC-14 answers an unexpected failure with 500 and a trace id, logs it, and leaks nothing', async () => {
    const app = plane.createApp({ stores: failing(new Error('password is hunter2')) });
    const response = await app.request('/api/v1/meetings/standup');
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('hunter2');
    const { error } = errorBodySchema.parse(JSON.parse(text));
    expect(error.code).toBe('INTERNAL_ERROR');
    const traceId = error.details['trace_id'];
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    const line = plane.lines.map((text) => JSON.parse(text)).find(({ level }) => level === 'error');
    expect(line).toMatchObject({
      trace_id: traceId,
      error: 'Error: password is hunter2',
      meeting_id: 'standup',
    });
  });

  it('GC-14 answers 503 with Retry-After while the database is away', async () => {
    const away = await ControlPlane.start();
    await away.stop();
    for (const response of [
      await away.get('/api/v1/meetings/standup'),
      await away.post('/api/v1/meetings'),
      await away.post('/api/v1/media-handlers', handlerRegistration('mh-1')),
    ]) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      const { error } = errorBodySchema.parse(await response.json());
      expect(error).toEqual({
        code: 'INTERNAL_ERROR',
        message: 'The database cannot be reached: try again shortly',
        details: {},
      });
    }
    expect((await away.get('/health')).status).toBe(200);
  });
});

describe('the log of requests', () => {
  it('GC-19 has one line a request with its trace, route and meeting, and nothing secret', async () => {
    plane.lines.length = 0;
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await plane.app.request('/api/v1/meetings/standup?x=private', {
      headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01`, authorization: 'Bearer private' },
    });
    const lines = plane.lines.map((text) => JSON.parse(text)).filter(({ message }) => message === 'Request');
    expect(lines).toEqual([
      {
        time: expect.any(String),
        level: 'debug',
        message: 'Request',
        trace_id: traceId,
        method: 'GET',
        route: '/api/v1/meetings/:meeting_id',
        status: 200,
        ms: 0,
        meeting_id: 'standup',
      },
    ]);
    expect(plane.lines.join()).not.toContain('private');
  });

  it('GC-19 names meeting, participant and controller when somebody is let in', async () => {
    await plane.addController('mc-1');
    await plane.addHandler('mh-1');
    plane.lines.length = 0;
    const joined = await plane.post('/api/v1/meetings/standup/join', { display_name: 'Ada' });
    const { join_token: token } = await joined.json();
    const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
    const lines = plane.lines.map((text) => JSON.parse(text));
    expect(lines.find(({ message }) => message === 'Participant let in')).toMatchObject({
      trace_id: expect.any(String),
      meeting_id: 'standup',
      participant_id: claims.sub,
      controller_id: claims.controller_id,
      generation: 1,
    });
    expect(plane.lines.join()).not.toContain('Ada');
  });
});
