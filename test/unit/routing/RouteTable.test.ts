import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../media-node/routing/Destination.ts';
import { RouteTable } from '../../../media-node/routing/RouteTable.ts';

const nowhere: Destination = { sendDatagram: () => 0 };

describe('RouteTable', () => {
  it('MH-3 finds a list of destinations by user and stream, both', () => {
    const first = [nowhere];
    const second: Destination[] = [];
    const table = new RouteTable([
      { userId: 1, streamId: 10, destinations: first },
      { userId: 0xffff_ffff, streamId: 0xffff_ffff, destinations: second },
    ]);
    expect(table.find(1, 10)).toBe(first);
    expect(table.find(0xffff_ffff, 0xffff_ffff)).toBe(second);
    expect([table.find(1, 11), table.find(2, 10), table.find(10, 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(table.size).toBe(2);
  });

  it('MH-3 refuses two routes of one stream', () => {
    const route = { userId: 1, streamId: 10, destinations: [] };
    expect(() => new RouteTable([route, route])).toThrow(
      'Routes must differ in user and stream: 1/10 came twice',
    );
  });

  it('MH-3 starts empty', () => {
    expect([RouteTable.empty.size, RouteTable.empty.find(1, 1)]).toEqual([0, undefined]);
  });
});
