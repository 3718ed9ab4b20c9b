import { describe, expect, it } from 'vitest';
import type { PathFigures } from '../../../media-node/quality/PathFigures.ts';
import { PATH_STEP_MS, type PathDecision, PathPolicy } from '../../../media-node/quality/PathPolicy.ts';

const GOOD: PathFigures = {
  roundTripMs: 30,
  latestRoundTripMs: 30,
  baseRoundTripMs: 30,
  delay: undefined,
  jitterMs: undefined,
  baseJitterMs: undefined,
  expected: 30,
  received: 30,
  refused: 0,
  deliveredBps: 800_000,
  sentBps: 800_000,
  allocatedBps: 800_000,
  nextBps: undefined,
  wishedBps: 800_000,
};
const AT_REST = { queueDelayMs: 0, slopeMsPerS: 0 };
const LOSSY = { ...GOOD, received: 26 };
const SLOW = { ...GOOD, roundTripMs: 320, latestRoundTripMs: 320 };

/** A policy driven by hand: a step is 250 ms. */
class Path {
  readonly policy = new PathPolicy();
  nowMs = 0;

  step(figures: PathFigures): PathDecision {
    this.nowMs += PATH_STEP_MS;
    return this.policy.step(this.nowMs, figures);
  }

  /** Time until a decision is so, ms; undefined when none is within the limit. */
  timeTo(
    what: (decision: PathDecision) => unknown,
    figures: PathFigures,
    limitMs: number,
  ): number | undefined {
    const startMs = this.nowMs;
    while (this.nowMs - startMs < limitMs) if (what(this.step(figures))) return this.nowMs - startMs;
    return undefined;
  }

  run(figures: PathFigures, forMs: number): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; ) this.step(figures);
  }
}

const isLowered = ({ lowered }: PathDecision): unknown => lowered;
const isProbing = ({ probeBps }: PathDecision): boolean => probeBps > 0;

describe('PathPolicy', () => {
  it('MH-5 limits nothing while the path is good', () => {
    const path = new Path();
    path.run(GOOD, 60_000);
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    // Two of the three steps that count together.
    ['loss over 5 %', LOSSY, 'loss', 1 - (2 * 26 + 30) / 90],
    ['a round trip over 200 ms', SLOW, 'round_trip', 0],
    ['a full window', { ...GOOD, refused: 10 }, 'congestion', 0],
  ] as const)(
    'MH-5 lowers within 1 s of %s, by a layer, and says what was lost',
    (_, bad, reason, lossRatio) => {
      const path = new Path();
      path.run(GOOD, 5_000);
      let decision = path.step(bad);
      for (let steps = 1; decision.lowered === undefined && steps < 4; steps++) decision = path.step(bad);
      expect(decision).toEqual({ budgetBps: 0.5 * 800_000, probeBps: 0, lowered: reason, lossRatio });
    },
  );

  it.each([
    ['fast', { queueDelayMs: 60, slopeMsPerS: 250 }, 0.8 / 1.25],
    ['slowly and is high already', { queueDelayMs: 130, slopeMsPerS: 25 }, 0.8 / 1.025],
  ] as const)(
    'MH-5 lowers a path whose delay rises %s at once, to what it takes by that, while its round trip is good and nothing is lost',
    (_, delay, share) => {
      const path = new Path();
      path.run({ ...GOOD, delay: AT_REST }, 5_000);
      const decision = path.step({ ...GOOD, delay });
      expect(decision).toMatchObject({ lowered: 'congestion' });
      expect(decision.budgetBps).toBeCloseTo(share * 800_000);
      // What is reported until less is sent tells of the time before.
      path.run({ ...GOOD, delay }, 1_250);
      expect(path.policy.budgetBps).toBe(decision.budgetBps);
    },
  );

  it.each([
    ['no rise', { queueDelayMs: 400, slopeMsPerS: 0 }, undefined],
    ['a rise that is far from too much', { queueDelayMs: 60, slopeMsPerS: 60 }, undefined],
    ['next to nothing that waits', { queueDelayMs: 30, slopeMsPerS: 900 }, undefined],
    ['clocks that drift', { queueDelayMs: 400, slopeMsPerS: 10 }, undefined],
    ['less than it jitters by', { queueDelayMs: 90, slopeMsPerS: 250 }, 50],
  ] as const)('MH-5 takes %s for no path that fills up', (_, delay, jitterMs) => {
    const path = new Path();
    path.run({ ...GOOD, delay, jitterMs, baseJitterMs: 0 }, 20_000);
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it('MH-5 tries a path that filled up with the next rung alone: what it takes is known', () => {
    const path = new Path();
    path.run({ ...GOOD, delay: AT_REST }, 2_000);
    path.timeTo(isLowered, { ...GOOD, delay: { queueDelayMs: 60, slopeMsPerS: 250 } }, 500);
    const sent = { deliveredBps: 400_000, sentBps: 400_000, allocatedBps: 400_000 };
    const good = { ...GOOD, ...sent, nextBps: 500_000, wishedBps: 3_200_000, delay: AT_REST };
    path.timeTo(isProbing, good, 10_000);
    path.run(good, 500);
    expect(path.step(good).probeBps).toBeCloseTo(1.1 * 500_000 - 400_000);
  });

  it('MH-5 lets a queue drain as long as it becomes shorter, however late its answers still are', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const { budgetBps } = path.policy;
    path.run({ ...SLOW, delay: { queueDelayMs: 290, slopeMsPerS: -50 } }, 10_000);
    expect(path.policy.budgetBps).toBe(budgetBps);
    expect(path.timeTo(isLowered, { ...SLOW, delay: AT_REST }, 500)).toBeDefined();
  });

  it.each([
    ['behind a queue', { delay: { queueDelayMs: 100, slopeMsPerS: 0 } }],
    ['that jitters more than it is used to', { jitterMs: 80, baseJitterMs: 40 }],
  ] as const)('MH-5 does not try a path %s with more, until that is over', (_, sign) => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const good = { ...GOOD, nextBps: 800_000 };
    expect(path.timeTo(isProbing, { ...good, ...sign }, 30_000)).toBeUndefined();
    expect(
      path.timeTo(isProbing, { ...good, jitterMs: 80, baseJitterMs: 75, delay: AT_REST }, 5_000),
    ).toBeDefined();
  });

  it('MH-5 takes what gets through for what the path takes, where that is less', () => {
    const path = new Path();
    path.run(GOOD, 2_000);
    path.timeTo(isLowered, { ...LOSSY, deliveredBps: 200_000 }, 1_000);
    expect(path.policy.budgetBps).toBe(0.8 * 200_000);
  });

  it('MH-5 takes a path for narrow by what was sent, not by what it was said to cost', () => {
    const path = new Path();
    path.run(GOOD, 2_000);
    // Little moves in the picture.
    path.timeTo(isLowered, { ...LOSSY, deliveredBps: 180_000, sentBps: 200_000 }, 1_000);
    expect(path.policy.budgetBps).toBe(400_000);
    const still = {
      ...GOOD,
      deliveredBps: 100_000,
      sentBps: 100_000,
      allocatedBps: 400_000,
      nextBps: 800_000,
    };
    path.timeTo(isProbing, still, 10_000);
    path.run(still, 500);
    expect(path.step(still).probeBps).toBeCloseTo((1.1 * 800_000 - 400_000) / 4);
  });

  it('MH-5 takes neither a late answer nor a few lost datagrams nor one full window for a bad path', () => {
    const path = new Path();
    for (let round = 0; round < 20; round++) {
      path.run(GOOD, 1_000);
      path.step({ ...GOOD, latestRoundTripMs: 900 });
      path.step({ ...GOOD, received: 29 });
      path.step({ ...GOOD, expected: 2, received: 1 });
      path.step({ ...GOOD, refused: 30 });
    }
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it('MH-5 changes nothing between the thresholds down and up', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const { budgetBps } = path.policy;
    path.run({ ...GOOD, roundTripMs: 180, nextBps: 900_000 }, 60_000);
    expect(path.policy.budgetBps).toBe(budgetBps);
  });

  it('MH-5 draws nothing from figures that are not there', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const { budgetBps } = path.policy;
    const nothing = { ...GOOD, expected: 0, received: 0, deliveredBps: 0, sentBps: 0, nextBps: 800_000 };
    path.run({ ...nothing, roundTripMs: undefined, latestRoundTripMs: undefined }, 60_000);
    path.run(nothing, 60_000);
    expect(path.policy.budgetBps).toBe(budgetBps);
  });

  it('MH-5 tries a path with more before it is sent more, and sends it when the path took it', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const { budgetBps } = path.policy;
    const good = {
      ...GOOD,
      deliveredBps: 400_000,
      sentBps: 400_000,
      allocatedBps: 400_000,
      nextBps: 800_000,
    };
    expect(path.timeTo(isProbing, good, 10_000)).toBeGreaterThanOrEqual(3_000);
    // Not all at once: a path that takes little more is not to lose much.
    const probes = Array.from({ length: 3 }, () => path.step(good).probeBps);
    expect(probes.map((probeBps) => Math.round(probeBps))).toEqual([320_000, 480_000, 480_000]);
    expect(path.policy.budgetBps).toBe(budgetBps);
    expect(path.timeTo(({ recovered }) => recovered, good, 3_000)).toBeDefined();
    expect(path.policy.budgetBps).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['a queue', { latestRoundTripMs: 130 }],
    ['loss', { received: 26 }],
    ['a full window', { refused: 1 }],
    ['a delay that rises', { delay: { queueDelayMs: 30, slopeMsPerS: 100 } }],
  ] as const)(
    'MH-5 gives up at once on a path that answers a try with %s, and changes nothing',
    (_, sign) => {
      const path = new Path();
      path.timeTo(isLowered, SLOW, 2_000);
      const { budgetBps } = path.policy;
      const good = {
        ...GOOD,
        deliveredBps: 400_000,
        sentBps: 400_000,
        allocatedBps: 400_000,
        nextBps: 800_000,
      };
      path.timeTo(isProbing, good, 10_000);
      expect(path.timeTo((decision) => !isProbing(decision), { ...good, ...sign }, 750)).toBeDefined();
      expect(path.policy.budgetBps).toBe(budgetBps);
    },
  );

  it('MH-5 does not take what the key frame of a higher layer costs for what the layer costs', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const wishedBps = 3_200_000;
    const good = {
      ...GOOD,
      deliveredBps: 400_000,
      sentBps: 400_000,
      allocatedBps: 400_000,
      nextBps: 800_000,
      wishedBps,
    };
    const raised = ({ budgetBps }: PathDecision): boolean => budgetBps === 1_600_000;
    expect(path.timeTo(raised, good, 10_000)).toBeDefined();
    const more = {
      ...good,
      allocatedBps: 1_600_000,
      deliveredBps: 1_600_000,
      sentBps: 1_600_000,
      nextBps: wishedBps,
    };
    path.run({ ...more, received: 20 }, 750);
    path.run(more, 1_000);
    expect(path.policy.budgetBps).toBe(1_600_000);
  });

  it('MH-5 waits twice as long after each try that failed, up to 24 s', () => {
    const path = new Path();
    path.timeTo(isLowered, SLOW, 2_000);
    const good = {
      ...GOOD,
      deliveredBps: 400_000,
      sentBps: 400_000,
      allocatedBps: 400_000,
      nextBps: 800_000,
    };
    const waits: number[] = [];
    for (let probe = 0; probe < 7; probe++) {
      waits.push(path.timeTo(isProbing, good, 60_000) ?? Number.NaN);
      path.timeTo((decision) => !isProbing(decision), { ...good, latestRoundTripMs: 500 }, 1_000);
    }
    // The first try was with more than the next rung needs, and says nothing of that.
    expect(waits.slice(2).map((wait, index) => wait > (waits[index + 1] ?? 0) || wait >= 24_000)).toEqual(
      Array.from({ length: 5 }, () => true),
    );
    expect(Math.max(...waits)).toBeLessThan(30_000);
  });

  it('MH-5 sends half over a path that is over the bound by its length alone, and goes on with that', () => {
    const path = new Path();
    const long = { ...GOOD, roundTripMs: 300, latestRoundTripMs: 300, baseRoundTripMs: 290 };
    expect(path.timeTo(isLowered, long, 1_000)).toBeDefined();
    const { budgetBps } = path.policy;
    path.run(
      { ...long, deliveredBps: 400_000, sentBps: 400_000, allocatedBps: 400_000, nextBps: 800_000 },
      60_000,
    );
    expect([budgetBps, path.policy.budgetBps]).toEqual([400_000, 400_000]);
  });
});
