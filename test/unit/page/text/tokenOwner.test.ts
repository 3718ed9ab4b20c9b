import { describe, expect, it } from 'vitest';
import { signedInText, tokenOwner } from '../../../../client/page/text/tokenOwner.ts';

function tokenOf(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;
}

describe('the owner of a token', () => {
  it.each([
    [{ sub: 'u-1', name: 'Ada Lovelace' }, 'Ada Lovelace'],
    [{ preferred_username: 'ada', email: 'ada@example.org' }, 'ada'],
    [{ name: 'A'.repeat(10_000) }, 'A'.repeat(100)],
    [{ sub: 'u-1', name: ' ', email: 'ada@example.org' }, 'ada@example.org'],
    [{ sub: 'Zoë ÿ 東京' }, 'Zoë ÿ 東京'],
    [{ name: 7 }, undefined],
    [null, undefined],
  ])('GC-15 is who its claims name: %#', (claims, owner) => {
    expect(tokenOwner(tokenOf(claims))).toBe(owner);
  });

  it.each(['', 'opaque', 'a.%%%.c', 'a.e30'])('GC-15 is unknown for %j', (token) => {
    expect(tokenOwner(token)).toBeUndefined();
  });

  it('GC-15 is told before anything is joined', () => {
    expect(signedInText(tokenOf({ sub: 'ada' }))).toBe(
      'You are signed in as ada. Not you? Reload this page.',
    );
    expect(signedInText('opaque')).toBe('You are signed in. Not you? Reload this page.');
  });
});
