import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  describeShortage,
  SHORT_LIST_LENGTH,
  selectBackup,
  selectNode,
} from '../../../../functions/assignment/select.ts';
import { cryptoRandom } from '../../../../functions/base/random.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';

const NOW = 1_000_000 as EpochMs;
const options = { region: 'eu', nowMs: NOW, random: cryptoRandom };

function candidate(id: string, overrides: Partial<Candidate<string>> = {}): Candidate<string> {
  return {
    node: id,
    id,
    region: 'eu',
    zone: 'a',
    health: { state: 'HEALTHY', atMs: NOW },
    headroom: 0.9,
    fits: true,
    pendingMeetings: 0,
    ...overrides,
  };
}

/** How often each is drawn. */
function drawn(candidates: readonly Candidate<string>[], times: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let i = 0; i < times; i++) {
    const selected = selectNode(candidates, options);
    if (!selected.ok) throw new Error('Nobody was selected');
    counts.set(selected.value.id, (counts.get(selected.value.id) ?? 0) + 1);
  }
  return counts;
}

describe('selectNode', () => {
  it.each([
    ['other_region', candidate('x', { region: 'us' })],
    ['pending', candidate('x', { health: { state: 'PENDING', atMs: NOW } })],
    ['pending', candidate('x', { headroom: undefined })],
    ['draining', candidate('x', { health: { state: 'DRAINING', atMs: NOW } })],
    ['unhealthy', candidate('x', { health: { state: 'UNHEALTHY', atMs: NOW } })],
    ['unhealthy', candidate('x', { health: { state: 'HEALTHY', atMs: (NOW - 30_000) as EpochMs } })],
    ['at_capacity', candidate('x', { headroom: 0, fits: false })],
    ['at_capacity', candidate('x', { headroom: 0.01, fits: false })],
  ] as const)('GC-4 takes no node that is out as %s, and says so', (reason, node) => {
    expect(selectNode([node], options)).toEqual({
      ok: false,
      reason: { considered: 1, excluded: { [reason]: 1 } },
    });
  });

  it('GC-6 takes no node that was asked already', () => {
    const nodes = [candidate('a'), candidate('b')];
    const selected = selectNode(nodes, { ...options, alreadyAsked: new Set(['a']) });
    expect(selected.ok && selected.value.id).toBe('b');
    expect(selectNode(nodes, { ...options, alreadyAsked: new Set(['a', 'b']) }).ok).toBe(false);
  });

  it('GC-4 counts what emptied the list, each candidate once', () => {
    const selected = selectNode(
      [
        candidate('a', { headroom: 0, fits: false }),
        candidate('b', { headroom: 0, fits: false }),
        candidate('c', { health: { state: 'DRAINING', atMs: NOW } }),
      ],
      options,
    );
    if (selected.ok) throw new Error('A full node was selected');
    expect(describeShortage(selected.reason)).toBe('none of 3 is free: 1 draining, 2 at capacity');
    expect(describeShortage({ considered: 0, excluded: {} })).toBe('none has reported lately');
  });

  it('GC-4 draws among the five least loaded only', () => {
    const nodes = Array.from({ length: 12 }, (_, i) => candidate(`n${i}`, { headroom: 1 - i / 20 }));
    const counts = drawn(nodes, 2_000);
    expect([...counts.keys()].sort()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4']);
    expect(counts.size).toBe(SHORT_LIST_LENGTH);
  });

  it('GC-4 draws with weight 1 - load', () => {
    const counts = drawn([candidate('idle', { headroom: 1 }), candidate('busy', { headroom: 0.25 })], 20_000);
    const share = (counts.get('idle') ?? 0) / 20_000;
    // 0.8 expected; the standard deviation is 0.003.
    expect(share).toBeGreaterThan(0.78);
    expect(share).toBeLessThan(0.82);
  });

  it('GC-4 lets equally loaded nodes take turns, beyond the first five', () => {
    const nodes = Array.from({ length: 20 }, (_, i) => candidate(`n${i}`, { headroom: 1 }));
    expect(drawn(nodes, 4_000).size).toBe(20);
  });

  it.each([0, 0.5, 1 - 2 ** -53])(
    'GC-4 selects a node for every value of the random source (%d)',
    (value) => {
      const nodes = [candidate('a', { headroom: 0.1 }), candidate('b', { headroom: 2 / 3 })];
      expect(selectNode(nodes, { ...options, random: () => value }).ok).toBe(true);
    },
  );
});

/** A meeting's two. */
function selectTwo(nodes: readonly Candidate<string>[]) {
  const primary = selectNode(nodes, options);
  if (!primary.ok) throw new Error('Nobody was selected');
  return { primary: primary.value, backup: selectBackup(nodes, primary.value, options) };
}

describe('selectBackup', () => {
  it('GC-5 takes primary and backup from two zones where two have capacity', () => {
    const nodes = [
      candidate('a1', { zone: 'a', headroom: 1 }),
      candidate('a2', { zone: 'a', headroom: 1 }),
      candidate('b1', { zone: 'b', headroom: 0.1 }),
    ];
    for (let i = 0; i < 200; i++) {
      const { primary, backup } = selectTwo(nodes);
      expect(backup?.zone).not.toBe(primary.zone);
    }
  });

  it('GC-5 takes the backup from the same zone when the other zone is full', () => {
    const nodes = [
      candidate('a1'),
      candidate('a2'),
      candidate('b1', { zone: 'b', headroom: 0, fits: false }),
    ];
    const { primary, backup } = selectTwo(nodes);
    expect([primary.id, backup?.id].sort()).toEqual(['a1', 'a2']);
  });

  it('GC-5 goes without a backup where there is one node', () => {
    expect(selectTwo([candidate('a')])).toMatchObject({ primary: { id: 'a' }, backup: undefined });
  });

  it('GC-5 is not drawn to the zone that is preferred for the primary', () => {
    const primary = candidate('a');
    const nodes = [
      primary,
      candidate('b', { zone: 'b', headroom: 0.5 }),
      candidate('c', { zone: 'c', headroom: 0.5 }),
    ];
    const zones = Array.from(
      { length: 200 },
      () => selectBackup(nodes, primary, { ...options, preferredZone: 'b', random: cryptoRandom })?.zone,
    );
    expect(new Set(zones)).toEqual(new Set(['b', 'c']));
  });
});
