import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../media-node/routing/Destination.ts';
import { type RouteEntry, RouteTable } from '../../../media-node/routing/RouteTable.ts';

const nowhere: Destination = { sendDatagram: () => 0 };

function entry(userId: number, streamId: number, destinations: readonly Destination[]): RouteEntry {
  return { userId, streamId, kind: 'video', destinations, traffic: { datagrams: 0, bytes: 0 } };
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
});
