import { describe, expect, it } from 'vitest';
import { allocate, type Watched } from '../../../media-node/quality/allocate.ts';

const CAMERA: Watched = { priority: 0, rungsBps: [50, 80, 150, 250, 480, 800] };
const SCREEN: Watched = { priority: Number.POSITIVE_INFINITY, rungsBps: [600, 1_000] };
const SPEAKER: Watched = { ...CAMERA, priority: 1 };

describe('allocate', () => {
  it('MH-5 sends everything without a limit', () => {
    const allocation = allocate(Number.POSITIVE_INFINITY, [CAMERA, SCREEN]);
    expect(allocation).toEqual({ rungs: [5, 1], totalBps: 1_800, nextBps: undefined, wishedBps: 1_800 });
  });

  it('MH-5 sends everybody’s least, whatever the budget', () => {
    expect(allocate(0, [CAMERA, SCREEN, CAMERA])).toMatchObject({ rungs: [0, 0, 0], totalBps: 700 });
  });

  it('MH-5 gives to the screen first, then to the speaker, then to the others', () => {
    expect(allocate(1_100, [CAMERA, SPEAKER, SCREEN]).rungs).toEqual([0, 0, 1]);
    expect(allocate(1_330, [CAMERA, SPEAKER, SCREEN]).rungs).toEqual([1, 3, 1]);
  });

  it('MH-5 shares evenly among equals', () => {
    expect(allocate(460, [CAMERA, CAMERA, CAMERA]).rungs).toEqual([2, 2, 2]);
  });

  it('MH-5 answers the budget at which more would be sent', () => {
    const { nextBps = 0, totalBps } = allocate(300, [CAMERA, CAMERA]);
    expect(allocate(nextBps - 1, [CAMERA, CAMERA]).totalBps).toBe(totalBps);
    expect(allocate(nextBps, [CAMERA, CAMERA]).totalBps).toBeGreaterThan(totalBps);
  });

  it('MH-5 has nothing to share out when nothing is watched', () => {
    expect(allocate(100, [])).toEqual({ rungs: [], totalBps: 0, nextBps: undefined, wishedBps: 0 });
  });
});
