import { describe, expect, it } from 'vitest';
import { ALWAYS_TOLD, PresenceTurns } from '../../../media-node/agent/PresenceTurns.ts';
import { MAX_PRESENCE_ENTRIES, type PresenceEntry } from '../../../shared/api/controllerNotice.ts';

function meetings(count: number, participants: number, name: string): PresenceEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    meeting_id: `${name}-${index}`,
    generation: 1,
    participants,
    empty_for_ms: 0,
  }));
}

const ids = (entries: readonly PresenceEntry[]) => new Set(entries.map(({ meeting_id: id }) => id));

describe('notices of presence', () => {
  it('GC-17 hold all meetings where one is enough', () => {
    const held = [...meetings(100, 3, 'served'), ...meetings(MAX_PRESENCE_ENTRIES - 100, 0, 'dormant')];
    expect(new PresenceTurns().next(held)).toEqual(held);
  });

  it('GC-17 hold those that somebody is in every time, whatever there is of others, which take turns', () => {
    const turns = new PresenceTurns();
    const served = meetings(100, 3, 'served');
    const held = [...meetings(700, 0, 'empty'), ...served, ...meetings(400, 0, 'dormant')];
    const told = new Set<string>();
    for (let notice = 0; notice < 3; notice++) {
      const entries = turns.next(held);
      expect(entries.length).toBeLessThanOrEqual(MAX_PRESENCE_ENTRIES);
      expect(served.filter(({ meeting_id: id }) => !ids(entries).has(id))).toEqual([]);
      for (const id of ids(entries)) told.add(id);
    }
    expect(told.size).toBe(held.length);
  });

  it('GC-17 hold the largest every time where even those with somebody are too many, and all others in turn', () => {
    const turns = new PresenceTurns();
    const large = meetings(20, 400, 'large');
    const held = [...meetings(600, 2, 'small'), ...large];
    const told = new Set<string>();
    const notices = Math.ceil((held.length - ALWAYS_TOLD) / (MAX_PRESENCE_ENTRIES - ALWAYS_TOLD));
    for (let notice = 0; notice < notices; notice++) {
      const entries = turns.next(held);
      expect(entries).toHaveLength(notice + 1 < notices ? MAX_PRESENCE_ENTRIES : entries.length);
      expect(large.filter(({ meeting_id: id }) => !ids(entries).has(id))).toEqual([]);
      for (const id of ids(entries)) told.add(id);
    }
    expect(told.size).toBe(held.length);
  });
});
