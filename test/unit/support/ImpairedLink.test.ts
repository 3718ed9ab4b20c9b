import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../bench/placement/seededRandom.ts';
import { ImpairedLink, type LinkConditions, PERFECT_LINK } from '../../support/ImpairedLink.ts';

function link(conditions: Partial<LinkConditions>): ImpairedLink {
  const made = new ImpairedLink(seededRandom(7));
  made.change({ ...PERFECT_LINK, ...conditions }, 0);
  return made;
}

describe('ImpairedLink', () => {
  it('passes everything on at once when it is perfect', () => {
    const perfect = link({});
    expect([1, 2, 2, 5].map((nowMs) => perfect.offer(1_200, nowMs))).toEqual([1, 2, 2, 5]);
  });

  it('loses the share that it is told to, the same for the same seed', () => {
    const outcomes = (): boolean[] => {
      const lossy = link({ lossRatio: 0.1 });
      return Array.from({ length: 10_000 }, (_, index) => lossy.offer(1_000, index) === undefined);
    };
    expect(outcomes().filter((lost) => lost).length / 10_000).toBeCloseTo(0.1, 2);
    expect(outcomes()).toEqual(outcomes());
  });

  it('serves the queue at its rate, then delays', () => {
    // 8,000 bits at 1 Mbit/s are 8 ms.
    const slow = link({ rateBps: 1_000_000, delayMs: 100 });
    expect([0, 0, 50].map((nowMs) => slow.offer(1_000, nowMs))).toEqual([108, 116, 158]);
  });

  it('drops what does not fit into its queue', () => {
    const narrow = link({ rateBps: 1_000_000, queueBytes: 2_500 });
    expect([0, 0, 0].map((nowMs) => narrow.offer(1_000, nowMs))).toEqual([8, 16, undefined]);
    expect(narrow.offer(1_000, 8)).toBe(24);
  });

  it('serves what waits at a new rate', () => {
    const narrowing = link({ rateBps: 1_000_000, queueBytes: 10_000 });
    narrowing.offer(1_000, 0);
    narrowing.change({ ...PERFECT_LINK, rateBps: 100_000, queueBytes: 10_000 }, 0);
    expect(narrowing.queuedBytes(0)).toBe(1_000);
    expect(narrowing.offer(1_000, 0)).toBe(160);
  });

  it('keeps the order that datagrams came in, whatever the jitter', () => {
    const jittery = link({ delayMs: 10, jitterMs: 50 });
    const times = Array.from({ length: 1_000 }, (_, index) => jittery.offer(1_000, index) ?? Number.NaN);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(Math.max(...times.map((atMs, index) => atMs - index))).toBeGreaterThan(50);
    expect(Math.min(...times.map((atMs, index) => atMs - index))).toBeGreaterThanOrEqual(10);
  });
});
