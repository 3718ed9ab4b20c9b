// How long media stands still when the worker that forwards it is killed or hangs. See METHOD.md.
import { parseArgs } from 'node:util';
import { buildAll } from '../../../infra/build/bundles.ts';
import { LocalSystem } from '../../../infra/local/LocalSystem.ts';
import { quantile } from '../../load/client/quantile.ts';
import { workerAt } from '../../support/workerAt.ts';
import { TalkingClients } from './TalkingClients.ts';

const DEFAULT_RUNS = 10;
const MAX_RUNS = 1_000;
const PARTICIPANTS = 3;
const WORKERS_PER_HANDLER = 2;
/** A run that takes longer has failed. */
const RUN_TIMEOUT_MS = 30_000;
const MEETING = 'failover';

const SIGNALS = { workerKilled: 'SIGKILL', workerStopped: 'SIGSTOP' } as const;
type Case = keyof typeof SIGNALS;

export interface CaseResult {
  readonly runs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}
export type FailoverResult = Readonly<Record<Case, CaseResult>>;

/** `args`: --runs N. Rejects when a run fails. */
export async function run(args: readonly string[]): Promise<FailoverResult> {
  const runs = readRuns(args);
  await buildAll();
  const outages: Record<Case, number[]> = { workerKilled: [], workerStopped: [] };
  for (let index = 0; index < runs; index++) {
    for (const name of Object.keys(SIGNALS) as Case[]) {
      const outageMs = await measureOnce(SIGNALS[name]);
      outages[name].push(outageMs);
      process.stderr.write(`${name} ${index + 1}/${runs}: ${Math.round(outageMs)} ms\n`);
    }
  }
  return { workerKilled: summarise(outages.workerKilled), workerStopped: summarise(outages.workerStopped) };
}

export function describe(result: FailoverResult): string {
  const line = (what: string, { runs, p50Ms, p95Ms }: CaseResult): string =>
    `  ${what.padEnd(16)}p50 ${p50Ms} ms, p95 ${p95Ms} ms of ${runs} runs`;
  return [
    'Time until media flows again after a handler worker',
    line('was killed', result.workerKilled),
    line('hangs', result.workerStopped),
  ].join('\n');
}

/** Time from the signal until the last of the participants has media of all others again, ms. */
async function measureOnce(signal: NodeJS.Signals): Promise<number> {
  const system = await LocalSystem.start({ port: 0, logLevel: 'error', workers: WORKERS_PER_HANDLER });
  try {
    const clients = new TalkingClients({ url: system.url, meetings: { [MEETING]: PARTICIPANTS } });
    const { promise: expired, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`No media again ${RUN_TIMEOUT_MS / 1_000} s after ${signal}`)),
      RUN_TIMEOUT_MS,
    );
    try {
      const { mediaPort } = await Promise.race([clients.until('flowing', MEETING), expired]);
      const pid = workerAt(system, mediaPort);
      const endedAtMs = performance.timeOrigin + performance.now();
      process.kill(pid, signal);
      const { participants } = await Promise.race([clients.until('recovered', MEETING), expired]);
      return Math.max(...participants.map(({ resumedAtMs }) => resumedAtMs)) - endedAtMs;
    } finally {
      clearTimeout(timer);
      await clients.stop();
    }
  } finally {
    await system.stop();
  }
}

function readRuns(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: String(DEFAULT_RUNS) } },
  });
  const runs = Number(values.runs);
  if (!/^\d+$/.test(values.runs) || runs < 1 || runs > MAX_RUNS)
    throw new RangeError(`--runs must be a whole number from 1 to ${MAX_RUNS}: got "${values.runs}"`);
  return runs;
}

function summarise(outagesMs: readonly number[]): CaseResult {
  return {
    runs: outagesMs.length,
    p50Ms: Math.round(quantile(outagesMs, 0.5) ?? Number.NaN),
    p95Ms: Math.round(quantile(outagesMs, 0.95) ?? Number.NaN),
  };
}
