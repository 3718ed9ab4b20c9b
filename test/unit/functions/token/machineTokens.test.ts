// The built-in issuer as a machine client uses it, and what can be wrong with its requests (RFC 6749, 4.4 and 5.2).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_SECRET, MEETING, ORG, RouteSystem } from '../http/routes/RouteSystem.ts';

const GRANT = { grant_type: 'client_credentials' };
const FORM = { client_id: 'backend', client_secret: CLIENT_SECRET };
let system: RouteSystem;

beforeAll(async () => {
  system = await RouteSystem.start();
  await system.meeting(MEETING);
});

afterAll(async () => {
  await system.stop();
});

async function ask(body: Record<string, string> | string, headers: Record<string, string> = {}) {
  const response = await system.app.request('/api/v1/auth/token', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });
  return {
    response,
    status: response.status,
    body: (await response.json()) as Record<string, string> & { error?: { details: unknown } },
  };
}

const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` });
const get = (token: string, path = `/api/v1/meetings/${MEETING}`) =>
  system.app.request(path, { headers: { authorization: `Bearer ${token}` } });

describe('a token for a machine', () => {
  it.each([
    ['in the form', { ...GRANT, ...FORM }, {}],
    ['in the header', GRANT, basic('backend', CLIENT_SECRET)],
  ])(
    'GC-15 is had with the secret %s, is of the client’s organisation, and lives 15 minutes',
    async (_name, body, headers) => {
      const { status, response, body: answer } = await ask(body, headers);
      expect(status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(answer).toMatchObject({
        token_type: 'Bearer',
        expires_in: 900,
        scope: 'meetings:read meetings:write',
      });
      expect((await get(answer['access_token'] ?? '')).status).toBe(200);
      expect((await get(answer['access_token'] ?? '', '/api/v1/nodes')).status).toBe(403);
    },
  );

  it('GC-15 has the scopes that were asked for and no others', async () => {
    const { body } = await ask({ ...GRANT, ...FORM, scope: 'meetings:write' });
    expect(body['scope']).toBe('meetings:write');
    expect((await get(body['access_token'] ?? '')).status).toBe(403);
  });

  it('GC-15 is no longer good once revoked by its subject, and the next one is', async () => {
    const { body: first } = await ask({ ...GRANT, ...FORM });
    const revoke = (orgId: string) =>
      system.userHeaders({ orgId }).then((headers) =>
        system.app.request('/api/v1/auth/revocations', {
          method: 'POST',
          headers,
          body: '{"subject":"backend"}',
        }),
      );
    expect((await revoke('other')).status).toBe(200);
    expect((await get(first['access_token'] ?? '')).status).toBe(200);
    expect((await revoke(ORG)).status).toBe(200);
    expect((await get(first['access_token'] ?? '')).status).toBe(401);
    system.plane.clock.advance(1_000);
    const { body: second } = await ask({ ...GRANT, ...FORM });
    expect((await get(second['access_token'] ?? '')).status).toBe(200);
  });

  it.each([
    ['no grant type', FORM, {}, 400, 'invalid_request'],
    ['another grant type', { ...FORM, grant_type: 'password' }, {}, 400, 'unsupported_grant_type'],
    ['a scope of others', { ...GRANT, ...FORM, scope: 'tokens:write' }, {}, 400, 'invalid_scope'],
    ['a scope that there is not', { ...GRANT, ...FORM, scope: 'everything' }, {}, 400, 'invalid_scope'],
    [
      'a field twice',
      'grant_type=client_credentials&grant_type=client_credentials',
      {},
      400,
      'invalid_request',
    ],
    ['two secrets', { ...GRANT, ...FORM }, basic('backend', CLIENT_SECRET), 400, 'invalid_request'],
    ['no secret', { ...GRANT, client_id: 'backend' }, {}, 401, 'invalid_client'],
    ['a wrong secret', { ...GRANT, ...FORM, client_secret: 'wrong' }, {}, 401, 'invalid_client'],
    ['a client that there is not', { ...GRANT, ...FORM, client_id: 'nobody' }, {}, 401, 'invalid_client'],
    ['an empty client', { ...GRANT, client_id: '', client_secret: '' }, {}, 401, 'invalid_client'],
    ['a wrong secret in the header', GRANT, basic('backend', 'wrong'), 401, 'invalid_client'],
    ['a header that is none', GRANT, { authorization: 'Basic !!!' }, 401, 'invalid_client'],
    ['a broken escape in the header', GRANT, basic('backend', '%zz'), 401, 'invalid_client'],
  ])('GC-15 is not had with %s', async (_name, body, headers, status, error) => {
    const answer = await ask(body as Record<string, string>, headers as unknown as Record<string, string>);
    expect([answer.status, answer.body.error?.details]).toEqual([status, { error }]);
    if (status === 401) expect(answer.response.headers.get('www-authenticate')).toContain('Basic');
  });
});
