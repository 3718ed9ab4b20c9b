import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AVATAR_COLORS, avatarColorIndex, initials } from '../../../../client/page/text/initials.ts';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['ada', 'A'],
    ['  Vinton  Gray Cerf ', 'VC'],
    ['(Team) Rocket', 'TR'],
    ['grace.hopper', 'GH'],
    ['émile zola', 'ÉZ'],
    ['李 小龍', '李小'],
    ['🦊 Fox', '🦊F'],
    ['👩‍🚀', '👩‍🚀'],
    ['4 u', '4U'],
    ['---', '?'],
    ['', '?'],
  ])('of %j are %j', (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});

describe('avatarColorIndex', () => {
  it('is a colour of the design for any name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const index = avatarColorIndex(name);
        expect(Number.isInteger(index)).toBe(true);
        expect(index).toBeGreaterThanOrEqual(0);
        expect(index).toBeLessThan(AVATAR_COLORS);
      }),
    );
    expect(avatarColorIndex('Ada Lovelace')).toBeGreaterThanOrEqual(0);
  });

  it('is the same for everybody who sees the name', () => {
    expect(avatarColorIndex(' Ada Lovelace ')).toBe(avatarColorIndex('ada lovelace'));
  });

  it('uses every colour among a hundred names', () => {
    const used = new Set(Array.from({ length: 100 }, (_, index) => avatarColorIndex(`Guest ${index}`)));
    expect(used.size).toBe(AVATAR_COLORS);
  });
});
