import { describe, expect, it } from 'vitest';
import { LoopDelay } from '../../../../../client/core/media/LoopDelay.ts';
import type { Timers } from '../../../../../client/core/timers.ts';
import { ManualTime } from '../../ManualTime.ts';

/** Timers of a thread that is busy when told so: what is due then comes all at once afterwards. */
class BusyThread implements Timers {
  readonly time = new ManualTime();
  #busy = false;
  readonly #waiting: (() => void)[] = [];

  readonly after = (delayMs: number, callback: () => void) => this.time.after(delayMs, this.#task(callback));
  readonly every = (delayMs: number, callback: () => void) => this.time.every(delayMs, this.#task(callback));

  blockFor(ms: number): void {
    this.#busy = true;
    this.time.advance(ms);
    this.#busy = false;
    for (const task of this.#waiting.splice(0)) task();
  }

  #task(callback: () => void): () => void {
    return () => void (this.#busy ? this.#waiting.push(callback) : callback());
  }
}

describe('LoopDelay', () => {
  it('MH-5 is nothing while the thread does its work in time', () => {
    const thread = new BusyThread();
    const delay = new LoopDelay(thread.time, thread);
    thread.time.advance(1_000);
    expect(delay.takeMs()).toBe(0);
  });

  it('MH-5 tells the longest time that the thread was busy, once', () => {
    const thread = new BusyThread();
    const delay = new LoopDelay(thread.time, thread);
    thread.time.advance(100);
    thread.blockFor(300);
    thread.time.advance(100);
    thread.blockFor(120);
    thread.time.advance(100);
    expect(delay.takeMs()).toBe(250);
    expect(delay.takeMs()).toBe(0);
  });

  it('MH-5 tells of a delay that has not ended yet', () => {
    const thread = new BusyThread();
    const delay = new LoopDelay(thread.time, { ...thread, every: () => () => undefined });
    thread.time.advance(400);
    expect(delay.takeMs()).toBe(350);
  });

  it('keeps no timer when it is closed', () => {
    const thread = new BusyThread();
    const delay = new LoopDelay(thread.time, thread);
    delay.close();
    delay.close();
    expect(thread.time.pending).toBe(0);
  });
});
