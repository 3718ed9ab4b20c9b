// How large the Lambda functions are, and how long a new process takes until one is ready. See METHOD.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  bundleFunction,
  FUNCTION_ENTRIES,
  FUNCTION_FILE,
  type FunctionName,
} from '../../../infra/build/functions.ts';
import { ENV } from '../../../shared/base/env.ts';
import { generateSigningJwk } from '../../../shared/token/signingKey.ts';
import { quantile } from '../../load/client/quantile.ts';

const DEFAULT_RUNS = 11;
const MAX_RUNS = 1_000;
const probe = fileURLToPath(new URL('probe.ts', import.meta.url));
/** Parts of the bundle that are named. */
const LARGEST = 6;

export interface FunctionResult {
  readonly bytes: number;
  readonly importMs: number;
  /** From the start of the process, Node's own start included, until the function can answer. */
  readonly readyMs: number;
  /** Until it has answered its first request; only of functions that answer requests. */
  readonly firstRequestMs?: number;
  readonly runs: number;
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
}

export interface ColdStartResult {
  readonly functions: Readonly<Record<FunctionName, FunctionResult>>;
  /** An empty module, measured in between: Node alone. */
  readonly bareMs: number;
}

interface Start {
  readonly importMs: number;
  readonly readyMs: number;
  readonly firstRequestMs?: number;
}

/** `args`: --runs N. Rejects when a function does not build or start. */
export async function run(args: readonly string[]): Promise<ColdStartResult> {
  const runs = readRuns(args);
  const directory = await mkdtemp(join(tmpdir(), 'dark-tower-cold-start-'));
  try {
    const names = Object.keys(FUNCTION_ENTRIES) as FunctionName[];
    const metafiles = await Promise.all(
      names.map(async (name) => await bundleFunction(name, join(directory, name))),
    );
    const environment = await functionEnvironment();
    const starts = names.map((): Start[] => []);
    const bare: number[] = [];
    for (let i = 0; i < runs; i++) {
      bare.push((await start(undefined, environment)).readyMs);
      for (const [index, name] of names.entries())
        starts[index]?.push(await start(join(directory, name, FUNCTION_FILE), environment));
      process.stderr.write(`Run ${i + 1} of ${runs}\n`);
    }
    const functions = await Promise.all(
      names.map(async (name, index): Promise<[FunctionName, FunctionResult]> => {
        const file = join(directory, name, FUNCTION_FILE);
        const [output] = Object.values(metafiles[index]?.outputs ?? {}).filter(
          ({ entryPoint }) => entryPoint,
        );
        return [
          name,
          {
            bytes: (await stat(file)).size,
            ...medians(starts[index] ?? []),
            runs,
            largest: largestPackages(output?.inputs ?? {}),
          },
        ];
      }),
    );
    return {
      functions: Object.fromEntries(functions) as ColdStartResult['functions'],
      bareMs: round1(quantile(bare, 0.5)),
    };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

export function describe({ functions, bareMs }: ColdStartResult): string {
  const lines = Object.entries(functions).map(
    ([name, { bytes, importMs, readyMs, firstRequestMs, largest }]) =>
      `  ${name.padEnd(10)}${Math.round(bytes / 1_000)} kB, imported in ${importMs} ms, ready after ${readyMs} ms` +
      `${firstRequestMs === undefined ? '' : `, first request answered after ${firstRequestMs} ms`}\n` +
      `            ${largest.map((part) => `${part.name} ${Math.round(part.bytes / 1_000)} kB`).join(', ')}`,
  );
  return [`Cold starts of the functions (medians; Node alone takes ${bareMs} ms)`, ...lines].join('\n');
}

async function start(file: string | undefined, environment: Record<string, string>): Promise<Start> {
  const child = spawn(process.execPath, [probe, ...(file === undefined ? [] : [file])], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  child.stdout?.resume();
  const exited = once(child, 'exit');
  const told = once(child, 'message');
  const first = await Promise.race([told, exited.then(() => undefined)]);
  if (first === undefined) throw new Error(`The function in "${file}" does not start`);
  await exited;
  return first[0] as Start;
}

/** What a function needs to start, with keys made for this run; the database is asked for nothing. */
async function functionEnvironment(): Promise<Record<string, string>> {
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'none',
    AWS_SECRET_ACCESS_KEY: 'none',
    [ENV.logLevel]: 'error',
    [ENV.region]: 'eu-central-1',
    [ENV.tableName]: 'cold-start',
    [ENV.signingJwk]: JSON.stringify(await generateSigningJwk()),
    [ENV.apiKey]: 'k'.repeat(40),
    [ENV.nodeToken]: 'n'.repeat(40),
  };
}

function medians(starts: readonly Start[]): Start {
  const median = (of: (start: Start) => number | undefined): number | undefined => {
    const values = starts.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : round1(quantile(values, 0.5));
  };
  const firstRequestMs = median((each) => each.firstRequestMs);
  return {
    importMs: median((each) => each.importMs) ?? 0,
    readyMs: median((each) => each.readyMs) ?? 0,
    ...(firstRequestMs !== undefined && { firstRequestMs }),
  };
}

/** Bytes in the bundle by package, the largest first; our own code is one of them. */
function largestPackages(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>) {
  const sums = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const [, name = 'dark-tower'] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    sums.set(name, (sums.get(name) ?? 0) + bytesInOutput);
  }
  return [...sums]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST);
}

function round1(value: number | undefined): number {
  if (value === undefined) throw new Error('There is no sample');
  return Math.round(value * 10) / 10;
}

function readRuns(args: readonly string[]): number {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string' } }, strict: true });
  const runs = values.runs === undefined ? DEFAULT_RUNS : Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > MAX_RUNS)
    throw new RangeError(`--runs must be a whole number from 1 to ${MAX_RUNS}: got "${values.runs}"`);
  return runs;
}
