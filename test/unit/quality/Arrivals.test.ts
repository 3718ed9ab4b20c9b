import { expect, it } from 'vitest';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';
import { CAPTURE_WINDOW_US } from '../../../shared/frame/TransitWindows.ts';
import { frame } from '../frame.ts';

class StoppedClock implements Clock {
  nowMs = 0;

  epochMs(): EpochMs {
    return this.nowMs as EpochMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }
}

const WINDOW = 13_600_000_000;
const CAPTURE_US = WINDOW * CAPTURE_WINDOW_US;

it("MH-5 keeps when a stream's frames came, by their first datagrams, and how evenly", () => {
  const clock = new StoppedClock();
  const arrivals = new Arrivals(clock);
  expect([arrivals.leastTransitUs(WINDOW), arrivals.jitterUs]).toEqual([undefined, 0]);
  const record = (frameMs: number, afterMs: number, fragmentIndex = 0): void => {
    clock.nowMs = 1_000 + frameMs + afterMs;
    arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US + frameMs * 1_000, fragmentIndex }), 0);
  };
  record(0, 9);
  record(20, 5);
  record(40, 4, 1);
  record(60, 21);
  expect(arrivals.leastTransitUs(WINDOW)).toBe(1_005_000 - CAPTURE_US);
  expect(arrivals.jitterUs).toBeCloseTo(250 + (16_000 - 250) / 16);
});

it('MH-5 is the same for every subscriber of a frame, to a microsecond, at any time of the worker', () => {
  const clock = new StoppedClock();
  clock.nowMs = 86_400_000.1235;
  const arrivals = new Arrivals(clock);
  arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US }), 0);
  expect(arrivals.leastTransitUs(WINDOW)).toBe(86_400_000_124 - CAPTURE_US);
});
