import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  certificateHashSchema,
  displayNameSchema,
  httpsUrlSchema,
  idSchema,
  MAX_DISPLAY_NAME_LENGTH,
  MAX_ENDPOINT_LENGTH,
  timestampSchema,
} from '../../../../shared/api/fields.ts';
import { gcPaths } from '../../../../shared/api/paths.ts';
import { isId } from '../../../../shared/base/ids.ts';
import { holds } from '../holds.ts';

describe('ids', () => {
  it.each(['a', 'A-Z_a.z-09', '0', '-', '_', '...', '.a', 'a'.repeat(64)])('GC-1 may be %j', (value) => {
    expect(idSchema.safeParse(value).success).toBe(true);
    expect(isId(value)).toBe(true);
  });

  it.each([
    '',
    '.',
    '..',
    'a'.repeat(65),
    'a b',
    'a/b',
    'a\\b',
    'a%2fb',
    'a\n',
    '\u0000',
    'é',
    '\u0430',
    'a:b',
    'a#b',
  ])('GC-1 must not be %j', (value) => {
    expect(idSchema.safeParse(value).success).toBe(false);
    expect(isId(value)).toBe(false);
  });

  it.each([undefined, null, 1, {}, ['a']])('GC-1 must be text, not %j', (value) => {
    expect(idSchema.safeParse(value).success).toBe(false);
  });

  it('GC-1 are path segments that no URL parser changes', () => {
    holds(
      fc.property(fc.string({ unit: fc.constantFrom(...'aZ0._-'), minLength: 1, maxLength: 64 }), (value) => {
        fc.pre(isId(value));
        expect(new URL(gcPaths.meeting(value), 'https://h').pathname).toBe(`/api/v1/meetings/${value}`);
      }),
      { examples: [['...'], ['.-']] },
    );
  });
});

describe('endpoints', () => {
  const ofLength = (length: number): string => `https://h/${'a'.repeat(length - 'https://h/'.length)}`;

  it.each([
    'https://127.0.0.1:4433',
    'https://[::1]:4433/media?worker=2',
    'https://node-1.example.com/',
    'https://xn--hst-sna.example',
    ofLength(MAX_ENDPOINT_LENGTH),
  ])('GC-1 may be %s', (value) => {
    expect(httpsUrlSchema.safeParse(value).success).toBe(true);
  });

  it.each([
    '',
    'https://',
    'https:h',
    'https:/h',
    'http://h',
    'HTTPS://h',
    'javascript:alert(1)',
    'https://h:99999',
    'https://user@h',
    'https://user:pass@h',
    'https://h/#fragment',
    'https://h\\evil',
    ' https://h',
    'https://h ',
    'https://h/a b',
    'https://h\n.example',
    'https://h\t',
    'https://höst',
    'https://h/\u0000',
    ofLength(MAX_ENDPOINT_LENGTH + 1),
  ])('GC-1 must not be %j', (value) => {
    expect(httpsUrlSchema.safeParse(value).success).toBe(false);
  });

  it('GC-1 mean to URL what they show: what is taken is what is connected to', () => {
    holds(
      fc.property(fc.webUrl({ validSchemes: ['https'], size: 'small' }), (value) => {
        fc.pre(value.length <= MAX_ENDPOINT_LENGTH);
        expect(httpsUrlSchema.parse(value)).toBe(value);
        expect(new URL(value).href.startsWith('https://')).toBe(true);
      }),
    );
  });
});

describe('display names', () => {
  it('GC-14 are trimmed, and keep every script and emoji', () => {
    expect(displayNameSchema.parse('  Ada Lovelace ')).toBe('Ada Lovelace');
    for (const name of ['Ада', '艾達', 'أدا', 'Zoë', '\u{1F469}\u200d\u{1F4BB}', 'a\u0301'])
      expect(displayNameSchema.parse(name)).toBe(name);
  });

  it('GC-14 are at most 80 characters', () => {
    expect(displayNameSchema.safeParse('a'.repeat(MAX_DISPLAY_NAME_LENGTH)).success).toBe(true);
    expect(displayNameSchema.safeParse('a'.repeat(MAX_DISPLAY_NAME_LENGTH + 1)).success).toBe(false);
  });

  it.each([
    '',
    '   ',
    'a\nb',
    'a\u0000b',
    'a\u007fb',
    'a\u0085b',
    'a\u2028b',
    '\u202eeda',
    'a\u2066b',
    'a\ud800',
  ])('GC-14 must not be %j', (name) => {
    expect(displayNameSchema.safeParse(name).success).toBe(false);
  });

  it('GC-14 survive UTF-8, whatever is taken', () => {
    holds(
      fc.property(fc.string({ unit: 'binary', maxLength: 90 }), (text) => {
        const parsed = displayNameSchema.safeParse(text);
        fc.pre(parsed.success);
        expect(new TextDecoder().decode(new TextEncoder().encode(parsed.data))).toBe(parsed.data);
        expect(displayNameSchema.parse(parsed.data)).toBe(parsed.data);
      }),
    );
  });
});

describe('certificate hashes and times', () => {
  it('GC-1 takes the base64 of 32 bytes and nothing else', () => {
    const hash = Buffer.alloc(32, 0xfb).toString('base64');
    expect(certificateHashSchema.safeParse(hash).success).toBe(true);
    const bad = [Buffer.alloc(31), Buffer.alloc(33)].map((bytes) => bytes.toString('base64'));
    for (const value of [...bad, hash.slice(1), `${hash}\n`, hash.replaceAll('+', '-'), 'f'.repeat(64)])
      expect(certificateHashSchema.safeParse(value).success).toBe(false);
  });

  it('GC-14 takes times in UTC', () => {
    expect(timestampSchema.safeParse(new Date(0).toISOString()).success).toBe(true);
    for (const value of [
      '2026-11-21',
      '2026-11-21T10:00:00',
      '2026-13-01T10:00:00Z',
      '2026-11-21T10:00:00+01:00',
    ])
      expect(timestampSchema.safeParse(value).success).toBe(false);
  });
});
