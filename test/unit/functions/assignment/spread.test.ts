// The simulation of the benchmark `placement`, on a smaller scale and by the targets that it is held to.
import { describe, expect, it } from 'vitest';
import { OTHERS, ours, oursInZone } from '../../../bench/placement/policies.ts';
import { burst, burstAtOnce, loseZone, steady } from '../../../bench/placement/scenarios.ts';

const BURST = { nodes: 10, joins: 92, durationMs: 31_000 };
const FAIR_SHARE = BURST.joins / BURST.nodes;

describe('meetings over a simulated fleet', () => {
  it('GC-4 gives no node over twice its fair share of a burst of 92 joins in 31 s with reports every 10 s', async () => {
    for (let seed = 1; seed <= 20; seed++)
      expect(await burst(ours, { ...BURST, seed })).toBeLessThanOrEqual(2 * FAIR_SHARE);
  });

  it('GC-5 gives no node over twice its fair share of that burst where each join wishes for a zone', async () => {
    for (let seed = 1; seed <= 20; seed++)
      expect(await burst(oursInZone, { ...BURST, seed })).toBeLessThanOrEqual(2 * FAIR_SHARE);
  });

  it('GC-4 gives no node over twice its fair share of joins that all look before one has reserved', async () => {
    for (let seed = 1; seed <= 20; seed++)
      expect(await burstAtOnce(ours, { ...BURST, seed })).toBeLessThanOrEqual(2 * FAIR_SHARE);
  });

  it('GC-4 keeps the fullest of 100 nodes within 1.2 of the mean while meetings come and go', async () => {
    const options = {
      nodes: 100,
      meetings: 1_000,
      sizes: 'equal',
      seed: 1,
      fillMs: 120_000,
      churnMs: 60_000,
    } as const;
    const { fullestToMean } = await steady(ours, options);
    expect(fullestToMean).toBeLessThanOrEqual(1.2);
    for (const policy of Object.values(OTHERS))
      expect((await steady(policy, options)).fullestToMean).toBeGreaterThan(fullestToMean);
  });

  it('GC-3 GC-4 places what a lost zone carried on the nodes that are left, evenly', async () => {
    const loss = await loseZone(ours, 100, 1);
    expect(loss).toMatchObject({ nodes: 100, lost: 34, placedOnLost: 0 });
    expect(loss.replaced).toBeGreaterThan(300);
    expect(loss.fullestToMean).toBeLessThanOrEqual(1.2);
  });
});
