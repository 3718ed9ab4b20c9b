import { describe, expect, it } from 'vitest';
import { healthAt, nextHealth, SILENCE_LIMIT_MS } from '../../../../functions/registry/health.ts';
import type { EpochMs } from '../../../../shared/base/clock.ts';

const at = (ms: number): EpochMs => ms as EpochMs;

describe('health of a media node', () => {
  it('GC-3 is pending from the registration to the first report, whatever was before', () => {
    const before = { state: 'HEALTHY', atMs: at(1) } as const;
    expect(nextHealth(before, { type: 'registered', atMs: at(5) })).toEqual({ state: 'PENDING', atMs: 5 });
  });

  it.each(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING', 'UNHEALTHY'] as const)(
    'GC-3 is %s when the node says so',
    (state) => {
      expect(nextHealth(undefined, { type: 'reported', state, atMs: at(7) })).toEqual({ state, atMs: 7 });
    },
  );

  it.each(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING'] as const)(
    'GC-3 GC-9 turns %s into unhealthy at read time after 30 s of silence, and not before',
    (state) => {
      const stored = { state, atMs: at(1_000) };
      expect(SILENCE_LIMIT_MS).toBe(30_000);
      expect(healthAt(stored, at(30_999))).toBe(state);
      expect(healthAt(stored, at(31_000))).toBe('UNHEALTHY');
    },
  );

  it('GC-3 keeps the time of the last word when silence makes a node unhealthy', () => {
    const silent = nextHealth({ state: 'HEALTHY', atMs: at(10) }, { type: 'time_passed', atMs: at(90_000) });
    expect(silent).toEqual({ state: 'UNHEALTHY', atMs: 10 });
  });

  it.each(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING'] as const)(
    'GC-3 lets no report of %s take a node out of an operator’s drain, nor a new registration',
    (state) => {
      const drained = { state: 'DRAINING', atMs: at(1), drained: true } as const;
      expect(nextHealth(drained, { type: 'reported', state, atMs: at(2) })).toEqual({ ...drained, atMs: 2 });
      const registered = nextHealth(drained, { type: 'registered', atMs: at(3) });
      expect(registered).toEqual({ state: 'PENDING', atMs: 3, drained: true });
      const next = nextHealth(registered, { type: 'reported', state, atMs: at(4) });
      expect(next).toEqual({ ...drained, atMs: 4 });
    },
  );

  it('GC-3 shows a drained node unhealthy when it says so or falls silent, and draining when it comes back', () => {
    const drained = { state: 'DRAINING', atMs: at(1), drained: true } as const;
    const sick = nextHealth(drained, { type: 'reported', state: 'UNHEALTHY', atMs: at(2) });
    expect(sick).toEqual({ state: 'UNHEALTHY', atMs: 2, drained: true });
    const silent = nextHealth(drained, { type: 'time_passed', atMs: at(90_000) });
    expect(silent).toEqual({ state: 'UNHEALTHY', atMs: 1, drained: true });
    const back = nextHealth(silent, { type: 'reported', state: 'HEALTHY', atMs: at(90_001) });
    expect(back).toEqual({ ...drained, atMs: 90_001 });
  });

  it('GC-3 leaves a node whose drain is taken back pending until it reports', () => {
    const drained = nextHealth({ state: 'HEALTHY', atMs: at(1) }, { type: 'drained' });
    expect(drained).toEqual({ state: 'DRAINING', atMs: 1, drained: true });
    expect(nextHealth(drained, { type: 'undrained' })).toEqual({ state: 'PENDING', atMs: 1 });
    // One that drains by its own word goes on with that.
    const own = { state: 'DRAINING', atMs: at(1) } as const;
    expect(nextHealth(own, { type: 'undrained' })).toEqual(own);
  });

  it('GC-3 knows of no event but registering for a node that is not there', () => {
    for (const type of ['drained', 'undrained'] as const)
      expect(() => nextHealth(undefined, { type })).toThrow('must be registered');
  });
});
