import { describe, expect, it } from 'vitest';
import {
  PATH_STEP_MS,
  type PathDecision,
  type PathFigures,
  PathPolicy,
} from '../../../media-node/quality/PathPolicy.ts';

const GOOD: PathFigures = {
  roundTripMs: 30,
  expected: 30,
  received: 30,
  refused: 0,
  deliveredBps: 800_000,
  allocatedBps: 800_000,
  nextBps: undefined,
};
const LOSSY = { ...GOOD, received: 26 };
const SLOW = { ...GOOD, roundTripMs: 320 };

/** A policy driven by hand: a step is 250 ms. */
class Path {
  readonly policy = new PathPolicy();
  nowMs = 0;

  step(figures: PathFigures): PathDecision {
    this.nowMs += PATH_STEP_MS;
    return this.policy.step(this.nowMs, figures);
  }

  /** Time until it says something of this kind, ms; undefined when it does not within the limit. */
  timeTo(what: 'lowered' | 'recovered', figures: PathFigures, limitMs: number): number | undefined {
    const startMs = this.nowMs;
    while (this.nowMs - startMs < limitMs) if (this.step(figures)[what]) return this.nowMs - startMs;
    return undefined;
  }

  run(figures: PathFigures, forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) this.step(figures);
  }
}

describe('PathPolicy', () => {
  it('MH-5 limits nothing while the path is good', () => {
    const path = new Path();
    path.run(GOOD, 60_000);
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['loss over 5 %', LOSSY, 'loss'],
    ['a round trip over 200 ms', SLOW, 'round_trip'],
    ['a full window', { ...GOOD, refused: 10 }, 'congestion'],
  ] as const)('MH-5 lowers within 1 s of %s', (_, bad, reason) => {
    const path = new Path();
    path.run(GOOD, 5_000);
    let decision = path.step(bad);
    for (let steps = 1; decision.lowered === undefined && steps < 4; steps++) decision = path.step(bad);
    expect(decision).toEqual({ budgetBps: 0.85 * 800_000, lowered: reason });
  });

  it('MH-5 takes what got through for what the path takes', () => {
    const path = new Path();
    path.run(GOOD, 2_000);
    path.timeTo('lowered', { ...LOSSY, deliveredBps: 400_000 }, 1_000);
    expect(path.policy.budgetBps).toBe(0.85 * 400_000);
  });

  it('MH-5 is settled within 5 s: it goes on down while the path stays bad', () => {
    const path = new Path();
    path.run(LOSSY, 5_000);
    expect(path.policy.budgetBps).toBeLessThan(0.2 * 800_000);
  });

  it('MH-5 takes neither a late answer nor a few lost datagrams for a bad path', () => {
    const path = new Path();
    for (let round = 0; round < 20; round++) {
      path.run(GOOD, 1_000);
      path.step({ ...GOOD, roundTripMs: 900 });
      path.step({ ...GOOD, received: 29 });
      path.step({ ...GOOD, expected: 2, received: 1 });
    }
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it('MH-5 changes nothing between the thresholds down and up', () => {
    const path = new Path();
    path.timeTo('lowered', SLOW, 2_000);
    const { budgetBps } = path.policy;
    path.run({ ...GOOD, roundTripMs: 180, nextBps: 900_000 }, 60_000);
    expect(path.policy.budgetBps).toBe(budgetBps);
  });

  it('MH-5 recovers by probes once the path is good again', () => {
    const path = new Path();
    path.timeTo('lowered', SLOW, 2_000);
    path.run({ ...GOOD, allocatedBps: 480_000, nextBps: 800_000 }, 4_000);
    expect(path.policy.budgetBps).toBe(800_000);
    expect(path.timeTo('recovered', GOOD, 10_000)).toBeDefined();
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it('MH-5 takes a failed probe back, and waits twice as long before the next', () => {
    const path = new Path();
    path.timeTo('lowered', SLOW, 2_000);
    const { budgetBps } = path.policy;
    const waits: number[] = [];
    for (let probe = 0; probe < 4; probe++) {
      const startMs = path.nowMs;
      while (path.policy.budgetBps === budgetBps) path.step({ ...GOOD, nextBps: 800_000 });
      waits.push(path.nowMs - startMs);
      expect(path.timeTo('lowered', SLOW, 2_000)).toBeDefined();
      expect(path.policy.budgetBps).toBe(budgetBps);
    }
    for (const [index, wait] of waits.entries())
      if (index > 0) expect(wait).toBeGreaterThan(1.7 * (waits[index - 1] ?? 0));
  });

  it('MH-5 lets a queue drain instead of lowering again', () => {
    const path = new Path();
    path.timeTo('lowered', SLOW, 2_000);
    const { budgetBps } = path.policy;
    for (let roundTripMs = 300; roundTripMs > 200; roundTripMs *= 0.9) path.step({ ...GOOD, roundTripMs });
    expect(path.policy.budgetBps).toBe(budgetBps);
  });
});
