import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scoreOf } from '../../../../functions/assignment/score.ts';
import {
  type Candidate,
  exclusionOf,
  SHORT_LIST_LENGTH,
  selectBackup,
  selectNode,
} from '../../../../functions/assignment/select.ts';
import { type HealthState, healthAt } from '../../../../functions/registry/health.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';

const NOW = 10_000_000 as EpochMs;
const STATES: readonly HealthState[] = ['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING', 'UNHEALTHY'];

const anyCandidate = fc
  .record({
    region: fc.constantFrom('eu', 'eu', 'eu', 'us'),
    zone: fc.constantFrom('a', 'b', 'c'),
    state: fc.constantFrom(...STATES),
    silentMs: fc.integer({ min: -5_000, max: 60_000 }),
    headroom: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    fits: fc.boolean(),
    pendingMeetings: fc.integer({ min: 0, max: 500 }),
  })
  .map(({ state, silentMs, ...rest }) => ({
    ...rest,
    health: { state, atMs: (NOW - silentMs) as EpochMs },
  }));
const anyFleet = fc
  .array(anyCandidate, { maxLength: 30 })
  .map((candidates) =>
    candidates.map((candidate, i): Candidate<number> => ({ ...candidate, node: i, id: `n${i}` })),
  );
const anyRandom = fc
  .array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((values) => {
    let next = 0;
    return () => values[next++ % values.length] ?? 0;
  });

describe('any selection', () => {
  it('GC-3 GC-4 takes no node that is full, pending, draining, unhealthy, stale or elsewhere, and one where there is one', () => {
    void fc.assert(
      fc.property(anyFleet, anyRandom, (candidates, random) => {
        const options = { region: 'eu', nowMs: NOW, random };
        const able = candidates.filter(
          (candidate) =>
            candidate.region === 'eu' &&
            ['HEALTHY', 'DEGRADED'].includes(healthAt(candidate.health, NOW)) &&
            candidate.headroom !== undefined &&
            candidate.fits,
        );
        const selected = selectNode(candidates, options);
        expect(selected.ok).toBe(able.length > 0);
        if (selected.ok) expect(able).toContain(selected.value);
      }),
      { numRuns: 500 },
    );
  });

  it('GC-4 says exactly what emptied the list: every candidate once, each for its own reason', () => {
    void fc.assert(
      fc.property(anyFleet, anyRandom, (candidates, random) => {
        const options = { region: 'eu', nowMs: NOW, random };
        const reasons = candidates.map((candidate) => exclusionOf(candidate, options));
        const out = candidates.filter((_, i) => reasons[i] !== undefined);
        const selected = selectNode(out, options);
        if (selected.ok) throw new Error('A node was selected that is out');
        const { considered, excluded } = selected.reason;
        expect(considered).toBe(out.length);
        expect(Object.values(excluded).reduce((sum, count) => sum + count, 0)).toBe(out.length);
        for (const [reason, count] of Object.entries(excluded))
          expect(reasons.filter((each) => each === reason)).toHaveLength(count);
      }),
      { numRuns: 500 },
    );
  });

  it('GC-4 takes one of the five with the best score', () => {
    void fc.assert(
      fc.property(anyFleet, anyRandom, (candidates, random) => {
        const options = { region: 'eu', nowMs: NOW, random };
        const selected = selectNode(candidates, options);
        if (!selected.ok) return;
        const score = ({ headroom = 0, health: { state }, ...rest }: Candidate<number>): number =>
          scoreOf({ ...rest, headroom, state }, { region: 'eu' });
        const better = candidates.filter(
          (candidate) =>
            exclusionOf(candidate, options) === undefined && score(candidate) > score(selected.value),
        );
        expect(better.length).toBeLessThan(SHORT_LIST_LENGTH);
      }),
      { numRuns: 500 },
    );
  });

  it('GC-5 takes primary and backup of two zones wherever two zones have capacity, and never one node twice', () => {
    void fc.assert(
      fc.property(anyFleet, anyRandom, (candidates, random) => {
        const options = { region: 'eu', nowMs: NOW, random };
        const able = candidates.filter((candidate) => exclusionOf(candidate, options) === undefined);
        const selected = selectNode(candidates, options);
        expect(selected.ok).toBe(able.length > 0);
        if (!selected.ok) return;
        const primary = selected.value;
        const backup = selectBackup(candidates, primary, options);
        expect(backup !== undefined).toBe(able.length > 1);
        if (backup === undefined) return;
        expect(able).toContain(backup);
        expect(backup.id).not.toBe(primary.id);
        if (new Set(able.map(({ zone }) => zone)).size > 1) expect(backup.zone).not.toBe(primary.zone);
      }),
      { numRuns: 500 },
    );
  });
});

describe('scoreOf', () => {
  const node = { headroom: 0.8, pendingMeetings: 0, state: 'HEALTHY', region: 'eu', zone: 'a' } as const;

  it('GC-5 is the free capacity, and half of it where the node is degraded', () => {
    expect(scoreOf(node, { region: 'eu' })).toBeCloseTo(0.8);
    expect(scoreOf({ ...node, state: 'DEGRADED' }, { region: 'eu' })).toBeCloseTo(0.4);
    expect(scoreOf({ ...node, state: 'DRAINING' }, { region: 'eu' })).toBe(0);
  });

  it('GC-5 prefers the zone and the region that are wished for', () => {
    const wish = { region: 'eu', zone: 'a' };
    expect(scoreOf(node, wish)).toBeGreaterThan(scoreOf({ ...node, zone: 'b' }, wish));
    expect(scoreOf({ ...node, zone: 'b' }, wish)).toBeGreaterThan(scoreOf({ ...node, region: 'us' }, wish));
  });

  it('GC-4 falls with every meeting that the figures do not show yet', () => {
    const scores = [0, 1, 2, 10, 100].map((pendingMeetings) =>
      scoreOf({ ...node, pendingMeetings }, { region: 'eu' }),
    );
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(scores).size).toBe(scores.length);
    expect(scores[3]).toBeCloseTo(0.4);
  });
});
