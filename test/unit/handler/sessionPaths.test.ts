import { describe, expect, it } from 'vitest';
import { sessionPaths } from '../../../media-node/handler/sessionPaths.ts';

describe('sessionPaths', () => {
  it('MH-8 tells round trips and losses over the sessions of all routers whose path is known', () => {
    const figures = sessionPaths([
      {
        transports: [
          { path: { roundTripMs: 20, lossRatio: 0 } },
          { path: { roundTripMs: 400, lossRatio: 0.25 } },
        ],
      },
      { transports: [{}, { path: {} }, { path: { roundTripMs: 30, lossRatio: 0 } }] },
    ]);
    expect(figures.session_round_trip_ms).toMatchObject({ count: 3, sum: 450 });
    // Buckets are a sixteenth of an octave wide.
    expect(figures.session_round_trip_ms?.p50).toBeCloseTo(30, -1);
    expect(figures.session_round_trip_ms?.p99).toBeGreaterThanOrEqual(400);
    expect(figures.session_loss_ratio?.p50).toBeLessThan(1e-6);
    expect(figures.session_loss_ratio?.p99).toBeCloseTo(0.25, 1);
  });

  it('MH-8 says nothing of paths that nobody knows', () => {
    expect(sessionPaths([{ transports: [{}] }])).toEqual({});
  });
});
