import { describe, expect, it } from 'vitest';
import { DeliveryLedger } from '../../../media-node/quality/DeliveryLedger.ts';

function forwarded(ledger: DeliveryLedger, from: number, to: number, step = 1): void {
  for (let sequence = from; sequence < to; sequence += step) ledger.record(sequence | 0);
}

describe('DeliveryLedger', () => {
  it('MH-5 expects what was forwarded up to the number that was reported', () => {
    const ledger = new DeliveryLedger();
    forwarded(ledger, 0, 100);
    expect(ledger.settle(79, 72)).toEqual({ expected: 80, received: 72 });
    expect(ledger.settle(99, 20)).toEqual({ expected: 20, received: 20 });
  });

  it('MH-5 does not take frames that were left out for lost ones', () => {
    const ledger = new DeliveryLedger();
    forwarded(ledger, 0, 200, 2);
    const { expected = 0, received = 0 } = ledger.settle(199, 100) ?? {};
    expect([expected, received]).toEqual([100, 100]);
  });

  it('MH-5 does not take the time that a layer was off for loss', () => {
    const ledger = new DeliveryLedger();
    forwarded(ledger, 0, 50);
    expect(ledger.settle(49, 50)).toEqual({ expected: 50, received: 50 });
    forwarded(ledger, 5_000, 5_010);
    expect(ledger.settle(5_009, 10)).toEqual({ expected: 10, received: 10 });
  });

  it('MH-5 lets late ones make up for a loss of the report before', () => {
    const ledger = new DeliveryLedger();
    forwarded(ledger, 0, 20);
    expect(ledger.settle(9, 12)).toEqual({ expected: 10, received: 10 });
    expect(ledger.settle(19, 8)).toEqual({ expected: 10, received: 10 });
  });

  it('MH-5 does not judge what is too long ago', () => {
    const ledger = new DeliveryLedger();
    forwarded(ledger, 0, 2_000);
    expect(ledger.settle(3, 4)).toBeUndefined();
  });

  it('MH-5 counts on past the end of 32 bits', () => {
    const ledger = new DeliveryLedger();
    const start = 2 ** 31 - 10;
    forwarded(ledger, start, start + 20);
    expect(ledger.settle((start + 19) | 0, 18)).toEqual({ expected: 20, received: 18 });
  });

  it('MH-5 MH-10 expects nothing twice, nor what a receiver takes for too old: a publisher costs its subscribers nothing so', () => {
    const ledger = new DeliveryLedger();
    for (let sequence = 1_000; sequence < 1_100; sequence++)
      for (const sent of [sequence, sequence, sequence - 20, sequence - 900]) ledger.record(sent);
    // Each once, and the twenty before the first, which came late.
    expect(ledger.forwarded).toBe(120);
    expect(ledger.settle(1_099, 120)).toEqual({ expected: 120, received: 120 });
  });

  it('MH-5 expects what comes out of order', () => {
    const ledger = new DeliveryLedger();
    for (let sequence = 0; sequence < 100; sequence += 2)
      for (const sent of [sequence + 1, sequence]) ledger.record(sent);
    expect(ledger.forwarded).toBe(100);
    ledger.skipTo(105);
    for (const sequence of [105, 107, 106, 106, 107]) ledger.record(sequence);
    expect(ledger.forwarded).toBe(103);
    expect(ledger.settle(107, 90)).toEqual({ expected: 103, received: 90 });
  });

  it('MH-1 does not expect the datagrams of a frame that went on a stream', () => {
    const ledger = new DeliveryLedger();
    ledger.skipTo(4);
    for (const sequence of [0, 1, 2]) ledger.record(sequence);
    ledger.skipTo(3);
    // A key frame in five datagrams, 3 to 7.
    ledger.skipTo(8);
    for (const sequence of [8, 9, 10]) ledger.record(sequence);
    expect(ledger.settle(7, 3)).toEqual({ expected: 3, received: 3 });
    expect(ledger.settle(9, 2)).toEqual({ expected: 2, received: 2 });
    expect(ledger.settle(10, 0)).toEqual({ expected: 1, received: 0 });
  });
});
