import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  CLOCK_SKEW_SECONDS,
  JOIN_TOKEN_AUDIENCE,
  JOIN_TOKEN_LIFETIME_SECONDS,
  type JoinTokenInput,
  signJoinToken,
  verifyJoinToken,
} from '../../../../shared/token/joinToken.ts';
import { signNodeToken } from '../../../../shared/token/nodeToken.ts';
import { keySetResolver, publicKeySet } from '../../../../shared/token/signingKey.ts';
import {
  forge,
  key,
  keys,
  nowSeconds,
  otherKey,
  publicKeyAsSecret,
  secondsLater,
  unsigned,
} from './tokens.ts';

const input: JoinTokenInput = {
  participantId: 'p-1',
  meetingId: 'weekly',
  displayName: 'Ada \u{1F30D}',
  controllerId: 'mc-1',
  generation: 3,
  issuedAtSeconds: nowSeconds,
};
const claims = {
  aud: JOIN_TOKEN_AUDIENCE,
  sub: 'p-1',
  jti: 'j-1',
  iat: nowSeconds,
  exp: nowSeconds + 600,
  meeting_id: 'weekly',
  name: 'Ada',
  controller_id: 'mc-1',
  generation: 3,
};

async function reasonAgainst(token: string, now = secondsLater(0)): Promise<string> {
  const result = await verifyJoinToken(token, keys, now);
  return result.ok ? 'accepted' : result.reason;
}

describe('join tokens', () => {
  it('GC-15 bring their claims from the signer to the verifier', async () => {
    const token = await signJoinToken(key, input);
    const result = await verifyJoinToken(token, keys, secondsLater(1));
    expect(result).toEqual({
      ok: true,
      value: {
        sub: 'p-1',
        jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
        iat: nowSeconds,
        exp: nowSeconds + JOIN_TOKEN_LIFETIME_SECONDS,
        meeting_id: 'weekly',
        name: 'Ada \u{1F30D}',
        controller_id: 'mc-1',
        generation: 3,
      },
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' });
  });

  it('GC-15 live between 5 and 15 minutes', () => {
    expect(JOIN_TOKEN_LIFETIME_SECONDS).toBeGreaterThanOrEqual(5 * 60);
    expect(JOIN_TOKEN_LIFETIME_SECONDS).toBeLessThanOrEqual(15 * 60);
  });

  it('GC-15 are each one of a kind', async () => {
    expect(await signJoinToken(key, input)).not.toBe(await signJoinToken(key, input));
  });

  it('GC-15 expire, with the tolerated skew of clocks and not a second more', async () => {
    const token = await signJoinToken(key, { ...input, lifetimeSeconds: 300 });
    expect(await reasonAgainst(token, secondsLater(300 + CLOCK_SKEW_SECONDS - 1))).toBe('accepted');
    expect(await reasonAgainst(token, secondsLater(300 + CLOCK_SKEW_SECONDS))).toMatch(/"exp" claim/);
  });

  it('GC-15 may come from a clock that is ahead by the tolerated skew and not a second more', async () => {
    const token = await signJoinToken(key, input);
    expect(await reasonAgainst(token, secondsLater(-CLOCK_SKEW_SECONDS))).toBe('accepted');
    expect(await reasonAgainst(token, secondsLater(-CLOCK_SKEW_SECONDS - 1))).toMatch(/issued in the future/);
  });

  it('GC-15 are refused when another key signed them, under its own kid and under ours', async () => {
    const foreign = await signJoinToken(otherKey, input);
    expect(await reasonAgainst(foreign)).toMatch(/no applicable key/);
    const disguised = await forge({ claims, signedWith: otherKey.privateKey });
    expect(await reasonAgainst(disguised)).toMatch(/signature verification failed/);
  });

  it('GC-15 are refused under another algorithm: none, and HS256 with the public key as its secret', async () => {
    expect(await reasonAgainst(unsigned(claims))).toMatch(/"alg"/);
    const confused = await forge({ claims, header: { alg: 'HS256' }, signedWith: publicKeyAsSecret });
    expect(await reasonAgainst(confused)).toMatch(/"alg"/);
    expect(await reasonAgainst(await forge({ claims }))).toBe('accepted');
  });

  it('GC-15 are refused under another algorithm even when the key set has a key for it', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const mixed = keySetResolver({
      keys: [key.publicJwk, { ...(await exportJWK(publicKey)), kid: 'es', alg: 'ES256' }],
    });
    const token = await forge({ claims, header: { alg: 'ES256', kid: 'es' }, signedWith: privateKey });
    const result = await verifyJoinToken(token, mixed, secondsLater(0));
    expect(!result.ok && result.reason).toMatch(/"alg"/);
  });

  it('GC-15 are refused for another audience or from another issuer, node tokens included', async () => {
    expect(await reasonAgainst(await forge({ claims: { ...claims, aud: 'media-handler' } }))).toMatch(
      /"aud"/,
    );
    expect(await reasonAgainst(await forge({ claims: { ...claims, iss: 'someone' } }))).toMatch(/"iss"/);
    const nodeToken = await signNodeToken(key, {
      subject: 'mc-1',
      audience: 'media-handler',
      issuedAtSeconds: nowSeconds,
      lifetimeSeconds: 60,
    });
    expect(await reasonAgainst(nodeToken)).toMatch(/"aud"/);
  });

  it.each(Object.keys(claims))('GC-15 are refused without %s', async (claim) => {
    const { [claim as keyof typeof claims]: _left, ...rest } = claims;
    expect(await reasonAgainst(await forge({ claims: rest }))).not.toBe('accepted');
  });

  it.each([
    ['sub', '../x'],
    ['meeting_id', ''],
    ['name', 'a\u0000b'],
    ['generation', 0],
    ['generation', '3'],
    ['exp', 'tomorrow'],
    ['nbf', nowSeconds + 60],
  ])('GC-15 are refused with the claim %s being %j', async (claim, value) => {
    expect(await reasonAgainst(await forge({ claims: { ...claims, [claim]: value } }))).not.toBe('accepted');
  });

  it('GC-15 are refused when changed in any part, cut short, or no token at all', async () => {
    const token = await signJoinToken(key, input);
    const parts = token.split('.');
    for (const part of [0, 1, 2]) {
      const changed = parts.map((text, i) =>
        i === part ? `${text[0] === 'A' ? 'B' : 'A'}${text.slice(1)}` : text,
      );
      expect(await reasonAgainst(changed.join('.'))).not.toBe('accepted');
    }
    for (const text of ['', '.', '..', 'x', token.slice(0, -2), `${token}.x`, parts.slice(0, 2).join('.')])
      expect(await reasonAgainst(text)).not.toBe('accepted');
  });

  it('GC-15 are checked against every key of a set, so that keys can be changed', async () => {
    const both = keySetResolver(publicKeySet([otherKey, key]));
    for (const signer of [key, otherKey])
      expect((await verifyJoinToken(await signJoinToken(signer, input), both, secondsLater(0))).ok).toBe(
        true,
      );
  });
});
