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
});
