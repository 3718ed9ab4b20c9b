import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import type { Destination } from '../../../media-node/routing/Destination.ts';
import { type RouteEntry, RouteTable } from '../../../media-node/routing/RouteTable.ts';
import { systemClock } from '../../../shared/base/clock.ts';

const nowhere: Destination = { sendDatagram: () => 0 };

function entry(userId: number, streamId: number, destinations: readonly Destination[]): RouteEntry {
  return {
    userId,
    streamId,
    kind: 'video',
    destinations,
    traffic: { datagrams: 0, bytes: 0 },
    arrivals: new Arrivals(systemClock),
  };
}

describe('RouteTable', () => {
  it('MH-3 finds a list of destinations by user and stream, both', () => {
    const first = [nowhere];
    const second: Destination[] = [];
    const table = new RouteTable([entry(1, 10, first), entry(0xffff_ffff, 0xffff_ffff, second)]);
    expect(table.find(1, 10)?.destinations).toBe(first);
    expect(table.find(0xffff_ffff, 0xffff_ffff)?.destinations).toBe(second);
    expect([table.find(1, 11), table.find(2, 10), table.find(10, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(table.size).toBe(2);
  });

  it('MH-3 refuses two routes of one stream', () => {
    const route = entry(1, 10, []);
    expect(() => new RouteTable([route, route])).toThrow(
      'Routes must differ in user and stream: 1/10 came twice',
    );
  });

  it('MH-3 starts empty', () => {
    expect([RouteTable.empty.size, RouteTable.empty.find(1, 1)]).toEqual([0, undefined]);
  });

  it('MH-3 MH-9 finds exactly what it was given, for thousands of streams whose ids collide in every way', () => {
    const ids = [1, 2, 3, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
    for (let shift = 2; shift < 32; shift++) ids.push(2 ** shift, 2 ** shift + 1);
    const entries = ids.flatMap((userId) => ids.map((streamId) => entry(userId, streamId, [])));
    const unique = [...new Map(entries.map((one) => [`${one.userId}/${one.streamId}`, one])).values()];
    const present = unique.filter((_, index) => index % 2 === 0);
    const absent = unique.filter((_, index) => index % 2 === 1);
    const table = new RouteTable(present);
    expect(table.size).toBe(present.length);
    for (const one of present) expect(table.find(one.userId, one.streamId)?.traffic).toBe(one.traffic);
    for (const one of absent) expect(table.find(one.userId, one.streamId)).toBeUndefined();
  });
});
