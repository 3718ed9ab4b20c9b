import { describe, expect, it } from 'vitest';
import { MessageBudget } from '../../../media-node/handler/MessageBudget.ts';
import { FakeClock } from './meeting.ts';

function takeAll(budget: MessageBudget): number {
  let taken = 0;
  while (taken < 10_000 && budget.take()) taken++;
  return taken;
}

describe('MessageBudget', () => {
  it('MH-10 allows a burst of 512 and then 100 a second', () => {
    const clock = new FakeClock();
    const budget = new MessageBudget(clock);
    expect(takeAll(budget)).toBe(512);
    clock.nowMs += 250;
    expect(takeAll(budget)).toBe(25);
  });

  it('MH-10 saves up no more than one burst', () => {
    const clock = new FakeClock();
    const budget = new MessageBudget(clock);
    clock.nowMs += 3_600_000;
    expect(takeAll(budget)).toBe(512);
  });
});
