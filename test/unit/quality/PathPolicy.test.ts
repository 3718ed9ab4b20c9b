import { describe, expect, it } from 'vitest';
import type { PathFigures } from '../../../media-node/quality/PathFigures.ts';
import { PATH_STEP_MS, type PathDecision, PathPolicy } from '../../../media-node/quality/PathPolicy.ts';
import { seededRandom } from '../../bench/placement/seededRandom.ts';
import { SimulatedPath } from './SimulatedPath.ts';

/** A path that takes the highest layer, and no more. */
const WARM_UP_MS = 10_000;
const IMPAIRED_MS = 60_000;

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

describe('PathPolicy on simulated paths', () => {
  const narrow = [250_000, 300_000, 500_000, 600_000, 800_000, 1_000_000, 1_300_000].flatMap((rateBps) =>
    [100, 500].map((queueMs) => ({ rateBps, queueMs })),
  );

  it.each([
    ['10 % loss', { lossRatio: 0.1 }],
    ['6 % loss', { lossRatio: 0.07 }],
    ['300 ms delay', { delayMs: 300 }],
    ['600 ms delay', { delayMs: 600 }],
    ...narrow.map((path) => [`${path.rateBps} bit/s, a queue of ${path.queueMs} ms`, path] as const),
  ] as const)('MH-5 reacts to %s, settles, and is sent all again once it is over', (_, impaired) => {
    const path = new SimulatedPath();
    path.run(WARM_UP_MS);
    const impairedAtMs = path.nowMs;
    path.change(impaired);
    path.run(IMPAIRED_MS);
    const within = path.changes.map(({ atMs, rung }) => ({ afterMs: atMs - impairedAtMs, rung }));
    expect(within[0]?.rung).toBeLessThan(path.top);
    // The queue of a path that is a little too narrow takes a while to show.
    expect(within[0]?.afterMs).toBeLessThan(2_000);
    const down = within.filter(({ rung }, index) => rung < (within[index - 1]?.rung ?? path.top));
    expect(down.at(-1)?.afterMs).toBeLessThan(5_000);
    path.change({});
    path.run(60_000);
    expect(path.rung).toBe(path.top);
  });

  it('MH-5 lets a queue drain with the least, and then sends what got through', () => {
    const path = new SimulatedPath();
    path.run(WARM_UP_MS);
    const impairedAtMs = path.nowMs;
    path.change({ rateBps: 500_000, queueMs: 500 });
    path.run(IMPAIRED_MS);
    // 300 kbit/s of pictures with headers and sound: what fits.
    expect(path.changes.map(({ rung }) => rung)).toEqual([0, 2]);
    expect((path.changes[1]?.atMs ?? 0) - impairedAtMs).toBeLessThan(3_000);
    path.worstQueueMs = 0;
    path.run(IMPAIRED_MS);
    expect(path.worstQueueMs).toBeLessThan(350);
  });

  it.each([1_200_000, 1_300_000, 1_400_000, 1_500_000, 1_600_000])(
    'MH-5 keeps less waiting in front of %s bit/s with a deep queue when the client tells of delays',
    (rateBps) => {
      const worst = [true, false].map((tellsDelay) => {
        const path = new SimulatedPath(undefined, tellsDelay);
        path.run(WARM_UP_MS);
        const impairedAtMs = path.nowMs;
        path.change({ rateBps, queueMs: 2_000 });
        path.worstQueueMs = 0;
        path.run(IMPAIRED_MS);
        return { queueMs: path.worstQueueMs, reactMs: (path.changes[0]?.atMs ?? 0) - impairedAtMs };
      });
      const [telling, silent] = worst;
      expect(telling?.queueMs).toBeLessThan(0.85 * (silent?.queueMs ?? 0));
      expect(telling?.reactMs).toBeLessThan(silent?.reactMs ?? 0);
    },
  );

  it.each([30, 60, 100])('MH-5 takes %s ms of jitter for no bad path', (jitterMs) => {
    for (const rateBps of [1_750_000, 5_000_000]) {
      const path = new SimulatedPath();
      path.run(WARM_UP_MS);
      path.change({ jitterMs, rateBps });
      path.run(5 * IMPAIRED_MS);
      expect(path.changes).toEqual([]);
    }
  });

  it('MH-5 takes stalls of a client, of any length and at any time, for no path that fills up', () => {
    const random = seededRandom(9);
    const path = new SimulatedPath();
    path.run(WARM_UP_MS);
    for (let turn = 0; turn < 1_000; turn++) {
      if (random() < 0.3) path.clientBusyUntilMs = path.nowMs + 300 * random();
      path.run(150);
    }
    expect(path.changes).toEqual([]);
  });

  it('MH-5 stays with the least when the delay is not of its own making', () => {
    const path = new SimulatedPath();
    path.run(WARM_UP_MS);
    path.change({ delayMs: 300 });
    path.run(15_000);
    expect(path.changes.map(({ rung }) => rung)).toEqual([0]);
  });

  it('MH-5 leaves a path alone that is between good and bad', () => {
    for (const between of [{ lossRatio: 0.03 }, { delayMs: 180 }]) {
      const path = new SimulatedPath();
      path.run(WARM_UP_MS);
      path.change(between);
      path.run(IMPAIRED_MS);
      expect(path.changes).toEqual([]);
    }
  });

  it('MH-5 does not take a client that is busy for a bad path, however often it is', () => {
    const path = new SimulatedPath();
    for (let startMs = 0; startMs < IMPAIRED_MS; startMs += 500) {
      path.clientBusyUntilMs = path.nowMs + 400;
      path.run(500);
    }
    expect(path.changes).toEqual([]);
  });

  it('MH-5 does not flap on a path that is good and bad by turns', () => {
    const path = new SimulatedPath();
    for (let turn = 0; turn < 12; turn++) {
      path.change(turn % 2 === 0 ? {} : { lossRatio: 0.1 });
      path.run(5_000);
    }
    const ups = path.changes.filter(({ rung }, index) => rung > (path.changes[index - 1]?.rung ?? path.top));
    expect(ups.length).toBeLessThanOrEqual(6);
  });
});
