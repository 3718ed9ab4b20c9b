// The local global controller as a process that asks for tokens: of its own issuer, and of an OIDC issuer.
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENV, type GlobalControllerInfo, type LauncherMessage } from '../../shared/base/env.ts';

const SECRET = 'pW3vU6oQyKbJ2cR8nT5xZ1mD7sH4gL9f';
let issuer: Server;
let issuerUrl: string;
let child: ChildProcess;
let url: string;
let published: JWK[];

beforeAll(async () => {
  issuer = createServer((_request, response) => response.end(JSON.stringify({ keys: published })));
  issuer.listen(0, '127.0.0.1');
  await once(issuer, 'listening');
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  child = fork('functions/entry/local.ts', {
    env: {
      [ENV.nodeToken]: 'node-token-0123456789abcdef',
      [ENV.logLevel]: 'error',
      [ENV.access]: 'tokens',
      [ENV.issuers]: JSON.stringify([
        { issuer: issuerUrl, audience: 'dark-tower', jwks_url: `${issuerUrl}/keys`, org: 'acme' },
      ]),
      [ENV.clients]: JSON.stringify([
        {
          client_id: 'backend',
          secret_sha256: createHash('sha256').update(SECRET).digest('hex'),
          org: 'acme',
          scopes: ['meetings:read', 'meetings:write'],
        },
      ]),
    },
  });
  const [message] = (await once(child, 'message')) as [LauncherMessage<GlobalControllerInfo>];
  if (message.type === 'failed') throw new Error(message.reason);
  ({ url } = message.info);
});

afterAll(async () => {
  const exited = once(child, 'exit');
  child.kill();
  await exited;
  issuer.closeAllConnections();
  issuer.close();
});

async function newKey(kid: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const sign = () =>
    new SignJWT({ scope: 'meetings:read' })
      .setProtectedHeader({ alg: 'ES256', kid })
      .setIssuer(issuerUrl)
      .setAudience('dark-tower')
      .setSubject('ada')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
  return { jwk: { ...(await exportJWK(publicKey)), kid }, sign };
}

const get = async (token?: string): Promise<number> => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/api/v1/meetings/standup`, { headers })).status;
};

describe('a system that asks for tokens', () => {
  it('GC-15 lets in machine clients, users of its issuer, and nobody else', async () => {
    const [key, foreign] = [await newKey('1'), await newKey('1')];
    published = [key.jwk];
    const answer = await fetch(`${url}/api/v1/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: 'backend',
        client_secret: SECRET,
      }),
    });
    expect(answer.status).toBe(200);
    const { access_token } = (await answer.json()) as { access_token: string };
    const created = await fetch(`${url}/api/v1/meetings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: '{"meeting_id":"standup"}',
    });
    expect(created.status).toBe(201);
    expect(await get(access_token)).toBe(200);
    expect(await get(await key.sign())).toBe(200);
    expect(await get(await foreign.sign())).toBe(401);
    expect(await get()).toBe(401);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});
