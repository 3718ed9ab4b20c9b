import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from '../../../media-node/agent/Watchdog.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';

/** Added to the timers' own time: this process was held up. */
let heldUpMs: number;
const clock: Clock = {
  epochMs: () => Date.now() as EpochMs,
  monotonicMs: () => performance.now() + heldUpMs,
};
let hungAfterMs: number[];
let answer: () => Promise<unknown>;
let watchdog: Watchdog;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'performance', 'Date'] });
  heldUpMs = 0;
  hungAfterMs = [];
  answer = async () => null;
  watchdog = new Watchdog({ ping: () => answer(), onHung: (ms) => hungAfterMs.push(ms), clock });
});
afterEach(() => {
  watchdog.stop();
  vi.useRealTimers();
});

const silence = (): Promise<never> => new Promise(() => undefined);

describe('watchdog', () => {
  it('SFU-9 says once, within a second, that a worker hangs', async () => {
    await vi.advanceTimersByTimeAsync(5_000);
    expect(hungAfterMs).toEqual([]);
    answer = silence;
    await vi.advanceTimersByTimeAsync(999);
    expect(hungAfterMs).toHaveLength(1);
    expect(hungAfterMs[0]).toBeGreaterThanOrEqual(700);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(hungAfterMs).toHaveLength(1);
  });

  it('SFU-9 takes a rejected ping for silence', async () => {
    answer = async () => {
      throw new Error('The channel is full');
    };
    await vi.advanceTimersByTimeAsync(1_000);
    expect(hungAfterMs).toHaveLength(1);
  });

  it('SFU-9 leaves a worker alone that answers late, but answers', async () => {
    const late: (() => void)[] = [];
    answer = () => new Promise<void>((resolve) => late.push(resolve));
    for (let round = 0; round < 20; round++) {
      await vi.advanceTimersByTimeAsync(600);
      late.splice(0, 1)[0]?.();
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(hungAfterMs).toEqual([]);
  });

  it('SFU-9 starts to count anew when the agent itself was held up', async () => {
    answer = silence;
    await vi.advanceTimersByTimeAsync(600);
    heldUpMs += 5_000;
    await vi.advanceTimersByTimeAsync(600);
    expect(hungAfterMs).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(hungAfterMs).toHaveLength(1);
  });

  it('says nothing after it was stopped', async () => {
    answer = silence;
    await vi.advanceTimersByTimeAsync(600);
    watchdog.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(hungAfterMs).toEqual([]);
  });
});
