import { describe, expect, it } from 'vitest';
import { Counter, Counters } from '../../../media-node/metrics/Counters.ts';
import { DropReason, isCopyDrop } from '../../../media-node/metrics/DropReason.ts';

describe('Counters', () => {
  it('MH-8 adds up what is counted and starts at zero', () => {
    const counters = new Counters();
    counters.add(Counter.datagramBytesIn, 1_000);
    counters.add(Counter.datagramBytesIn, 100);
    expect([counters.value(Counter.datagramBytesIn), counters.value(Counter.datagramsIn)]).toEqual([
      1_100, 0,
    ]);
  });

  it('MH-8 names the drops that happened and leaves out the others', () => {
    const counters = new Counters();
    counters.drop(DropReason.noRoute);
    counters.drop(DropReason.noRoute);
    counters.drop(DropReason.messageQueueFull);
    expect(counters.dropsByName()).toEqual({ noRoute: 2, messageQueueFull: 1 });
    expect(counters.drops(DropReason.noRoute)).toBe(2);
  });

  it('MH-4 tells drops of datagrams on the way in from drops of their copies', () => {
    const counters = new Counters();
    for (const reason of Object.values(DropReason)) counters.drop(reason);
    expect([counters.ingressDrops, counters.destinationDrops]).toEqual([18, 7]);
  });

  it('MH-8 counts a branch where it branched from, before and after it ends, each thing once', () => {
    const worker = new Counters();
    const router = worker.branch();
    const [ada, bob] = [router.branch(), router.branch()];
    const totals = (): unknown =>
      [worker, router].map((counters) => [counters.value(Counter.datagramsIn), counters.dropsByName()]);
    for (const counters of [worker, router, ada, bob]) counters.add(Counter.datagramsIn, 1);
    ada.drop(DropReason.noRoute);
    expect(totals()).toEqual([
      [4, { noRoute: 1 }],
      [3, { noRoute: 1 }],
    ]);
    expect(ada.valuesByName()).toMatchObject({ datagramsIn: 1 });
    ada.end();
    ada.end();
    expect(totals()).toEqual([
      [4, { noRoute: 1 }],
      [3, { noRoute: 1 }],
    ]);
    // What comes late is nobody's but the worker's.
    ada.add(Counter.datagramsIn, 1);
    expect(totals()).toMatchObject([
      [5, {}],
      [3, {}],
    ]);
    router.end();
    bob.add(Counter.datagramsIn, 1);
    router.add(Counter.datagramsIn, 1);
    expect([worker.value(Counter.datagramsIn), worker.ingressDrops]).toEqual([7, 1]);
    expect(worker.valuesByName()).toMatchObject({ datagramsIn: 7 });
  });

  it('MH-8 tells the drops of some reasons', () => {
    const counters = new Counters();
    counters.drop(DropReason.noRoute);
    counters.drop(DropReason.layerWithheld);
    expect(counters.dropsByName((reason) => !isCopyDrop(reason))).toEqual({ noRoute: 1 });
  });

  it('MH-8 stays exact beyond 32 bits', () => {
    const counters = new Counters();
    counters.add(Counter.datagramBytesOut, 2 ** 40);
    counters.add(Counter.datagramBytesOut, 1);
    expect(counters.value(Counter.datagramBytesOut)).toBe(2 ** 40 + 1);
  });
});
