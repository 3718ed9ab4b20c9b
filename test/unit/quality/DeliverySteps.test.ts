import { beforeEach, describe, expect, it } from 'vitest';
import { DeliverySteps } from '../../../media-node/quality/DeliverySteps.ts';

const GOOD = { expected: 30, received: 30, refused: 0 };

describe('DeliverySteps', () => {
  let steps: DeliverySteps;
  beforeEach(() => {
    steps = new DeliverySteps();
  });

  it('MH-5 tells loss of the last three steps, and none of too few datagrams', () => {
    steps.add({ ...GOOD, expected: 19, received: 10 });
    expect(steps.loss).toBeUndefined();
    expect(steps.lost).toBe(9);
    for (let step = 0; step < 2; step++) steps.add({ ...GOOD, received: 27 });
    expect(steps.loss).toBeCloseTo(15 / 79);
    for (let step = 0; step < 3; step++) steps.add(GOOD);
    expect(steps.loss).toBe(0);
  });

  it('MH-5 tells what was refused lately, of as much as says something, and in how many steps', () => {
    steps.add({ expected: 0, received: 0, refused: 2 });
    expect([steps.refused, steps.refusedShare, steps.refusingSteps]).toEqual([2, 0.1, 1]);
    steps.add({ ...GOOD, refused: 8 });
    expect([steps.refused, steps.refusedShare, steps.refusingSteps]).toEqual([10, 0.25, 2]);
  });

  it('MH-5 calls good what shows none of it for three seconds, and nothing that says nothing', () => {
    expect(steps.isGood(0.02)).toBe(false);
    steps.add({ ...GOOD, refused: 1 });
    for (let step = 0; step < 11; step++) steps.add(GOOD);
    expect(steps.isGood(0.02)).toBe(false);
    steps.add(GOOD);
    expect(steps.isGood(0.02)).toBe(true);
    steps.clear();
    expect(steps.isGood(0.02)).toBe(false);
  });
});
