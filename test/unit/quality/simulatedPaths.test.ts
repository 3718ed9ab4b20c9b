// The policy in the loop with paths that are arithmetic.
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../bench/placement/seededRandom.ts';
import { SimulatedPath } from './SimulatedPath.ts';

/** A path that takes the highest layer, and no more. */
const WARM_UP_MS = 10_000;
const IMPAIRED_MS = 60_000;

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
