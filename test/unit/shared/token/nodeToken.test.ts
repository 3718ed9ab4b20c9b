import { describe, expect, it } from 'vitest';
import { CLOCK_SKEW_SECONDS } from '../../../../shared/token/joinToken.ts';
import {
  CALL_TOKEN_LIFETIME_SECONDS,
  controllerAudience,
  MEDIA_HANDLER_AUDIENCE,
  signNodeToken,
  verifyNodeToken,
} from '../../../../shared/token/nodeToken.ts';
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

const audience = controllerAudience('mc-1');
const claims = { sub: 'global-controller', aud: audience, exp: nowSeconds + 60 };

async function reasonAgainst(
  token: string,
  now = secondsLater(0),
  expectedAudience = audience,
): Promise<string> {
  const result = await verifyNodeToken(token, keys, expectedAudience, now);
  return result.ok ? 'accepted' : result.reason;
}

describe('node tokens', () => {
  const sign = (signer = key) =>
    signNodeToken(signer, {
      subject: 'global-controller',
      audience,
      issuedAtSeconds: nowSeconds,
      lifetimeSeconds: CALL_TOKEN_LIFETIME_SECONDS,
    });

  it('GC-10 name who shows them', async () => {
    expect(await verifyNodeToken(await sign(), keys, audience, secondsLater(1))).toEqual({
      ok: true,
      value: 'global-controller',
    });
  });

  it('GC-10 are good for one audience: not another controller, not a media handler', async () => {
    const token = await sign();
    for (const other of [controllerAudience('mc-2'), MEDIA_HANDLER_AUDIENCE, 'meeting-controller'])
      expect(await reasonAgainst(token, secondsLater(0), other)).toMatch(/"aud"/);
  });

  it('GC-10 expire, with the tolerated skew of clocks', async () => {
    const token = await sign();
    const last = CALL_TOKEN_LIFETIME_SECONDS + CLOCK_SKEW_SECONDS;
    expect(await reasonAgainst(token, secondsLater(last - 1))).toBe('accepted');
    expect(await reasonAgainst(token, secondsLater(last))).toMatch(/"exp" claim/);
  });

  it('GC-10 are refused from another key and under another algorithm', async () => {
    expect(await reasonAgainst(await sign(otherKey))).toMatch(/no applicable key/);
    expect(await reasonAgainst(await forge({ claims, signedWith: otherKey.privateKey }))).toMatch(
      /signature/,
    );
    expect(await reasonAgainst(unsigned(claims))).toMatch(/"alg"/);
    expect(
      await reasonAgainst(await forge({ claims, header: { alg: 'HS256' }, signedWith: publicKeyAsSecret })),
    ).toMatch(/"alg"/);
    expect(await reasonAgainst(await forge({ claims }))).toBe('accepted');
  });

  it.each(['sub', 'aud', 'exp'] as const)('GC-10 are refused without %s', async (claim) => {
    const { [claim]: _left, ...rest } = claims;
    expect(await reasonAgainst(await forge({ claims: rest }))).toContain(`"${claim}"`);
  });
});
