// What streams, subscriptions and sessions cost in memory, and whether a full worker holds. See METHOD.md.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { udpDrops } from '../../support/processes.ts';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from '../forward/BenchWorker.ts';
import { LineProcess } from '../forward/LineProcess.ts';
import { type HeapFigures, measureHeap } from './heap.ts';
import type { Person, SendAnswer, WorkerMemory } from './plan.ts';

const DEFAULT_SECONDS = 60;
const WARM_UP_SECONDS = 5;
const PEOPLE = 100;
const STREAMS_PER_PERSON = 10;
/** The first half receives, each all the streams of one of the second half. */
const RECEIVERS = PEOPLE / 2;
const RATE_PER_STREAM = 10;
/** Sessions that send nothing, for the cost of one: the second half of them counts, when pools are filled. */
const IDLE_SESSIONS = 200;
const BATCH = 250;
const SAMPLE_MS = 1_000;

export interface MemoryResult extends HeapFigures {
  /** Resident memory of the worker process, garbage collected. */
  readonly bytesPerSession: number;
  /** V8's part of it. */
  readonly heapBytesPerSession: number;
  readonly hold: {
    readonly streams: number;
    readonly consumers: number;
    readonly seconds: number;
    readonly expected: number;
    readonly delivered: number;
    readonly loss: number;
    /** Medians of the first and the last quarter of the time. */
    readonly rssStartBytes: number;
    readonly rssEndBytes: number;
    readonly rssMaxBytes: number;
    readonly drops: Readonly<Record<string, number>>;
    /** Datagrams that the kernel dropped in front of a process that did not read in time; absent where it does not tell. */
    readonly kernelDrops?: { readonly worker: number; readonly clients: number };
  };
}

/** `args`: --seconds N (how long the full worker is held). */
export async function run(args: readonly string[]): Promise<MemoryResult> {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string' } } });
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  if (!(seconds >= 4 && seconds <= 86_400))
    throw new RangeError(`--seconds must be at least 4 and at most 86400: ${values.seconds}`);
  const heap = measureHeap();
  const memories = new Memories();
  const worker = await startBenchWorker(
    { handlerWorker: 'test/bench/memory/measuredWorker.ts', client: 'test/bench/memory/client.ts' },
    (line) => memories.onLine(line),
  );
  const clients = new LineProcess(join(worker.directory, 'client.js'), false);
  try {
    const session = await measureSessions(worker, clients, memories);
    return { ...heap, ...session, hold: await hold(worker, clients, seconds) };
  } finally {
    clients.stop();
    await worker.stop();
  }
}

export function describe(result: MemoryResult): string {
  const { bytesPerStream, bytesPerConsumer, bytesPerSession, heapBytesPerSession, hold } = result;
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1_000)} kB`;
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    `a stream ${bytesPerStream} B, a subscription ${bytesPerConsumer} B, a session ${kilobytes(bytesPerSession)}, ${kilobytes(heapBytesPerSession)} of it V8's`,
    `${hold.streams} streams and ${hold.consumers} consumers for ${hold.seconds} s: loss ${(hold.loss * 100).toFixed(4)} %,` +
      ` resident ${megabytes(hold.rssStartBytes)} at first, ${megabytes(hold.rssEndBytes)} at last, ${megabytes(hold.rssMaxBytes)} at most`,
  ].join('\n');
}

async function measureSessions(
  worker: BenchWorker,
  clients: LineProcess,
  memories: Memories,
): Promise<Pick<MemoryResult, 'bytesPerSession' | 'heapBytesPerSession'>> {
  const half = IDLE_SESSIONS / 2;
  const people = await meeting(worker, 'idle', IDLE_SESSIONS, 0);
  await connect(worker, clients, people.slice(0, half));
  const before = await memories.ask(worker.process.pid);
  await connect(worker, clients, people.slice(half));
  const after = await memories.ask(worker.process.pid);
  await worker.process.call('closeRouter', { router_id: 'idle' });
  return {
    bytesPerSession: Math.round((after.rssBytes - before.rssBytes) / half),
    heapBytesPerSession: Math.round((after.heapBytes - before.heapBytes) / half),
  };
}

/** Asks the worker what it holds, and hears the answer among its log lines. */
class Memories {
  #answered: ((memory: WorkerMemory) => void) | undefined;

  ask(pid: number): Promise<WorkerMemory> {
    const { promise, resolve } = Promise.withResolvers<WorkerMemory>();
    this.#answered = resolve;
    process.kill(pid, 'SIGUSR2');
    return promise;
  }

  onLine(line: string): void {
    if (line.startsWith('{"memory":'))
      this.#answered?.((JSON.parse(line) as { memory: WorkerMemory }).memory);
    else process.stderr.write(`${line}\n`);
  }
}

async function hold(
  worker: BenchWorker,
  clients: LineProcess,
  seconds: number,
): Promise<MemoryResult['hold']> {
  const people = await meeting(worker, 'full', PEOPLE, STREAMS_PER_PERSON);
  await connect(worker, clients, people);
  await send(clients, WARM_UP_SECONDS);
  const samples: number[] = [];
  const sampler = setInterval(() => void rss(worker).then((bytes) => samples.push(bytes)), SAMPLE_MS);
  const pids = { worker: [worker.process.pid], clients: [clients.pid] };
  const kernelDrops = () =>
    process.platform === 'linux'
      ? { worker: udpDrops(pids.worker), clients: udpDrops(pids.clients) }
      : undefined;
  const before = kernelDrops();
  const { sentByUser, delivered } = await send(clients, seconds);
  const after = kernelDrops();
  clearInterval(sampler);
  const { consumers, producers, drops } = await worker.process.call('stats', null);
  const expected = people.slice(RECEIVERS).reduce((sum, { userId }) => sum + (sentByUser[userId] ?? 0), 0);
  const quarter = Math.max(1, Math.floor(samples.length / 4));
  return {
    streams: producers,
    consumers,
    seconds,
    expected,
    delivered,
    loss: expected === 0 ? 0 : 1 - delivered / expected,
    rssStartBytes: median(samples.slice(0, quarter)),
    rssEndBytes: median(samples.slice(-quarter)),
    rssMaxBytes: Math.max(...samples),
    drops,
    ...(before &&
      after && {
        kernelDrops: { worker: after.worker - before.worker, clients: after.clients - before.clients },
      }),
  };
}

/** A router with people in it; with streams, the first half consumes those of the second. */
async function meeting(
  { process: worker }: BenchWorker,
  routerId: string,
  count: number,
  streams: number,
): Promise<Person[]> {
  const router = { router_id: routerId };
  await worker.call('createRouter', { ...router, meeting_id: routerId, generation: 1 });
  const { transports } = await worker.call('createTransports', {
    ...router,
    transports: Array.from({ length: count }, (_, index) => ({
      participant_id: `p-${index + 1}`,
      user_id: index + 1,
    })),
  });
  const consumers: { transport_id: string; producer_id: string }[] = [];
  for (const [index, { transport_id }] of transports.entries()) {
    if (streams === 0) break;
    const { producers } = await worker.call('createProducers', {
      ...router,
      producers: Array.from({ length: streams }, (_, stream) => ({
        transport_id,
        stream_id: stream + 1,
        kind: 'audio' as const,
      })),
    });
    const receiver = transports[index - RECEIVERS];
    if (receiver === undefined) continue;
    for (const { producer_id } of producers)
      consumers.push({ transport_id: receiver.transport_id, producer_id });
  }
  for (let from = 0; from < consumers.length; from += BATCH)
    await worker.call('createConsumers', { ...router, consumers: consumers.slice(from, from + BATCH) });
  return transports.map(({ connection_token }, index) => ({
    userId: index + 1,
    connectionToken: connection_token,
    streams,
  }));
}

async function connect(worker: BenchWorker, clients: LineProcess, people: readonly Person[]): Promise<void> {
  await clients.ask({
    command: 'connect',
    url: `https://${BENCH_HOST}:${worker.process.udpPort}/media`,
    certificateHash: worker.certificate.hash,
    people,
  });
}

async function send(clients: LineProcess, seconds: number): Promise<SendAnswer> {
  return await clients.ask<SendAnswer>({
    command: 'send',
    ratePerStream: RATE_PER_STREAM,
    durationMs: seconds * 1_000,
  });
}

async function rss(worker: BenchWorker): Promise<number> {
  return (await worker.process.call('stats', null)).rss_bytes;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
