import { describe, expect, it } from 'vitest';
import { LayerBudget } from '../../../../client/media/encode/LayerBudget.ts';

const FRAME_MS = 50;

/** A camera of 20 frames a second and as many encoders as there are layers, driven by hand. */
class Machine {
  readonly budget = new LayerBudget(3);
  nowMs = 0;

  /** Runs for a time in which this share of frames is skipped; answers each change of the number of layers. */
  run(forMs: number, skippedShare: number, active = 3): number[] {
    const changes: number[] = [];
    let skippedSoFar = 0;
    for (let frame = 1; frame * FRAME_MS <= forMs; frame++) {
      const skipped = skippedSoFar < frame * skippedShare;
      if (skipped) skippedSoFar += 1;
      this.nowMs += FRAME_MS;
      if (this.budget.add(skipped, Math.min(active, this.budget.layers), this.nowMs))
        changes.push(this.budget.layers);
    }
    return changes;
  }
}

describe('LayerBudget', () => {
  it('SFU-4 encodes all layers while the machine keeps up', () => {
    const machine = new Machine();
    expect(machine.run(60_000, 0.2)).toEqual([]);
    expect(machine.budget.layers).toBe(3);
  });

  it('SFU-4 gives up the highest layer when the encoders skip frames, and one after the other, but never the last', () => {
    expect(new Machine().run(60_000, 0.8)).toEqual([2, 1]);
  });

  it('SFU-4 gives up the highest of the layers that are encoded', () => {
    const machine = new Machine();
    expect(machine.run(3_000, 0.8, 2)).toEqual([1]);
  });

  it('SFU-4 tries a layer again once the machine has kept up for a while', () => {
    const machine = new Machine();
    machine.run(3_000, 0.8);
    expect(machine.run(8_000, 0)).toEqual([]);
    expect(machine.run(8_000, 0)).toEqual([3]);
  });

  it('SFU-4 waits longer after each trial that failed', () => {
    const machine = new Machine();
    machine.run(3_000, 0.8);
    const waits: number[] = [];
    for (let trial = 0; trial < 4; trial++) {
      const sinceMs = machine.nowMs;
      while (machine.run(FRAME_MS, 0).length === 0);
      waits.push(machine.nowMs - sinceMs);
      while (machine.run(FRAME_MS, 1).length === 0);
    }
    for (const [index, wait] of waits.slice(1).entries())
      expect(wait).toBeGreaterThan(1.5 * (waits[index] ?? 0));
  });

  it('draws nothing from a few frames', () => {
    const budget = new LayerBudget(3);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 500) budget.add(true, 3, nowMs);
    expect(budget.layers).toBe(3);
  });
});
