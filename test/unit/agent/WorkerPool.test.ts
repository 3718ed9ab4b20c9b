import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SupervisedWorker } from '../../../media-node/agent/SupervisedWorker.ts';
import { WorkerPool } from '../../../media-node/agent/WorkerPool.ts';
import type { HandlerCalls } from '../../../media-node/ipc/protocol.ts';
import type { Clock, EpochMs } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { FakeHandlerWorker } from './fixtures/FakeHandlerWorker.ts';

let nowMs: number;
let started: FakeHandlerWorker[];
let pool: WorkerPool;
const clock: Clock = { epochMs: () => 0 as EpochMs, monotonicMs: () => nowMs };

beforeEach(async () => {
  nowMs = 1_000;
  started = [];
  const workers = [0, 1].map(
    (workerId) =>
      new SupervisedWorker<HandlerCalls>({
        name: `Handler worker ${workerId}`,
        udpPort: 0,
        start: async () => {
          const worker = new FakeHandlerWorker(workerId);
          started.push(worker);
          return worker;
        },
        onUp: () => undefined,
        onDown: () => undefined,
        clock,
        log: silentLogger,
        backoff: { firstMs: 1, maxMs: 1 },
      }),
  );
  pool = new WorkerPool(workers, clock, silentLogger);
  await pool.start();
});
afterEach(() => pool.stop('The test is over', 0));

describe('pool of handler workers', () => {
  it('GC-2 adds the streams and rates of its workers, and takes the CPU of the busiest', async () => {
    started.forEach((worker, index) => {
      worker.statsChanges = {
        producers: 1,
        subscriptions: 3,
        cpu_us: 5 + (index + 1) * 400_000,
        bytes_in: 1_000,
        bytes_out: 4_000,
        datagrams_out: 90,
        drops: { destinationCongested: 10, notSendersStream: 1_000 },
      };
    });
    nowMs += 2_000;
    await pool.sample();
    expect(pool.load()).toEqual({
      streams: 8,
      cpuRatio: 0.4,
      bandwidthInBps: 8_000,
      bandwidthOutBps: 32_000,
      packetLossRatio: 0.1,
      workersRunning: 2,
      workersConfigured: 2,
    });
    expect((await pool.list()).map(({ worker_id, cpu_ratio }) => ({ worker_id, cpu_ratio }))).toEqual([
      { worker_id: 0, cpu_ratio: 0.2 },
      { worker_id: 1, cpu_ratio: 0.4 },
    ]);
  });

  it('SFU-3 leaves a worker out that does not answer, and counts one that died as not running', async () => {
    const [first, second] = started;
    if (first) first.hangs = true;
    expect((await pool.list()).map((worker) => worker.worker_id)).toEqual([1]);
    second?.die();
    expect(pool.load()).toMatchObject({ workersRunning: 1, workersConfigured: 2 });
  });
});
