// Tokens of OIDC issuers: algorithms, clock skew, organisation and scopes, revocation.
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoStores } from '../../../../functions/dynamo/stores.ts';
import type { Caller } from '../../../../functions/http/Access.ts';
import { DENYLIST_CACHE_MS } from '../../../../functions/token/CachedDenylist.ts';
import { type OrgSource, tokenAccess } from '../../../../functions/token/tokenAccess.ts';
import { DEFAULT_ISSUER_SCOPES } from '../../../../shared/api/accessSettings.ts';
import { ALL_SCOPES, type Scope } from '../../../../shared/api/auth.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';
import type { Result } from '../../../../shared/base/result.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'dark-tower';
let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start();
});

afterAll(async () => {
  await plane.stop();
});

interface TokenOptions {
  readonly alg?: string;
  readonly claims?: JWTPayload;
  readonly org?: OrgSource;
  readonly scopes?: readonly Scope[];
  readonly issuedAtSeconds?: number;
  readonly lifetimeSeconds?: number;
}

const nowSeconds = (): number => Math.floor(plane.clock.nowMs / 1_000);

async function tokenAndAccess(options: TokenOptions = {}) {
  const { alg = 'ES256', org = { orgClaim: 'org_id' }, scopes = ALL_SCOPES } = options;
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const issuedAt = options.issuedAtSeconds ?? nowSeconds();
  const token = await new SignJWT({ org_id: 'acme', scope: 'openid meetings:read', ...options.claims })
    .setProtectedHeader({ alg, kid: '1' })
    .setIssuer(ISSUER)
    .setAudience([AUDIENCE, 'another'])
    .setSubject('ada')
    .setJti('token-1')
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + (options.lifetimeSeconds ?? 3_600))
    .sign(privateKey);
  const keys = keySetResolver({ keys: [{ ...(await exportJWK(publicKey)), kid: '1' }] });
  const access = tokenAccess({
    issuers: [{ issuer: ISSUER, audience: AUDIENCE, keys, org, scopes }],
    denylist: plane.stores.access.denylist,
    clock: plane.clock,
  });
  return { token, access };
}

async function identify(options: TokenOptions = {}): Promise<Result<Caller>> {
  const { token, access } = await tokenAndAccess(options);
  return await access.identify(request(token));
}

function request(token: string): Request {
  return new Request('https://gc.example', { headers: { authorization: `Bearer ${token}` } });
}

describe('user tokens', () => {
  it.each(['EdDSA', 'ES256', 'RS256', 'PS256'])('GC-15 are good when signed with %s', async (alg) => {
    expect(await identify({ alg })).toEqual({
      ok: true,
      value: { orgId: 'acme', issuer: ISSUER, subject: 'ada', scopes: new Set(['meetings:read']) },
    });
  });

  it.each(['ES384', 'RS512'])('GC-15 are refused when signed with %s', async (alg) => {
    expect(await identify({ alg })).toEqual({ ok: false, reason: 'Token is not valid' });
  });

  it('GC-15 are not taken when they were made with a public key as a shared secret', async () => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: '1' };
    const forged = await new SignJWT({ org_id: 'acme' })
      .setProtectedHeader({ alg: 'HS256', kid: '1' })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject('ada')
      .setIssuedAt(nowSeconds())
      .setExpirationTime(nowSeconds() + 60)
      .sign(new TextEncoder().encode(JSON.stringify(jwk)));
    const keys = keySetResolver({ keys: [jwk] });
    const { denylist } = plane.stores.access;
    const issuers = [
      { issuer: ISSUER, audience: AUDIENCE, keys, org: { orgId: 'acme' }, scopes: ALL_SCOPES },
    ];
    const access = tokenAccess({ issuers, denylist, clock: plane.clock });
    expect(await access.identify(request(forged))).toMatchObject({ ok: false });
  });

  it.each([
    ['five seconds after their end', { issuedAtSeconds: -3_604 }, true],
    ['six seconds after their end', { issuedAtSeconds: -3_606 }, false],
    ['of a clock that is five seconds ahead', { issuedAtSeconds: 5 }, true],
    ['of a clock that is six seconds ahead', { issuedAtSeconds: 6 }, false],
    ['that live a day', { lifetimeSeconds: 86_400 }, true],
    ['that live longer', { lifetimeSeconds: 86_401 }, false],
    ['that are not valid yet', { nbf: 6 }, false],
    ['that become valid within the skew', { nbf: 5 }, true],
  ])('GC-15 %s are taken or not: %j', async (_name, options: Record<string, number>, good) => {
    const { issuedAtSeconds, lifetimeSeconds, nbf } = options;
    const read = await identify({
      ...(issuedAtSeconds !== undefined && { issuedAtSeconds: nowSeconds() + issuedAtSeconds }),
      ...(lifetimeSeconds !== undefined && { lifetimeSeconds }),
      ...(nbf !== undefined && { claims: { nbf: nowSeconds() + nbf } }),
    });
    expect(read.ok).toBe(good);
  });

  it.each([
    [{ scope: 'meetings:read meetings:join' }, ['meetings:read', 'meetings:join']],
    [{ scope: undefined, scp: ['nodes:read', 7, 'x'] }, ['nodes:read']],
    [{ scope: undefined, scp: 'meetings:write' }, ['meetings:write']],
    [{ scope: undefined }, []],
    [{ scope: { 'meetings:read': true } }, []],
  ])('GC-15 may do what their scopes say, and nothing without: %j', async (claims, scopes) => {
    const read = await identify({ claims });
    expect(read.ok && [...read.value.scopes]).toEqual(scopes);
  });

  it('GC-15 may do no more than their issuer may give: nothing with the nodes of everybody unless its settings say so', async () => {
    const claims = { scope: ALL_SCOPES.join(' ') };
    const usual = await identify({ claims, scopes: DEFAULT_ISSUER_SCOPES });
    expect(usual.ok && [...usual.value.scopes].toSorted()).toEqual(
      ALL_SCOPES.filter((scope) => !scope.startsWith('nodes:')).toSorted(),
    );
    const listed = await identify({ claims, scopes: ['nodes:read'] });
    expect(listed.ok && [...listed.value.scopes]).toEqual(['nodes:read']);
  });

  it('GC-15 belong to the organisation of their claim, or to that of their issuer', async () => {
    expect(await identify({ claims: { org_id: 'other' } })).toMatchObject({ value: { orgId: 'other' } });
    expect(await identify({ org: { orgId: 'fixed' } })).toMatchObject({ value: { orgId: 'fixed' } });
    for (const org_id of [undefined, '', 'a#b', 7, ['acme'], 'x'.repeat(65)])
      expect(await identify({ claims: { org_id } })).toMatchObject({ ok: false });
  });

  it('GC-15 are refused once revoked: here at once, in another process within seconds, and only of that organisation', async () => {
    const { token, access } = await tokenAndAccess();
    const otherStores = createDynamoStores({
      client: plane.database.client,
      tableName: 'test',
      clock: plane.clock,
    });
    expect((await access.identify(request(token))).ok).toBe(true);
    const expiresAtMs = (plane.clock.nowMs + 3_600_000) as EpochMs;
    await otherStores.access.denylist.denySubject('other', 'ada', nowSeconds(), expiresAtMs);
    plane.clock.advance(DENYLIST_CACHE_MS);
    expect((await access.identify(request(token))).ok).toBe(true);
    await otherStores.access.denylist.denySubject('acme', 'ada', nowSeconds(), expiresAtMs);
    plane.clock.advance(DENYLIST_CACHE_MS);
    expect(await access.identify(request(token))).toEqual({ ok: false, reason: 'Token was revoked' });
    plane.clock.advance(1_000);
    expect((await identify()).ok).toBe(true);
  });
});
