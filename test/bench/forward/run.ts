// What a worker spends on a delivered datagram, beside a relay with no logic on the same QUIC engine. See METHOD.md.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sessionUrl } from '../../../shared/webtransport/sessionUrl.ts';
import { cpuTimeUs } from '../../load/cpuTime.ts';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from './BenchWorker.ts';
import { CASES, type ForwardCase, meetingIn } from './cases.ts';
import { LineProcess } from './LineProcess.ts';
import { type Latencies, type RunAnswer, type Seat, SIDES, type Side } from './plan.ts';

const DEFAULT_SECONDS = 6;
const WARM_UP_MS = 1_000;
/** Turns of each side: what else runs on the machine meets both. */
const TURNS = 6;
const PAYLOAD_BYTES = 958;

export interface CaseResult {
  readonly name: string;
  readonly subscribers: number;
  /** Datagrams a second that were to be delivered. */
  readonly rate: number;
  readonly delivered: number;
  readonly loss: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuUsPerDatagram: number;
  readonly bareCpuUsPerDatagram: number;
  readonly ratio: number;
  readonly bareLoss: number;
  readonly bareP99Ms: number;
  /** What the worker dropped in all, by reason; what is lost beyond it was lost in the socket buffers of either end. */
  readonly drops: Readonly<Record<string, number>>;
}
export interface ForwardResult {
  readonly cases: readonly CaseResult[];
}

interface Sums {
  expected: number;
  delivered: number;
  cpuUs: number;
}

/** `args`: --seconds N (for each side of each case), --case TEXT (cases whose name holds it), --tcp (the worker's side over TCP). */
export async function run(args: readonly string[]): Promise<ForwardResult> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      case: { type: 'string', default: '' },
      tcp: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  if (!(seconds > 0 && seconds <= 3_600))
    throw new RangeError(`--seconds must be above 0 and at most 3600: ${values.seconds}`);
  const chosen = CASES.filter(({ name }) => name.includes(values.case));
  if (chosen.length === 0)
    throw new RangeError(
      `--case must be part of one of ${CASES.map(({ name }) => `"${name}"`).join(', ')}: "${values.case}"`,
    );
  const cases: CaseResult[] = [];
  for (const one of chosen) cases.push(await measure(one, seconds * 1_000, values.tcp));
  return { cases };
}

export function describe({ cases }: ForwardResult): string {
  const rows = cases.map((one) =>
    [
      one.name.padEnd(18),
      `${one.rate}/s`.padStart(10),
      `${(one.loss * 100).toFixed(3)} %`.padStart(9),
      `${one.p50Ms} / ${one.p99Ms} ms`.padStart(16),
      `${one.cpuUsPerDatagram} us`.padStart(9),
      `${one.bareCpuUsPerDatagram} us`.padStart(9),
      one.ratio.toFixed(2).padStart(6),
    ].join(' '),
  );
  return [`${'case'.padEnd(18)} delivered      loss      p50 / p99    worker      bare  ratio`, ...rows].join(
    '\n',
  );
}

async function measure(one: ForwardCase, durationMs: number, tcp: boolean): Promise<CaseResult> {
  process.stderr.write(`${one.name} ...\n`);
  const scripts = { bareRelay: 'test/bench/forward/bareRelay.ts', client: 'test/bench/forward/client.ts' };
  const worker = await startBenchWorker(scripts, undefined, undefined, tcp);
  const bare = new LineProcess(join(worker.directory, 'bareRelay.js'), true);
  const clients = new LineProcess(join(worker.directory, 'client.js'), false);
  try {
    await connect(one, worker, bare, clients, tcp);
    const pids: Record<Side, number> = { worker: worker.process.pid, bare: bare.pid };
    for (const side of SIDES) await turn(clients, side, one, WARM_UP_MS, false);
    const sums: Record<Side, Sums> = {
      worker: { expected: 0, delivered: 0, cpuUs: 0 },
      bare: { expected: 0, delivered: 0, cpuUs: 0 },
    };
    for (let index = 0; index < TURNS; index++) {
      for (const side of index % 2 === 0 ? SIDES : SIDES.toReversed()) {
        const before = cpuOf(pids[side]);
        const { expected, delivered } = await turn(clients, side, one, durationMs / TURNS, true);
        sums[side].cpuUs += cpuOf(pids[side]) - before;
        sums[side].expected += expected;
        sums[side].delivered += delivered;
      }
    }
    const { drops } = await worker.process.call('stats', null);
    return { ...summarise(one, sums, await clients.ask<Latencies>({ command: 'finish' })), drops };
  } finally {
    clients.stop();
    bare.stop();
    await worker.stop();
  }
}

async function connect(
  one: ForwardCase,
  worker: BenchWorker,
  bare: LineProcess,
  clients: LineProcess,
  tcp: boolean,
): Promise<void> {
  const { certificatePem, privateKeyPem, hash } = worker.certificate;
  const { port } = await bare.ask<{ port: number }>({ hostname: BENCH_HOST, certificatePem, privateKeyPem });
  const seats: Seat[] = await meetingIn(worker.process, one);
  await clients.ask({
    command: 'connect',
    workerUrl: sessionUrl(BENCH_HOST, worker.process.udpPort, '/media', tcp ? BENCH_HOST : undefined),
    bareUrl: `https://${BENCH_HOST}:${port}`,
    certificateHash: hash,
    seats,
    payloadBytes: PAYLOAD_BYTES,
  });
}

async function turn(
  clients: LineProcess,
  side: Side,
  { ratePerSecond }: ForwardCase,
  durationMs: number,
  measured: boolean,
): Promise<RunAnswer> {
  return await clients.ask<RunAnswer>({ command: 'run', side, ratePerSecond, durationMs, measured });
}

function cpuOf(pid: number): number {
  const used = cpuTimeUs([pid]);
  if (used === undefined) throw new Error('CPU time is read from /proc, which this machine does not have');
  return used;
}

function summarise(
  one: ForwardCase,
  { worker, bare }: Record<Side, Sums>,
  latencies: Latencies,
): Omit<CaseResult, 'drops'> {
  const perDatagram = ({ cpuUs, delivered }: Sums): number => (delivered === 0 ? 0 : cpuUs / delivered);
  const loss = ({ expected, delivered }: Sums): number => (expected === 0 ? 0 : 1 - delivered / expected);
  return {
    name: one.name,
    subscribers: one.people - 1,
    rate: one.publishers * one.ratePerSecond * (one.people - 1),
    delivered: worker.delivered,
    loss: round(loss(worker), 6),
    p50Ms: round(latencies.worker.p50Ms, 2),
    p99Ms: round(latencies.worker.p99Ms, 2),
    cpuUsPerDatagram: round(perDatagram(worker), 3),
    bareCpuUsPerDatagram: round(perDatagram(bare), 3),
    ratio: round(perDatagram(worker) / perDatagram(bare), 3),
    bareLoss: round(loss(bare), 6),
    bareP99Ms: round(latencies.bare.p99Ms, 2),
  };
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
