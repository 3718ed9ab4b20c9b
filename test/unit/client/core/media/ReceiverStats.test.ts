import { describe, expect, it } from 'vitest';
import { ReceiverStats } from '../../../../../client/core/media/ReceiverStats.ts';
import { CAPTURE_US } from '../../frames.ts';

function feed(stats: ReceiverStats, sequences: readonly number[]): void {
  for (const sequence of sequences)
    stats.addDatagram(sequence, CAPTURE_US + sequence * 20_000, 100, sequence * 20, false);
}

describe('ReceiverStats', () => {
  it('counts per interval what came, what did not, and at what rate', () => {
    const stats = new ReceiverStats(0);
    feed(stats, [0, 1, 2, 4, 5]);
    expect(stats.takeInterval(500)).toMatchObject({
      intervalMs: 500,
      highestSequence: 5,
      received: 5,
      lost: 1,
      bytes: 500,
      bitrateBps: 8_000,
      lossRatio: 1 / 6,
    });
    feed(stats, [6, 7]);
    expect(stats.takeInterval(1_500)).toMatchObject({
      received: 2,
      lost: 0,
      bitrateBps: 1_600,
      lossRatio: 0,
    });
  });

  it('knows nothing of loss while nothing is expected', () => {
    expect(new ReceiverStats(0).takeInterval(1_000)).not.toHaveProperty('lossRatio');
  });

  it('takes back a loss that was only late', () => {
    const stats = new ReceiverStats(0);
    feed(stats, [0, 2]);
    expect(stats.takeInterval(1_000).lost).toBe(1);
    feed(stats, [1, 3]);
    expect(stats.takeInterval(2_000)).toMatchObject({ received: 2, lost: 0 });
  });

  it('counts from the first number seen: who subscribes late has lost nothing', () => {
    const stats = new ReceiverStats(0);
    feed(stats, [1_000_000, 1_000_001]);
    expect(stats.takeInterval(1_000)).toMatchObject({ received: 2, lost: 0, highestSequence: 1_000_001 });
  });

  it('SFU-4 takes the time in which a layer was not sent for no loss, however its key frame and datagrams come', () => {
    for (const keyFirst of [true, false]) {
      const stats = new ReceiverStats(0);
      feed(stats, [0, 1, 2]);
      stats.takeInterval(1_000);
      if (keyFirst) stats.addStreamFrame(5_000, 1_200);
      feed(stats, [1_201]);
      if (!keyFirst) stats.addStreamFrame(5_000, 1_200);
      feed(stats, [1_202, 1_204]);
      expect(stats.takeInterval(2_000)).toMatchObject({ received: 3, lost: 2, bytes: 5_300 });
      feed(stats, [1_205, 1_206]);
      stats.addStreamFrame(5_000, 1_207);
      expect(stats.takeInterval(3_000)).toMatchObject({ received: 2, lost: 0 });
    }
  });

  it('MH-1 does not take datagrams for lost ones of a frame that it got on a stream', () => {
    for (const isOvertaken of [false, true]) {
      const stats = new ReceiverStats(0);
      feed(stats, [0, 1, 3]);
      if (isOvertaken) feed(stats, [9, 10]);
      stats.addStreamFrame(5_000, 9, 5);
      if (!isOvertaken) feed(stats, [9, 10]);
      expect(stats.takeInterval(1_000)).toMatchObject({ received: 5, lost: 1 });
    }
  });

  it('MH-10 looks at no more datagrams than it tells apart, however many a publisher claims', () => {
    const stats = new ReceiverStats(0);
    feed(stats, [0, 1e10]);
    stats.addStreamFrame(42, 1e10 + 1, 1e10);
    expect(stats.takeInterval(1_000).received).toBe(2);
  });

  it('SFU-4 does not take discardable frames that the handler leaves out for lost ones', () => {
    const stats = new ReceiverStats(0);
    const add = (sequence: number): boolean =>
      stats.addDatagram(sequence, CAPTURE_US, 100, 0, sequence % 2 === 1);
    for (const sequence of [0, 1, 2, 4, 5]) add(sequence);
    expect(stats.takeInterval(1_000).lossRatio).toBe(1 / 6);
    for (const sequence of [6, 8, 10]) add(sequence);
    expect(stats.takeInterval(2_000)).not.toHaveProperty('lossRatio');
    for (const sequence of [11, 12, 13]) add(sequence);
    expect(stats.takeInterval(3_000).lossRatio).toBe(0);
  });

  it('tells duplicates, also across its window, from what is new', () => {
    const stats = new ReceiverStats(0);
    const add = (sequence: number): boolean => stats.addDatagram(sequence, CAPTURE_US, 1, 0, false);
    expect([5, 5, 4, 4, 6].map(add)).toEqual([true, false, true, false, true]);
    expect(add(6 + 1_024)).toBe(true);
    expect(add(7)).toBe(true);
    expect(add(6)).toBe(false);
    expect(add(1_000_000)).toBe(true);
    expect(add(999_999)).toBe(true);
    expect(stats.duplicates).toBe(3);
    expect(stats.received).toBe(7);
  });

  it('measures interarrival jitter as RFC 3550 says', () => {
    const stats = new ReceiverStats(0);
    stats.addDatagram(0, 0, 1, 0, false);
    stats.addDatagram(1, 20_000, 1, 20, false);
    expect(stats.jitterUs).toBe(0);
    stats.addDatagram(2, 40_000, 1, 56, false); // 16 ms late
    expect(stats.jitterUs).toBe(1_000);
    stats.addDatagram(3, 60_000, 1, 60, false); // back in time: again a difference of 16 ms
    expect(stats.jitterUs).toBe(1_000 + (16_000 - 1_000) / 16);
  });
});
