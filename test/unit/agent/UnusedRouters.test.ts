import { describe, expect, it } from 'vitest';
import { UnusedRouters } from '../../../media-node/agent/UnusedRouters.ts';
import { ApiError } from '../../../shared/api/error.ts';
import type { RouterBody } from '../../../shared/api/handler.ts';
import { silentLogger } from '../../../shared/base/log.ts';

/** Transports of each router, and those that were closed. */
function start(transports: Map<string, number>) {
  const closed: string[] = [];
  const routers = new UnusedRouters({
    list: async () =>
      [...transports].map(
        ([router_id, count]): RouterBody => ({
          router_id,
          meeting_id: `meeting-of-${router_id}`,
          generation: 1,
          worker_id: 0,
          transports: count,
          producers: 0,
          consumers: 0,
        }),
      ),
    close: async (routerId) => {
      if (!transports.has(routerId)) throw new ApiError('NOT_FOUND', 'No such router');
      if (transports.get(routerId) !== 0) return false;
      transports.delete(routerId);
      closed.push(routerId);
      return true;
    },
    log: silentLogger,
  });
  return { routers, closed };
}

describe('routers of a media handler', () => {
  it('SFU-8 SFU-9 are closed when nobody is in them at two looks in a row', async () => {
    const transports = new Map([
      ['used', 2],
      ['left', 0],
      ['joined', 0],
    ]);
    const { routers, closed } = start(transports);
    await routers.look();
    expect(closed).toEqual([]);
    transports.set('joined', 1).set('new', 0);
    await routers.look();
    expect(closed).toEqual(['left']);
    transports.set('joined', 0).set('new', 1);
    await routers.look();
    expect([...transports.keys()]).toEqual(['used', 'joined', 'new']);
  });

  it('SFU-9 that went by themselves meanwhile stop nothing', async () => {
    const transports = new Map([
      ['first', 0],
      ['second', 0],
    ]);
    const { routers, closed } = start(transports);
    await routers.look();
    const looking = routers.look();
    transports.delete('first');
    await looking;
    expect(closed).toEqual(['second']);
  });
});
