import { describe, expect, it } from 'vitest';
import { LoadMeter } from '../../../media-node/agent/LoadMeter.ts';
import type { HandlerStats } from '../../../media-node/ipc/protocol.ts';

const ZERO: HandlerStats = {
  routers: 0,
  sessions: 0,
  producers: 0,
  consumers: 0,
  subscriptions: 0,
  cpu_us: 0,
  rss_bytes: 0,
  datagrams_in: 0,
  datagrams_out: 0,
  bytes_in: 0,
  bytes_out: 0,
  drops: {},
};

describe('load meter', () => {
  it('GC-2 turns counters into rates over the last interval', () => {
    const meter = new LoadMeter();
    meter.add({ ...ZERO, cpu_us: 1_000_000, bytes_in: 5_000, drops: { destinationCongested: 3 } }, 10_000);
    meter.add(
      {
        ...ZERO,
        producers: 2,
        consumers: 9,
        subscriptions: 6,
        cpu_us: 1_500_000,
        bytes_in: 30_000,
        bytes_out: 100_000,
        datagrams_out: 200,
        drops: { destinationCongested: 13, truncated: 500 },
      },
      12_000,
    );
    expect(meter.streams).toBe(8);
    expect(meter.rates).toEqual({
      cpuRatio: 0.25,
      bitsInPerSecond: 100_000,
      bitsOutPerSecond: 400_000,
      datagramsOutPerSecond: 100,
      droppedPerSecond: 5,
    });
  });

  it('GC-2 has no rates before the second sample and none from two at the same time', () => {
    const meter = new LoadMeter();
    expect(meter.streams).toBe(0);
    meter.add({ ...ZERO, cpu_us: 9_000_000 }, 1_000);
    expect(meter.rates.cpuRatio).toBe(0);
    meter.add({ ...ZERO, cpu_us: 10_000_000 }, 1_000);
    expect(meter.rates.cpuRatio).toBe(0);
  });

  it('GC-2 keeps the CPU ratio within 0 and 1', () => {
    const meter = new LoadMeter();
    meter.add(ZERO, 0);
    meter.add({ ...ZERO, cpu_us: 3_000_000 }, 1_000);
    expect(meter.rates.cpuRatio).toBe(1);
    meter.add(ZERO, 2_000);
    expect(meter.rates.cpuRatio).toBe(0);
  });
});
