// A worker among clients that do everything wrong, die in the middle of it, and lose what they stand on.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from '../../bench/forward/BenchWorker.ts';
import { LineProcess } from '../../bench/forward/LineProcess.ts';
import type { Person, SendAnswer } from '../../bench/memory/plan.ts';
import type { ChaosAnswer, ChaosPlan } from './plan.ts';

const PEOPLE_PER_CROWD = 8;
const ACTIONS = 300;
const SEED = 20_261_121;
/** Of a process that is gone without a word, the engine hears nothing for this long, and some. */
const IDLE_LIMIT_MS = 30_000;

let worker: BenchWorker;
const lines: string[] = [];
const processes: LineProcess[] = [];

beforeAll(async () => {
  worker = await startBenchWorker(
    { chaos: 'test/integration/chaos/client.ts', client: 'test/bench/memory/client.ts' },
    (line) => lines.push(line),
  );
});

afterAll(async () => {
  for (const child of processes) child.stop();
  await worker?.stop();
});

function start(script: string): LineProcess {
  const child = new LineProcess(join(worker.directory, script), false);
  processes.push(child);
  return child;
}

/** A meeting in which everybody publishes one stream and receives all others. */
async function meeting(routerId: string, count: number, kind: 'audio' | 'video') {
  const router = { router_id: routerId };
  await worker.process.call('createRouter', { ...router, meeting_id: routerId, generation: 1 });
  const { transports } = await worker.process.call('createTransports', {
    ...router,
    transports: Array.from({ length: count }, (_, index) => ({
      participant_id: `p-${index + 1}`,
      user_id: index + 1,
    })),
  });
  const { producers } = await worker.process.call('createProducers', {
    ...router,
    producers: transports.map(({ transport_id }) => ({ transport_id, stream_id: 1, kind })),
  });
  await worker.process.call('createConsumers', {
    ...router,
    consumers: transports.flatMap(({ transport_id }, subscriber) =>
      producers
        .filter((_, publisher) => publisher !== subscriber)
        .map(({ producer_id }) => ({ transport_id, producer_id })),
    ),
  });
  const people = transports.map(
    ({ connection_token }, index): Person => ({
      userId: index + 1,
      connectionToken: connection_token,
      streams: 1,
    }),
  );
  return { people, transports, producers };
}

function address() {
  return {
    url: `https://${BENCH_HOST}:${worker.process.udpPort}/media`,
    certificateHash: worker.certificate.hash,
  };
}

it('MH-10 MH-4 no client ends a worker, nor leaves anything in it, whatever it does and however it goes', {
  timeout: 120_000,
}, async () => {
  const { people, transports, producers } = await meeting('chaos', 2 * PEOPLE_PER_CROWD, 'video');
  const crowds = [people.slice(0, PEOPLE_PER_CROWD), people.slice(PEOPLE_PER_CROWD)].map((crowd, index) => {
    const plan: ChaosPlan = { ...address(), people: crowd, actions: ACTIONS, seed: SEED + index * 100 };
    return { child: start('chaos.js'), plan };
  });
  await Promise.all(crowds.map(({ child, plan }) => child.ask<ChaosAnswer>(plan)));
  // What the agent may do to a meeting, in the middle of it.
  await worker.process.call('closeProducer', {
    router_id: 'chaos',
    producer_id: producers[0]?.producer_id ?? '',
  });
  await worker.process.call('closeTransport', {
    router_id: 'chaos',
    transport_id: transports.at(-1)?.transport_id ?? '',
  });
  await Promise.all(crowds.map(({ child }) => child.hear<ChaosAnswer>()));

  // One crowd stops reading, until datagrams wait for it that nobody will take, and dies; with the router the other loses its
  // meeting.
  process.kill(crowds[0]?.child.pid ?? 0, 'SIGSTOP');
  await expect
    .poll(async () => (await worker.process.call('stats', null)).drops['destinationCongested'] ?? 0, {
      timeout: IDLE_LIMIT_MS,
    })
    .toBeGreaterThan(0);
  crowds[0]?.child.stop();
  await expect
    .poll(async () => (await worker.process.call('inspectRouter', { router_id: 'chaos' })).transports, {
      timeout: IDLE_LIMIT_MS,
    })
    .toBeLessThanOrEqual(PEOPLE_PER_CROWD);
  await worker.process.call('closeRouter', { router_id: 'chaos' });
  crowds[1]?.child.stop();

  const calm = start('client.js');
  const { people: two } = await meeting('calm', 2, 'audio');
  await calm.ask({ command: 'connect', ...address(), people: two });
  const { delivered } = await calm.ask<SendAnswer>({
    command: 'send',
    ratePerStream: 100,
    durationMs: 500,
  });
  expect(delivered).toBeGreaterThan(0);

  await expect
    .poll(async () => (await worker.process.call('stats', null)).sessions, { timeout: IDLE_LIMIT_MS })
    .toBe(2);
  const { routers, producers: left } = await worker.process.call('stats', null);
  expect({ routers, producers: left }).toEqual({ routers: 1, producers: 2 });
  expect(lines.filter((line) => /"level":"error"|Unhandled/.test(line))).toEqual([]);
});
