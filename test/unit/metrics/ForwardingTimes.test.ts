import { describe, expect, it } from 'vitest';
import {
  BUCKET_EDGES_US,
  ForwardingTimes,
  MAX_RECENT_MS,
} from '../../../media-node/metrics/ForwardingTimes.ts';

/** Every 5 s one time, of as many microseconds as have passed seconds; up to this moment. */
function until(seconds: number): ForwardingTimes {
  const times = new ForwardingTimes();
  times.advance(1_000);
  for (let second = 0; second <= seconds; second++) {
    times.advance(1_000 + second * 1_000);
    if (second % 5 === 0) times.record(second + 1);
  }
  return times;
}

describe('ForwardingTimes', () => {
  it('MH-8 keeps everything in its total, and forgets what is longer ago than asked for', () => {
    const times = until(300);
    expect(times.total.count).toBe(61);
    // Two whole slots and the one that has just begun.
    expect(times.recent(10_000).count).toBe(3);
    expect(times.recent(10_000).quantile(0)).toBeGreaterThanOrEqual(291);
    expect(times.recent(MAX_RECENT_MS).count).toBe(13);
    expect(times.recent(MAX_RECENT_MS).quantile(0)).toBeGreaterThanOrEqual(241);
  });

  it('MH-8 tells nothing recent once nothing was recorded for longer, also when nobody looked meanwhile', () => {
    const times = until(10);
    times.advance(11_000 + MAX_RECENT_MS + 5_000);
    expect([times.recent(MAX_RECENT_MS).count, times.total.count]).toEqual([0, 3]);
    times.record(1);
    expect(times.recent(10_000).count).toBe(1);
  });

  it('MH-8 is told recent times that nobody has advanced yet', () => {
    const times = new ForwardingTimes();
    times.record(5);
    expect(times.recent(10_000).count).toBe(1);
  });

  it('MH-8 MH-9 counts up to each edge, the edge itself included, and beyond the last in the total alone', () => {
    const times = new ForwardingTimes();
    for (const timeUs of [0, 10, 10.5, 9_999, 10_000, 10_001, 2_000_000]) times.record(timeUs);
    const counts = new Map(times.buckets.map(({ leUs, count }) => [leUs, count]));
    expect([counts.get(10), counts.get(25), counts.get(10_000), counts.get(25_000)]).toEqual([2, 3, 5, 6]);
    expect([counts.get(1_000_000), times.total.count]).toEqual([6, 7]);
    expect([...counts.keys()]).toEqual([...BUCKET_EDGES_US]);
  });
});
