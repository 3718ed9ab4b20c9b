// How large the Lambda functions are, and how long a new process takes until one is ready. See METHOD.md.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { EmbeddedDynamo } from '../../../functions/local/EmbeddedDynamo.ts';
import {
  bundleFunction,
  FUNCTION_ENTRIES,
  FUNCTION_FILE,
  type FunctionName,
} from '../../../infra/build/functions.ts';
import { ENV } from '../../../shared/base/env.ts';
import { generateSigningJwk } from '../../../shared/token/signingKey.ts';
import { quantile } from '../../load/client/quantile.ts';
import type { Start } from './probe.ts';

const DEFAULT_RUNS = 21;
const MAX_RUNS = 1_000;
const TABLE_NAME = 'cold-start';
const API_KEY = 'k'.repeat(40);
/** The function that answers requests. */
const ANSWERING: FunctionName = 'public';
/** Parts of the bundle that are named. */
const LARGEST = 6;

export interface FunctionResult {
  /** All scripts of the function, minified. */
  readonly bytes: number;
  /** The one that Lambda loads; the others are loaded when they are first needed. */
  readonly entryBytes: number;
  readonly importMs: number;
  /** From the start of the process, Node's own start included, until the function can answer. */
  readonly readyMs: number;
  /** The best of all runs: on a busy machine it is nearest to an idle one. */
  readonly readyMinMs: number;
  /** Until it has answered its first request, which needs nothing else; only of functions that answer requests. */
  readonly firstRequestMs?: number;
  /** Until it has then created a meeting in a DynamoDB on this machine. */
  readonly firstMeetingMs?: number;
  readonly runs: number;
  readonly largest: readonly { readonly name: string; readonly bytes: number }[];
}

export interface ColdStartResult {
  readonly functions: Readonly<Record<FunctionName, FunctionResult>>;
  /** An empty module, measured in between: Node alone. */
  readonly bareMs: number;
  readonly bareMinMs: number;
}

/** `args`: --runs N. Rejects when a function does not build, start or answer. */
export async function run(args: readonly string[]): Promise<ColdStartResult> {
  const runs = readRuns(args);
  const directory = await mkdtemp(join(tmpdir(), 'dark-tower-cold-start-'));
  const database = await EmbeddedDynamo.start({ tableName: TABLE_NAME });
  try {
    const probe = join(directory, 'probe.mjs');
    const source = await readFile(new URL('probe.ts', import.meta.url), 'utf8');
    await writeFile(probe, stripTypeScriptTypes(source));
    const names = Object.keys(FUNCTION_ENTRIES) as FunctionName[];
    const metafiles = await Promise.all(
      names.map(async (name) => await bundleFunction(name, join(directory, name))),
    );
    const environment = await functionEnvironment(database);
    const start = (...argumentsOfProbe: string[]): Promise<Start> =>
      startProcess([probe, ...argumentsOfProbe], environment);
    const starts = names.map((): Start[] => []);
    const bare: number[] = [];
    for (let i = 0; i < runs; i++) {
      bare.push((await start()).readyMs);
      for (const [index, name] of names.entries())
        starts[index]?.push(
          await start(join(directory, name, FUNCTION_FILE), ...(name === ANSWERING ? [API_KEY] : [])),
        );
      process.stderr.write(`Run ${i + 1} of ${runs}\n`);
    }
    const functions = await Promise.all(
      names.map(async (name, index): Promise<[FunctionName, FunctionResult]> => {
        const inputs = Object.values(metafiles[index]?.outputs ?? {}).map((output) => output.inputs);
        return [
          name,
          {
            ...(await sizes(join(directory, name))),
            ...summarise(starts[index] ?? []),
            runs,
            largest: largestPackages(inputs),
          },
        ];
      }),
    );
    return {
      functions: Object.fromEntries(functions) as ColdStartResult['functions'],
      bareMs: round1(quantile(bare, 0.5)),
      bareMinMs: round1(quantile(bare, 0)),
    };
  } finally {
    await database.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

export function describe({ functions, bareMs, bareMinMs }: ColdStartResult): string {
  const lines = Object.entries(functions).map(
    ([name, { bytes, entryBytes, importMs, readyMs, readyMinMs, largest, ...first }]) =>
      `  ${name.padEnd(10)}${kilobytes(bytes)} (${kilobytes(entryBytes)} at start), imported in ${importMs} ms, ready after ${readyMs} ms (best ${readyMinMs} ms)` +
      `${first.firstRequestMs === undefined ? '' : `, first request answered after ${first.firstRequestMs} ms, first meeting created after ${first.firstMeetingMs} ms`}\n` +
      `            ${largest.map((part) => `${part.name} ${kilobytes(part.bytes)}`).join(', ')}`,
  );
  return [
    `Cold starts of the functions (medians; Node alone takes ${bareMs} ms, at best ${bareMinMs} ms)`,
    ...lines,
  ].join('\n');
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}

async function startProcess(command: readonly string[], environment: Record<string, string>): Promise<Start> {
  const child = spawn(process.execPath, command, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const told = await text(child.stdout);
  const [code] = await exited;
  if (code !== 0) throw new Error(`The function in "${command[1] ?? ''}" does not start or answer`);
  return JSON.parse(told) as Start;
}

/** What a function needs to start, with keys made for this run. */
async function functionEnvironment(database: EmbeddedDynamo): Promise<Record<string, string>> {
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    AWS_ACCESS_KEY_ID: database.accessKeyId.reveal(),
    AWS_SECRET_ACCESS_KEY: 'none',
    [ENV.logLevel]: 'error',
    [ENV.region]: 'eu-central-1',
    [ENV.tableName]: TABLE_NAME,
    [ENV.signingJwk]: JSON.stringify(await generateSigningJwk()),
    [ENV.apiKey]: API_KEY,
    [ENV.nodeToken]: 'n'.repeat(40),
  };
}

async function sizes(directory: string): Promise<Pick<FunctionResult, 'bytes' | 'entryBytes'>> {
  const scripts = (await readdir(directory)).filter((name) => name.endsWith('.mjs'));
  const all = await Promise.all(scripts.map(async (name) => (await stat(join(directory, name))).size));
  return {
    bytes: all.reduce((sum, bytes) => sum + bytes, 0),
    entryBytes: (await stat(join(directory, FUNCTION_FILE))).size,
  };
}

function summarise(starts: readonly Start[]) {
  const at = (share: number, of: (start: Start) => number | undefined): number | undefined => {
    const values = starts.map(of).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : round1(quantile(values, share));
  };
  const firstRequestMs = at(0.5, (each) => each.firstRequestMs);
  const firstMeetingMs = at(0.5, (each) => each.firstMeetingMs);
  return {
    importMs: at(0.5, (each) => each.importMs) ?? 0,
    readyMs: at(0.5, (each) => each.readyMs) ?? 0,
    readyMinMs: at(0, (each) => each.readyMs) ?? 0,
    ...(firstRequestMs !== undefined && { firstRequestMs }),
    ...(firstMeetingMs !== undefined && { firstMeetingMs }),
  };
}

/** Bytes in all scripts by package, the largest first; our own code is one of them. */
function largestPackages(scripts: readonly Readonly<Record<string, { readonly bytesInOutput: number }>>[]) {
  const sums = new Map<string, number>();
  for (const [path, { bytesInOutput }] of scripts.flatMap((inputs) => Object.entries(inputs))) {
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
