// A subscriber whose process is stopped, over real QUIC: its session stays, nothing is read, and nobody else notices.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CreatedTransport } from '../../media-node/ipc/protocol.ts';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from '../bench/forward/BenchWorker.ts';
import { LineProcess } from '../bench/forward/LineProcess.ts';
import type { Person, SendAnswer } from '../bench/memory/plan.ts';

const READERS = 3;
/** More than the QUIC engine keeps for one connection: a megabyte of datagrams of 202 bytes. */
const RATE_PER_SECOND = 2_000;
const DURATION_MS = 5_000;
/** The engine's megabyte and what a process gathers by itself; without a bound it would be ten times that. */
const MAX_GROWTH_BYTES = 12_000_000;

let worker: BenchWorker;
let readers: LineProcess;
let stopped: LineProcess;

beforeAll(async () => {
  worker = await startBenchWorker({ client: 'test/bench/memory/client.ts' });
  readers = new LineProcess(join(worker.directory, 'client.js'), false);
  stopped = new LineProcess(join(worker.directory, 'client.js'), false);
});

afterAll(async () => {
  stopped?.stop();
  readers?.stop();
  await worker?.stop();
});

async function connect(clients: LineProcess, people: readonly Person[]): Promise<void> {
  await clients.ask({
    command: 'connect',
    url: `https://${BENCH_HOST}:${worker.process.udpPort}/media`,
    certificateHash: worker.certificate.hash,
    people,
  });
}

const resident = async (): Promise<number> => (await worker.process.call('stats', null)).rss_bytes;

it('MH-4 a subscriber whose process is stopped costs the others nothing and the worker no memory', async () => {
  const router = { router_id: 'r' };
  await worker.process.call('createRouter', { ...router, meeting_id: 'm', generation: 1 });
  const { transports } = await worker.process.call('createTransports', {
    ...router,
    transports: Array.from({ length: READERS + 2 }, (_, index) => ({
      participant_id: `p-${index + 1}`,
      user_id: index + 1,
    })),
  });
  const [publisher, ...subscribers] = transports as [CreatedTransport, ...CreatedTransport[]];
  const { producers } = await worker.process.call('createProducers', {
    ...router,
    producers: [{ transport_id: publisher.transport_id, stream_id: 1, kind: 'audio' }],
  });
  await worker.process.call('createConsumers', {
    ...router,
    consumers: subscribers.map(({ transport_id }) => ({
      transport_id,
      producer_id: producers[0]?.producer_id ?? '',
    })),
  });
  const people = transports.map(({ connection_token }, index) => ({
    userId: index + 1,
    connectionToken: connection_token,
    streams: index === 0 ? 1 : 0,
  }));
  await connect(readers, people.slice(0, -1));
  await connect(stopped, people.slice(-1));
  const send = { command: 'send', ratePerStream: RATE_PER_SECOND, durationMs: 500 };
  await readers.ask<SendAnswer>(send);

  process.kill(stopped.pid, 'SIGSTOP');
  const before = await resident();
  const { sentByUser, delivered } = await readers.ask<SendAnswer>({ ...send, durationMs: DURATION_MS });

  const { transports: sessions } = await worker.process.call('inspectTransports', router);
  const dropsOf = (userId: number): number =>
    Object.values(sessions.find(({ user_id }) => user_id === userId)?.drops ?? {}).reduce((a, b) => a + b, 0);
  expect(dropsOf(READERS + 2)).toBeGreaterThan(0);
  for (let userId = 2; userId < READERS + 2; userId++) expect(dropsOf(userId)).toBe(0);
  expect(delivered).toBe((sentByUser[1] ?? 0) * READERS);
  expect((await resident()) - before).toBeLessThan(MAX_GROWTH_BYTES);
});
