import { describe, expect, it } from 'vitest';
import { type DelayFigures, DelayTrend } from '../../../media-node/quality/DelayTrend.ts';

const WINDOW_MS = 125;
/** The receiver's clock counts from elsewhere. */
const CLOCK_MS = -1_700_000_000_000;
const REST_MS = 5_000;

/** The figures after what was sent every eighth of a second, from `fromMs` on, has taken so long. */
function figuresAfter(
  delayMsOf: (sentAtMs: number) => number,
  toMs: number,
  { fromMs = 0, trend = new DelayTrend() } = {},
): DelayFigures | undefined {
  for (let sentAtMs = fromMs; sentAtMs <= toMs; sentAtMs += WINDOW_MS)
    trend.add(sentAtMs, CLOCK_MS + delayMsOf(sentAtMs));
  return trend.figures(toMs);
}

/** At rest, and then so many ms more in each second. */
function ramp(msPerS: number): (sentAtMs: number) => number {
  return (sentAtMs) => 20 + (Math.max(0, sentAtMs - REST_MS) * msPerS) / 1_000;
}

describe('DelayTrend', () => {
  it('MH-5 tells how much waits on the way and how fast that grows, whatever the clocks say', () => {
    const figures = figuresAfter(ramp(200), REST_MS + 1_000);
    expect(figures?.slopeMsPerS).toBeCloseTo(200);
    // Of the last two moments, the lesser.
    expect(figures?.queueDelayMs).toBeCloseTo(200 - 25);
  });

  it('MH-5 shows a rise within three quarters of a second, and not before it shows in both halves of that', () => {
    expect(figuresAfter(ramp(200), REST_MS + 375)?.slopeMsPerS).toBe(0);
    expect(figuresAfter(ramp(200), REST_MS + 750)?.slopeMsPerS).toBeCloseTo(200);
  });

  it('MH-5 tells that what waits becomes less', () => {
    const figures = figuresAfter((sentAtMs) => 500 - Math.max(0, sentAtMs - REST_MS) * 0.4, REST_MS + 1_000);
    expect(figures).toEqual({ queueDelayMs: 0, slopeMsPerS: expect.closeTo(-400) });
  });

  it.each([
    ['a large frame that drains', (ms: number) => Math.max(20, 160 - ms * 0.2)],
    ['a way that has become longer, or a clock that was set', () => 300],
    ['a stall every so often', (ms: number) => (ms % 500 < 250 ? 20 : 420 - (ms % 500))],
  ] as const)('MH-5 takes %s for no rise', (_, delayMsOf) => {
    for (let afterMs = 0; afterMs <= 3_000; afterMs += WINDOW_MS) {
      const figures = figuresAfter(
        (sentAtMs) => (sentAtMs < REST_MS ? 20 : delayMsOf(sentAtMs - REST_MS)),
        REST_MS + afterMs,
      );
      expect(figures?.slopeMsPerS ?? 0).toBeLessThanOrEqual(0);
    }
  });

  it('MH-5 takes the drift of a clock for no queue, however long it lasts', () => {
    const figures = figuresAfter((sentAtMs) => sentAtMs * 0.000_1, 3_600_000);
    expect(figures?.queueDelayMs).toBeLessThan(5);
    expect(figures?.slopeMsPerS).toBeLessThan(1);
  });

  it('MH-5 takes of streams that go the same way the least, and goes on with another layer', () => {
    const trend = new DelayTrend();
    for (let sentAtMs = 0; sentAtMs <= REST_MS; sentAtMs += WINDOW_MS) {
      const streams = sentAtMs < 2_000 ? [0, 10, 300] : sentAtMs < 4_000 ? [250, 10] : [5];
      for (const ownMs of streams) trend.add(sentAtMs + ownMs / 100, CLOCK_MS + 20 + ownMs);
    }
    expect(trend.figures(REST_MS)).toEqual({ queueDelayMs: 5, slopeMsPerS: 0 });
  });

  it('MH-5 knows nothing before enough is reported, nor of what was sent too long ago', () => {
    const trend = new DelayTrend();
    expect(trend.figures(0)).toBeUndefined();
    expect(figuresAfter(ramp(0), 375, { trend })).toBeUndefined();
    expect(figuresAfter(ramp(0), 750, { trend })).toEqual({ queueDelayMs: 0, slopeMsPerS: 0 });
    expect(trend.figures(2_751)).toBeUndefined();
    // The stream was paused, and goes on.
    expect(figuresAfter(ramp(0), 60_250, { fromMs: 60_000, trend })).toBeUndefined();
    expect(figuresAfter(ramp(0), 60_750, { fromMs: 60_375, trend })).toBeDefined();
  });

  it('MH-5 says the same when reports are late, come in any order or are missing here and there', () => {
    const trend = new DelayTrend();
    const delayMsOf = ramp(200);
    const moments = Array.from({ length: 49 }, (_, index) => index * WINDOW_MS);
    for (const [index, sentAtMs] of moments.entries()) {
      // Two reports have changed places, and every tenth says nothing.
      const sent = moments[index % 4 === 0 ? index + 1 : index % 4 === 1 ? index - 1 : index] ?? sentAtMs;
      if (index % 10 !== 7) trend.add(sent, CLOCK_MS + delayMsOf(sent));
    }
    expect(trend.figures(REST_MS + 1_000)?.slopeMsPerS).toBeCloseTo(200);
    const before = trend.figures(REST_MS + 1_000);
    trend.add(REST_MS - 3_000, CLOCK_MS - 10_000);
    expect(trend.figures(REST_MS + 1_000)).toEqual(before);
  });

  it('MH-10 keeps to numbers whatever a client says', () => {
    const trend = new DelayTrend();
    const absurd = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0, -(2 ** 63) / 1_000, 1e-9];
    for (let sentAtMs = 0; sentAtMs < 60_000; sentAtMs += WINDOW_MS) {
      trend.add(sentAtMs, absurd[(sentAtMs / WINDOW_MS) % absurd.length] ?? 0);
      const { queueDelayMs = 0, slopeMsPerS = 0 } = trend.figures(sentAtMs) ?? {};
      expect([queueDelayMs, slopeMsPerS]).toSatisfy((figures: number[]) => figures.every(Number.isFinite));
    }
  });
});
