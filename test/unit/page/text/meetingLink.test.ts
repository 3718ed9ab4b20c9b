import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meetingIdOf, meetingPath, parseMeetingReference } from '../../../../client/page/text/meetingLink.ts';
import { isId } from '../../../../shared/base/ids.ts';

const ID = 'kbq4-w7ps-m2xn';

describe('parseMeetingReference', () => {
  it.each([
    ID,
    `  ${ID}\n`,
    `https://meet.example.org/m/${ID}`,
    `http://localhost:8080/m/${ID}/`,
    `localhost:8080/m/${ID}`,
    `meet.example.org/m/${ID}?utm=1#top`,
    `/m/${ID}`,
    `https://meet.example.org/base/m/${ID}`,
    `https://meet.example.org/?meeting=${ID}`,
    `https://meet.example.org/?name=Ada&meeting=${ID}`,
  ])('GC-1 finds the meeting id in %j', (text) => {
    expect(parseMeetingReference(text)).toEqual({ kind: 'id', meetingId: ID });
  });

  it.each(['', '   ', '\n'])('calls %j empty: a new meeting', (text) => {
    expect(parseMeetingReference(text)).toEqual({ kind: 'empty' });
  });

  it.each([
    'two words',
    'https://meet.example.org/',
    'https://meet.example.org/m/',
    'https://meet.example.org/m/a%2Fb',
    'https://meet.example.org/m/%E0%A4%A',
    'https://meet.example.org/m/two/parts',
    'näh',
    'x'.repeat(65),
    'https://',
    'join https://meet.example.org/m/abc',
  ])('GC-1 refuses %j', (text) => {
    expect(parseMeetingReference(text)).toEqual({ kind: 'invalid' });
  });

  it('GC-1 reads back every path that it makes, and answers any text without throwing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), (meetingId) => {
        // "." and ".." are steps in a path, not names.
        fc.pre(meetingId !== '.' && meetingId !== '..');
        const url = new URL(meetingPath(meetingId), 'https://meet.example.org');
        expect(meetingIdOf(url)).toBe(meetingId);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const reference = parseMeetingReference(text);
        if (reference.kind === 'id') expect(isId(reference.meetingId)).toBe(true);
      }),
    );
  });
});
