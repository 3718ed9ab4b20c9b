import { exportJWK, generateKeyPair, type JWTVerifyGetKey, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Denylist } from '../../../../functions/token/Denylist.ts';
import { tokenAccess } from '../../../../functions/token/tokenAccess.ts';
import {
  MAX_VERIFIED_TOKENS,
  VERIFIED_TOKEN_MS,
  VerifiedTokens,
} from '../../../../functions/token/VerifiedTokens.ts';
import { ALL_SCOPES } from '../../../../shared/api/auth.ts';
import type { Clock, EpochMs } from '../../../../shared/base/clock.ts';
import { keySetResolver } from '../../../../shared/token/signingKey.ts';

const ISSUER = 'https://issuer.example';
const LIFETIME_SECONDS = 30;

let nowMs: number;
const clock: Clock = { epochMs: () => nowMs as EpochMs, monotonicMs: () => nowMs };

beforeEach(() => {
  nowMs = 1_000_000;
});

/** An issuer that can withdraw its key, and counts how often it is asked for it. */
async function issuerAndAccess(lifetimeSeconds = LIFETIME_SECONDS) {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: '1' };
  const issuer = { keys: [jwk], asked: 0, revoked: false };
  const keys: JWTVerifyGetKey = async (header, token) => {
    issuer.asked++;
    return await keySetResolver({ keys: issuer.keys })(header, token);
  };
  const denylist: Denylist = {
    denies: async () => issuer.revoked,
    denyToken: async () => undefined,
    denySubject: async () => undefined,
  };
  const sign = async (subject: string): Promise<string> =>
    await new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA', kid: '1' })
      .setIssuer(ISSUER)
      .setAudience('dark-tower')
      .setSubject(subject)
      .setIssuedAt(nowMs / 1_000)
      .setExpirationTime(nowMs / 1_000 + lifetimeSeconds)
      .sign(privateKey);
  const access = tokenAccess({
    issuers: [{ issuer: ISSUER, audience: 'dark-tower', keys, org: { orgId: 'acme' }, scopes: ALL_SCOPES }],
    denylist,
    clock,
  });
  const identify = async (token: string) =>
    await access.identify(
      new Request('https://gc.example', { headers: { authorization: `Bearer ${token}` } }),
    );
  return { issuer, sign, identify };
}

describe('VerifiedTokens', () => {
  it('GC-18 spares the check of a signature that has been checked, for that very token alone', async () => {
    const { issuer, sign, identify } = await issuerAndAccess();
    const token = await sign('ada');
    for (let i = 0; i < 3; i++) expect(await identify(token)).toMatchObject({ value: { subject: 'ada' } });
    expect(issuer.asked).toBe(1);
    expect(await identify(await sign('bob'))).toMatchObject({ value: { subject: 'bob' } });
    expect(issuer.asked).toBe(2);
    const [header, , signature] = token.split('.');
    const [, otherClaims] = (await sign('root')).split('.');
    expect(await identify(`${header}.${otherClaims}.${signature}`)).toMatchObject({
      reason: 'Token signature is not valid',
    });
  });

  it('GC-15 refuses a token that was let in before once it has expired, or is revoked', async () => {
    const { issuer, sign, identify } = await issuerAndAccess();
    const token = await sign('ada');
    expect((await identify(token)).ok).toBe(true);
    issuer.revoked = true;
    expect(await identify(token)).toEqual({ ok: false, reason: 'Token was revoked' });
    issuer.revoked = false;
    nowMs += (LIFETIME_SECONDS + 6) * 1_000;
    expect(await identify(token)).toEqual({ ok: false, reason: 'Token has expired' });
  });

  it('GC-15 lets a withdrawn key count for a minute more, and no longer', async () => {
    const { issuer, sign, identify } = await issuerAndAccess(3_600);
    const token = await sign('ada');
    expect((await identify(token)).ok).toBe(true);
    issuer.keys = [];
    nowMs += VERIFIED_TOKEN_MS - 1;
    expect((await identify(token)).ok).toBe(true);
    nowMs += 1;
    expect((await identify(token)).ok).toBe(false);
  });

  it('GC-15 remembers no token that was refused, and forgets the oldest past its bound', async () => {
    const { issuer, sign, identify } = await issuerAndAccess();
    issuer.keys = [];
    const refused = await sign('ada');
    await identify(refused);
    await identify(refused);
    expect(issuer.asked).toBe(2);
    const tokens = new VerifiedTokens<number>(clock);
    for (let i = 0; i <= MAX_VERIFIED_TOKENS; i++) tokens.add(`token-${i}`, i, nowMs);
    expect(tokens.size).toBe(MAX_VERIFIED_TOKENS);
    expect([tokens.find('token-0'), tokens.find('token-1')]).toEqual([undefined, 1]);
  });
});
