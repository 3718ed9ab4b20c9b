// Closing a router whose worker does not answer in time. What else is asked of routers: internalApi.test.ts.
import { describe, expect, it } from 'vitest';
import { Routers } from '../../../media-node/agent/Routers.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { FakeHandlerWorker, FakeHandlerWorkers } from './fixtures/FakeHandlerWorker.ts';

function setUp(workers: number, maxRoutersPerWorker: number) {
  const pool = new FakeHandlerWorkers(workers);
  const routers = new Routers({
    workers: pool,
    maxRoutersPerWorker,
    maxConsumersPerWorker: 500,
    mediaUrl: (udpPort) => `https://media.example.org:${udpPort}/media`,
    certificateHashes: () => [],
    newId: () => crypto.randomUUID(),
    onLost: () => undefined,
    log: silentLogger,
  });
  const create = (meetingId: string, generation = 1) => routers.create({ meeting_id: meetingId, generation });
  const workerAt = (id: number): FakeHandlerWorker => pool.workers[id] ?? new FakeHandlerWorker(id);
  return { routers, create, workerAt };
}

describe('a router whose worker did not say that it is closed', () => {
  it('SFU-2 SFU-3 stays known and can be closed again, also when its meeting has a new one', async () => {
    const { routers, create, workerAt } = setUp(2, 50);
    const old = await create('m1');
    const worker = workerAt(old.worker_id);
    worker.hangs = true;
    await expect(routers.delete(old.router_id)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    const next = await create('m1', 2);
    worker.hangs = false;
    const listed = await routers.list();
    expect(listed.map(({ router_id }) => router_id)).toEqual([old.router_id, next.router_id]);
    await routers.delete(old.router_id);
    expect(worker.routers.size).toBe(0);
    // The meeting's router is the new one, whatever became of the old.
    expect((await create('m1', 2)).router_id).toBe(next.router_id);
  });

  it('SFU-3 SFU-8 takes no place when it was closed all the same, also of its own meeting', async () => {
    const { routers, create, workerAt } = setUp(1, 1);
    const worker = workerAt(0);
    const closeLate = async (meetingId: string): Promise<void> => {
      const { router_id: id } = await create(meetingId);
      worker.hangs = true;
      await expect(routers.delete(id)).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
      worker.hangs = false;
      worker.routers.delete(id);
    };
    await closeLate('m1');
    expect(await routers.list()).toEqual([]);
    await closeLate('m2');
    await create('m2');
  });
});
