import { beforeEach, describe, expect, it } from 'vitest';
import { RoundTripWindow } from '../../../media-node/quality/RoundTripWindow.ts';

describe('RoundTripWindow', () => {
  let window: RoundTripWindow;

  beforeEach(() => {
    window = new RoundTripWindow();
  });

  function add(...samples: readonly (readonly [atMs: number, roundTripMs: number])[]): void {
    for (const [atMs, roundTripMs] of samples) window.add(roundTripMs, atMs);
  }

  it('MH-5 says nothing of a path before two answers some time apart, and nothing long after the last', () => {
    add([0, 20], [10, 20]);
    expect(window.roundTripMs(10)).toBeUndefined();
    add([250, 20]);
    expect(window.roundTripMs(250)).toBe(20);
    expect(window.roundTripMs(1_800)).toBeUndefined();
  });

  it('MH-5 takes a path for long when all answers of the last 450 ms were late', () => {
    add([0, 20], [250, 20], [500, 320], [625, 300]);
    expect(window.roundTripMs(625)).toBe(20);
    add([750, 310]);
    expect(window.roundTripMs(750)).toBe(300);
  });

  it('MH-5 does not take a client for far away that is busy and then answers all at once', () => {
    // Asked every 125 ms, busy for 400 ms of every 500.
    for (let startMs = 0; startMs < 5_000; startMs += 500) {
      const doneMs = startMs + 400;
      for (let askedMs = startMs; askedMs < startMs + 500; askedMs += 125)
        window.add(Math.max(0, doneMs - askedMs) + 20, Math.max(askedMs, doneMs) + 20);
      expect(window.roundTripMs(startMs + 500) ?? 0).toBeLessThan(150);
    }
  });

  it('MH-5 knows the least round trip of the last while, and forgets one that the path has no more', () => {
    expect(window.baseMs).toBeUndefined();
    add([0, 20], [1_000, 300]);
    expect(window.baseMs).toBe(20);
    for (let atMs = 2_000; atMs <= 45_000; atMs += 1_000) add([atMs, 300]);
    expect(window.baseMs).toBe(300);
  });

  it('MH-10 keeps no more than 64 samples, however many come at once', () => {
    add([0, 5]);
    for (let index = 1; index < 64; index++) add([index * 2, 20]);
    expect(window.roundTripMs(126)).toBe(5);
    add([128, 20]);
    expect(window.roundTripMs(128)).toBe(20);
  });

  it('MH-5 tells sooner of a queue by the last two answers', () => {
    expect(window.latestMs).toBeUndefined();
    add([0, 20], [250, 20], [375, 120], [500, 150]);
    expect([window.latestMs, window.roundTripMs(500)]).toEqual([120, 20]);
  });
});
