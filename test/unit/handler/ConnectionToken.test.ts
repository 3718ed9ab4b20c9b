import { beforeEach, describe, expect, it } from 'vitest';
import {
  CONNECTION_TOKEN_LIFETIME_MS,
  ConnectionTokens,
} from '../../../media-node/handler/ConnectionToken.ts';
import { FakeClock } from './meeting.ts';

describe('ConnectionTokens', () => {
  let clock: FakeClock;
  let tokens: ConnectionTokens;
  beforeEach(async () => {
    clock = new FakeClock();
    tokens = await ConnectionTokens.create(clock);
  });

  it('MC-7 makes a token that names its transport and lasts five minutes', async () => {
    const { token, expiresAtMs } = await tokens.issue('transport-1');
    expect(expiresAtMs).toBe(clock.nowMs + 5 * 60_000);
    expect(await tokens.verify(token)).toEqual({ ok: true, value: 'transport-1' });
    clock.nowMs += CONNECTION_TOKEN_LIFETIME_MS - 1;
    expect(await tokens.verify(token)).toEqual({ ok: true, value: 'transport-1' });
  });

  it('MC-7 refuses a token from the moment it expires', async () => {
    const { token } = await tokens.issue('transport-1');
    clock.nowMs += CONNECTION_TOKEN_LIFETIME_MS;
    expect(await tokens.verify(token)).toEqual({ ok: false, reason: 'expired' });
  });

  it('MC-7 refuses the token of another worker', async () => {
    const other = await ConnectionTokens.create(clock);
    const { token } = await other.issue('transport-1');
    expect(await tokens.verify(token)).toEqual({ ok: false, reason: 'wrongSignature' });
  });

  it('MC-7 refuses a token whose transport or expiry was changed', async () => {
    const { token, expiresAtMs } = await tokens.issue('transport-1');
    const forged = [
      token.replace('transport-1', 'transport-2'),
      token.replace(String(expiresAtMs), String(expiresAtMs + 1)),
    ];
    for (const one of forged)
      expect(await tokens.verify(one)).toEqual({ ok: false, reason: 'wrongSignature' });
  });

  it('MC-7 refuses a shortened signature, which would be easy to guess', async () => {
    const { token } = await tokens.issue('transport-1');
    for (const cut of [1, 20, 42])
      expect(await tokens.verify(token.slice(0, -cut))).toMatchObject({ ok: false });
  });

  it.each(['', '~', 'a~b', '~~', 'a~1~***', 'a~1~b~c', 'x'.repeat(100_000), `a~1~${'A'.repeat(500)}`])(
    'MC-7 MH-10 refuses %.20s without throwing',
    async (token) => {
      expect(await tokens.verify(token)).toMatchObject({ ok: false });
    },
  );
});
