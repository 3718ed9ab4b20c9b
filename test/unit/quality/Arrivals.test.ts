import { expect, it } from 'vitest';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';
import { FLAG_END_OF_FRAME, FLAG_ON_DEMAND } from '../../../shared/frame/layout.ts';
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
  expect([arrivals.leastTransitUs(WINDOW, 'publishers_choice'), arrivals.jitterUs]).toEqual([undefined, 0]);
  const record = (frameMs: number, afterMs: number, fragmentIndex = 0): void => {
    clock.nowMs = 1_000 + frameMs + afterMs;
    arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US + frameMs * 1_000, fragmentIndex }), 0);
  };
  record(0, 9);
  record(20, 5);
  record(40, 4, 1);
  record(60, 21);
  expect(arrivals.leastTransitUs(WINDOW, 'publishers_choice')).toBe(1_005_000 - CAPTURE_US);
  expect(arrivals.jitterUs).toBeCloseTo(250 + (16_000 - 250) / 16);
});

it('MH-5 is the same for every subscriber of a frame, to a microsecond, at any time of the worker', () => {
  const clock = new StoppedClock();
  clock.nowMs = 86_400_000.1235;
  const arrivals = new Arrivals(clock);
  arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US }), 0);
  expect(arrivals.leastTransitUs(WINDOW, 'publishers_choice')).toBe(86_400_000_124 - CAPTURE_US);
});

it('MH-5 keeps each form of a frame apart: one that comes late to here is not late on the way to who gets it', () => {
  const clock = new StoppedClock();
  const arrivals = new Arrivals(clock);
  const flags = FLAG_END_OF_FRAME | FLAG_ON_DEMAND;
  const least = (window = WINDOW): (number | undefined)[] =>
    (['publishers_choice', 'streams', 'datagrams'] as const).map((delivery) => {
      const leastUs = arrivals.leastTransitUs(window, delivery);
      return leastUs && (leastUs + CAPTURE_US) / 1_000;
    });
  clock.nowMs = 5;
  arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US }), 0);
  // Who asked for streams gets the same datagrams while its publisher sends nothing else.
  expect(least()).toEqual([5, 5, 5]);
  clock.nowMs = 80;
  arrivals.recordOnStream(frame(1, 10, { timestampUs: CAPTURE_US, flags }), 0);
  expect(least()).toEqual([5, 80, 5]);
  clock.nowMs = 40;
  arrivals.recordOnStream(frame(1, 10, { timestampUs: CAPTURE_US }), 0);
  expect(least()).toEqual([5, 40, 5]);
  clock.nowMs = 3;
  arrivals.record(frame(1, 10, { timestampUs: CAPTURE_US, flags }), 0);
  expect(least()).toEqual([5, 40, 3]);
  expect(least(WINDOW - 1)).toEqual([undefined, undefined, undefined]);
});
