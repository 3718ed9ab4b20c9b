import { beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_WINDOW_DATAGRAMS,
  MIN_WINDOW_DATAGRAMS,
  Pressure,
  pressureOf,
  SendWindow,
} from '../../../media-node/quality/SendWindow.ts';

const BYTES = 1_000;
const ACK_INTERVAL_MS = 50;

describe('SendWindow', () => {
  let window: SendWindow;
  let sequence = 0;
  let nowMs = 0;

  beforeEach(() => {
    window = new SendWindow();
    sequence = 0;
    nowMs = 1_000;
  });

  /** Sends what the window allows of a steady rate, and acknowledges what a receiver of this rate and delay has by then. */
  function run(forMs: number, offeredPerMs: number, takenPerMs: number, delayMs: number): number {
    const sentAtMs: { sequence: number; atMs: number }[] = [];
    let worstOutstanding = 0;
    let arrived = sequence;
    let owed = 0;
    for (const endMs = nowMs + forMs; nowMs < endMs; nowMs++) {
      for (owed += offeredPerMs; owed >= 1; owed--) {
        sequence++;
        if (window.pressure >= Pressure.all) continue;
        window.sent(BYTES, sequence);
        sentAtMs.push({ sequence, atMs: nowMs });
      }
      for (let taken = 0; taken < takenPerMs && (sentAtMs[0]?.atMs ?? nowMs) < nowMs - delayMs; taken++)
        arrived = sentAtMs.shift()?.sequence ?? arrived;
      if (nowMs % ACK_INTERVAL_MS === 0) window.acknowledge(arrived, nowMs);
      worstOutstanding = Math.max(worstOutstanding, window.outstandingDatagrams);
    }
    return worstOutstanding;
  }

  it('MH-4 does not bound a receiver that never acknowledged', () => {
    for (let sent = 0; sent < 10 * MAX_WINDOW_DATAGRAMS; sent++) window.sent(BYTES, sent);
    expect(window.pressure).toBe(Pressure.none);
  });

  it.each([1, 20, 150, 300])(
    'MH-4 leaves a receiver alone that keeps up over a delay of %i ms',
    (delayMs) => {
      run(5_000, 1, 2, delayMs);
      expect(window.pressure).toBe(Pressure.none);
      expect(window.windowDatagrams).toBe(MAX_WINDOW_DATAGRAMS);
    },
  );

  it('MH-4 keeps no more on the way to a receiver that is too slow than it takes in a second', () => {
    run(2_000, 1, 2, 10);
    run(3_000, 2, 1, 10);
    const outstanding = run(3_000, 2, 1, 10);
    // It takes one a millisecond, so this is also the queue's delay in ms.
    expect(outstanding).toBeLessThan(1_000);
    expect(outstanding).toBeGreaterThanOrEqual(MIN_WINDOW_DATAGRAMS);
  });

  it('MH-4 opens again when the receiver is fast again', () => {
    run(5_000, 2, 1, 10);
    expect(window.windowDatagrams).toBeLessThan(MAX_WINDOW_DATAGRAMS);
    run(5_000, 1, 4, 10);
    expect([window.windowDatagrams, window.pressure]).toEqual([MAX_WINDOW_DATAGRAMS, Pressure.none]);
  });

  it('MH-4 stops at its bound when acknowledgements cease, and goes on with the next one', () => {
    window.sent(BYTES, 0);
    window.acknowledge(0, 0);
    while (sequence < 2 * MAX_WINDOW_DATAGRAMS && window.pressure < Pressure.all) {
      sequence++;
      window.sent(BYTES, sequence);
    }
    expect(window.outstandingDatagrams).toBe(MAX_WINDOW_DATAGRAMS);
    window.acknowledge(sequence, 60_000);
    expect([window.outstandingDatagrams, window.outstandingBytes, window.pressure]).toEqual([
      0,
      0,
      Pressure.none,
    ]);
  });

  it('MH-4 bounds bytes as well as datagrams', () => {
    window.sent(1, 0);
    window.acknowledge(0, 0);
    window.sent(MAX_WINDOW_DATAGRAMS * 1_100, 1);
    expect(window.pressure).toBe(Pressure.all);
  });

  it('MH-4 counts across the wrap of the lower half of the sequence number', () => {
    const start = 0x7fff_fff0;
    for (let offset = 0; offset < 32; offset++) window.sent(BYTES, (start + offset) | 0);
    window.acknowledge((start + 3) | 0, 0);
    window.acknowledge((start + 31) | 0, 50);
    expect(window.outstandingDatagrams).toBe(0);
    window.acknowledge((start + 3) | 0, 100);
    expect(window.outstandingDatagrams).toBe(0);
  });

  it('MH-10 takes a sequence number that was never sent as the last that was', () => {
    for (let sent = 0; sent < 5; sent++) window.sent(BYTES, sent);
    window.acknowledge(1_000_000, 0);
    expect(window.outstandingDatagrams).toBe(0);
    window.sent(BYTES, 5);
    expect(window.outstandingDatagrams).toBe(1);
  });
});

describe('pressureOf', () => {
  it.each([
    [0, Pressure.none],
    [31, Pressure.none],
    [32, Pressure.discardable],
    [48, Pressure.delta],
    [56, Pressure.key],
    [64, Pressure.all],
    [65, Pressure.all],
  ])('MH-4 rises in order: %i of 64 is %i', (amount, expected) => {
    expect(pressureOf(amount, 64, 0, 1)).toBe(expected);
    expect(pressureOf(0, 1, amount, 64)).toBe(expected);
  });
});
