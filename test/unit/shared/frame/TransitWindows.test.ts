import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMs } from '../../../../shared/base/clock.ts';
import { CAPTURE_WINDOW_US, TransitWindows } from '../../../../shared/frame/TransitWindows.ts';
import { frame } from '../../frame.ts';

const FIRST = 13_600_000_000;
const CAPTURE_US = FIRST * CAPTURE_WINDOW_US;
const FRAME_US = 25_000;

/** Windows, and how to record a frame that was captured then and arrives so much later. */
function recorder(): [
  TransitWindows,
  (timestampUs: number, transitMs: number, fragmentIndex?: number) => void,
] {
  let arrivalMs = 0;
  const windows = new TransitWindows({ epochMs: () => 0 as EpochMs, monotonicMs: () => arrivalMs });
  const record = (timestampUs: number, transitMs: number, fragmentIndex = 0): void => {
    arrivalMs = timestampUs / 1_000 + transitMs;
    windows.record(frame(1, 10, { timestampUs, fragmentIndex }), 0);
  };
  return [windows, record];
}

describe('TransitWindows', () => {
  it('MH-5 keeps the least transit of the frames of each window', () => {
    const [windows, record] = recorder();
    for (const [index, transitMs] of [40, 12, 90, 31, 55, 20, 60].entries())
      record(CAPTURE_US + index * FRAME_US, transitMs);
    // The rest of a frame.
    record(CAPTURE_US + 6 * FRAME_US, 1, 1);
    expect([FIRST - 1, FIRST, FIRST + 1, FIRST + 2].map((window) => windows.leastUs(window))).toEqual([
      undefined,
      12_000,
      20_000,
      undefined,
    ]);
  });

  it('MH-5 answers each window that is over once, with the number of the last one answered', () => {
    const [windows, record] = recorder();
    const add = (window: number, transitMs: number): void => record(window * CAPTURE_WINDOW_US, transitMs);
    add(FIRST, 10);
    expect(windows.completedAfter(-1)).toEqual([]);
    add(FIRST + 1, 20);
    add(FIRST + 4, 30);
    expect(windows.completedAfter(-1)).toEqual([
      { window: FIRST, leastUs: 10_000 },
      { window: FIRST + 1, leastUs: 20_000 },
    ]);
    expect(windows.completedAfter(FIRST + 1)).toEqual([]);
    add(FIRST + 5, 40);
    expect(windows.completedAfter(FIRST + 1)).toEqual([{ window: FIRST + 4, leastUs: 30_000 }]);
  });

  it('MH-10 counts no frame of a window that is over, and forgets what is too old', () => {
    const [windows, record] = recorder();
    const add = (window: number, transitMs: number): void => record(window * CAPTURE_WINDOW_US, transitMs);
    add(FIRST, 10);
    add(FIRST + 11, 10);
    add(FIRST, 1);
    expect(windows.leastUs(FIRST)).toBe(10_000);
    add(FIRST + 12, 10);
    expect(windows.leastUs(FIRST)).toBeUndefined();
    add(FIRST + 1_000_000, 10);
    expect(windows.completedAfter(-1)).toEqual([]);
    expect(windows.leastUs(FIRST + 12)).toBeUndefined();
  });

  it('MH-10 takes any timestamp and any window that is asked for', () => {
    const [windows, record] = recorder();
    for (const timestampUs of [0, 1, 2 ** 53, 2 ** 64 - 2 ** 11]) {
      record(timestampUs, 5);
      for (const window of [-1, 0, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])
        expect(windows.leastUs(window) ?? 0).toSatisfy(Number.isFinite);
      expect(windows.completedAfter(-1).length).toBeLessThan(12);
    }
  });

  it('MH-10 says of the way between two ends no less and no more than the frames took, whatever a publisher invents', () => {
    const step = fc.record({
      // Back and forth over some windows, also beyond what is kept.
      capturedAtMs: fc.integer({ min: 0, max: 4_000 }),
      inMs: fc.integer({ min: 0, max: 300 }),
      onMs: fc.integer({ min: 10, max: 90 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const [here, recordHere] = recorder();
        const [there, recordThere] = recorder();
        for (const { capturedAtMs, inMs, onMs } of steps) {
          recordHere(CAPTURE_US + capturedAtMs * 1_000, inMs);
          recordThere(CAPTURE_US + capturedAtMs * 1_000, inMs + onMs);
        }
        for (const { window, leastUs } of there.completedAfter(-1)) {
          const tookMs = (leastUs - (here.leastUs(window) ?? Number.NaN)) / 1_000;
          expect(tookMs).toBeGreaterThanOrEqual(10);
          expect(tookMs).toBeLessThanOrEqual(90);
        }
      }),
    );
  });
});
