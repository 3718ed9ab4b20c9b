// What requests to the control plane cost: one at a time, and many at once. See METHOD.md.
import { parseArgs } from 'node:util';
import { ApiError } from '../../../shared/api/error.ts';
import { quantile } from '../../load/client/quantile.ts';
import { BenchedControlPlane, RequestFailed } from './BenchedControlPlane.ts';
import type { Sample } from './Clockwork.ts';

const DEFAULT_RUNS = 1_000;
const MAX_RUNS = 100_000;
const WARM_UP_RUNS = 100;
const IN_FLIGHT = 32;
const THROUGHPUT_MS = 2_000;
/** A first join takes a meeting of its own. */
const MEETINGS_TO_JOIN = 500;
/** Tokens that were never shown before. */
const MAX_NEW_TOKENS = 5_000;
/** Tries of a request that is answered 503: a process that stood still for seconds answers so by its own time-outs. */
const MAX_TRIES = 3;
/** Nodes report at least this often, as they do in a running system. */
const REFRESH_MS = 5_000;

const OPERATIONS = [
  'createMeeting',
  'getMeeting',
  'join',
  'laterJoin',
  'loadReport',
  'verifyToken',
  'verifyNewToken',
] as const;
type Operation = (typeof OPERATIONS)[number];

export interface OperationResult {
  readonly runs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Calls of the database per request, on average: counted. */
  readonly dynamoCalls: number;
  /** Of a request that is in the middle: what is not waiting for the database or a controller. */
  readonly ownMs: number;
  readonly waitingMs: number;
}

export interface ControlPlaneResult {
  readonly operations: Readonly<Record<Operation, OperationResult>>;
  readonly throughput: {
    readonly inFlight: number;
    readonly perSecond: Readonly<Record<Operation, number>>;
  };
}

/** `args`: --runs N. Rejects when a request fails. */
export async function run(args: readonly string[]): Promise<ControlPlaneResult> {
  const runs = readRuns(args);
  const plane = await BenchedControlPlane.start();
  try {
    let round = 0;
    const newTokens = await plane.signTokens(WARM_UP_RUNS + runs);
    const requests = (): Record<Operation, () => Promise<void>> => {
      const id = `m-${round++}`;
      return {
        createMeeting: () => plane.createMeeting(id),
        getMeeting: () => plane.getMeeting(id),
        join: () => plane.join(id),
        laterJoin: () => plane.join(id),
        loadReport: () => plane.reportLoad(round),
        verifyToken: () => plane.verifyToken(),
        verifyNewToken: () => plane.verifyNewToken(newTokens.pop()),
      };
    };
    const samples = Object.fromEntries(OPERATIONS.map((name) => [name, [] as Sample[]])) as Record<
      Operation,
      Sample[]
    >;
    let refreshedMs = performance.now();
    for (let i = -WARM_UP_RUNS; i < runs; i++) {
      if (performance.now() - refreshedMs > REFRESH_MS) {
        await patiently(() => plane.refresh());
        refreshedMs = performance.now();
      }
      const all = requests();
      for (const name of OPERATIONS) {
        const sample = await patiently(() => plane.clockwork.measure(all[name]));
        if (i >= 0 && sample !== undefined) samples[name].push(sample);
      }
    }
    process.stderr.write(`One at a time: ${runs} runs of ${OPERATIONS.length} operations\n`);
    const perSecond = {} as Record<Operation, number>;
    for (const name of OPERATIONS) {
      await patiently(() => plane.refresh());
      perSecond[name] = await throughput(plane, name, () => `t-${name}-${round++}`);
      process.stderr.write(`${IN_FLIGHT} in flight: ${name} ${perSecond[name]}/s\n`);
    }
    return {
      operations: Object.fromEntries(
        OPERATIONS.map((name) => [name, summarise(samples[name])]),
      ) as ControlPlaneResult['operations'],
      throughput: { inFlight: IN_FLIGHT, perSecond },
    };
  } finally {
    await plane.stop();
  }
}

export function describe(result: ControlPlaneResult): string {
  const lines = OPERATIONS.map((name) => {
    const { p50Ms, p95Ms, p99Ms, dynamoCalls, ownMs } = result.operations[name];
    const perSecond = result.throughput.perSecond[name];
    return `  ${name.padEnd(14)}p50 ${p50Ms} ms, p95 ${p95Ms} ms, p99 ${p99Ms} ms, ${dynamoCalls} DynamoDB calls, ${ownMs} ms of our own; ${perSecond}/s`;
  });
  return [
    `Requests to the control plane, one at a time; and per second with ${result.throughput.inFlight} in flight`,
    ...lines,
  ].join('\n');
}

/** Requests per second with IN_FLIGHT of them under way. What they need is made beforehand. */
async function throughput(plane: BenchedControlPlane, name: Operation, newId: () => string): Promise<number> {
  const known = newId();
  await patiently(() => plane.createMeeting(known));
  await patiently(() => plane.join(known));
  const fresh: string[] = [];
  const newTokens = name === 'verifyNewToken' ? await plane.signTokens(MAX_NEW_TOKENS) : [];
  if (name === 'join')
    for (let i = 0; i < MEETINGS_TO_JOIN; i++) {
      const id = newId();
      await patiently(() => plane.createMeeting(id));
      fresh.push(id);
    }
  let count = 0;
  let reports = 0;
  const request: Record<Operation, () => Promise<void>> = {
    createMeeting: () => plane.createMeeting(newId()),
    getMeeting: () => plane.getMeeting(known),
    join: () => plane.join(fresh.pop() ?? known),
    laterJoin: () => plane.join(known),
    // Of one node after the other: as many of a single one at once would be in each other's way.
    loadReport: () => plane.reportLoad(reports++),
    verifyToken: () => plane.verifyToken(),
    verifyNewToken: () => plane.verifyNewToken(newTokens.pop()),
  };
  const startedMs = performance.now();
  const isOver = (): boolean =>
    performance.now() - startedMs > THROUGHPUT_MS ||
    (name === 'join' && fresh.length === 0) ||
    (name === 'verifyNewToken' && newTokens.length === 0);
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (!isOver()) {
        await patiently(request[name]);
        count++;
      }
    }),
  );
  return Math.round(count / ((performance.now() - startedMs) / 1_000));
}

/** Makes a request again that could not be answered for the moment. One that had an effect before is answered 409 then. */
async function patiently<T>(request: () => Promise<T>): Promise<T | undefined> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      const status = error instanceof RequestFailed || error instanceof ApiError ? error.status : undefined;
      if (status === 409 && tries > 1) return undefined;
      if (status !== 503 || tries >= MAX_TRIES) throw error;
      process.stderr.write(`Made again: ${(error as Error).message}\n`);
    }
  }
}

function summarise(samples: readonly Sample[]): OperationResult {
  const sorted = (of: (sample: Sample) => number): number[] => samples.map(of).sort((a, b) => a - b);
  const totals = sorted(({ totalMs }) => totalMs);
  const calls = samples.reduce((sum, { dynamoCalls }) => sum + dynamoCalls, 0);
  return {
    runs: samples.length,
    p50Ms: round2(quantile(totals, 0.5)),
    p95Ms: round2(quantile(totals, 0.95)),
    p99Ms: round2(quantile(totals, 0.99)),
    dynamoCalls: round2(calls / samples.length),
    ownMs: round2(
      quantile(
        sorted(({ totalMs, waitingMs }) => totalMs - waitingMs),
        0.5,
      ),
    ),
    waitingMs: round2(
      quantile(
        sorted(({ waitingMs }) => waitingMs),
        0.5,
      ),
    ),
  };
}

function round2(value: number | undefined): number {
  if (value === undefined) throw new Error('There is no sample');
  return Math.round(value * 100) / 100;
}

function readRuns(args: readonly string[]): number {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string' } }, strict: true });
  const runs = values.runs === undefined ? DEFAULT_RUNS : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > MAX_RUNS)
    throw new RangeError(`--runs must be a whole number from 1 to ${MAX_RUNS}: got "${values.runs}"`);
  return runs;
}
