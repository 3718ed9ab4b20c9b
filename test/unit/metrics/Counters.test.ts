import { describe, expect, it } from 'vitest';
import { Counter, Counters } from '../../../media-node/metrics/Counters.ts';
import { DropReason } from '../../../media-node/metrics/DropReason.ts';

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

  it('MH-8 stays exact beyond 32 bits', () => {
    const counters = new Counters();
    counters.add(Counter.datagramBytesOut, 2 ** 40);
    counters.add(Counter.datagramBytesOut, 1);
    expect(counters.value(Counter.datagramBytesOut)).toBe(2 ** 40 + 1);
  });
});
