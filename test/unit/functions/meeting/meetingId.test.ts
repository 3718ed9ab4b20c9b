import { describe, expect, it } from 'vitest';
import { cryptoRandom } from '../../../../functions/base/random.ts';
import { MEETING_ID_ALPHABET, makeMeetingId } from '../../../../functions/meeting/meetingId.ts';
import { idSchema } from '../../../../shared/api/fields.ts';

describe('makeMeetingId', () => {
  it('GC-14 makes ids of three groups that are valid, unambiguous and new each time', () => {
    const ids = Array.from({ length: 5_000 }, () => makeMeetingId(cryptoRandom));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(id).toMatch(/^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/);
      expect(idSchema.safeParse(id).success).toBe(true);
      expect(id).not.toMatch(/[01ilo]/);
    }
  });

  it('GC-14 uses every character of the alphabet about equally often', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 5_000; i++)
      for (const character of makeMeetingId(cryptoRandom).replaceAll('-', ''))
        counts.set(character, (counts.get(character) ?? 0) + 1);
    const expected = (5_000 * 12) / MEETING_ID_ALPHABET.length;
    expect(counts.size).toBe(MEETING_ID_ALPHABET.length);
    for (const count of counts.values()) expect(Math.abs(count - expected)).toBeLessThan(expected * 0.2);
  });
});

describe('cryptoRandom', () => {
  it('GC-4 gives numbers from 0 to below 1 with fine steps', () => {
    const values = Array.from({ length: 10_000 }, cryptoRandom);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    expect(new Set(values).size).toBe(values.length);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });
});
