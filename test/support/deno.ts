// Runs a bundled script in the Deno binary, with the permissions of a worker.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { findDeno, WORKER_ENVIRONMENT } from '../../media-node/agent/deno.ts';

/** Nothing but the network, and of that only what --allow-net names. */
export const DENO_FLAGS = [
  'run',
  '--no-prompt',
  '--no-config',
  '--no-lock',
  '--no-remote',
  '--no-npm',
  '--unstable-net',
] as const;

export interface DenoOptions {
  /** Host, or host and port, that the script may bind and reach. */
  readonly allowNet: string;
  /** The first line of its standard input. */
  readonly input: string;
  /** The script may call gc(), for what must not be collected. */
  readonly exposeGc?: boolean;
}

export interface DenoRun {
  readonly code: number | null;
  /** Its standard output. */
  readonly lines: readonly string[];
  /** Its standard error. */
  readonly errors: string;
}

export interface DenoProcess {
  /** Lines of standard output as they come; ends with the process. */
  readonly lines: AsyncIterableIterator<string>;
  readonly exited: Promise<Omit<DenoRun, 'lines'>>;
  stop(): void;
}

/** The binary itself: the package's own launcher is a Node process in between. */
export function denoPath(): string {
  const found = findDeno(undefined);
  if (!found.ok) throw new Error(found.reason);
  return found.value;
}

export function startDeno(script: string, options: DenoOptions): DenoProcess {
  const v8Flags = options.exposeGc === true ? ['--v8-flags=--expose-gc'] : [];
  const child = spawn(denoPath(), [...DENO_FLAGS, ...v8Flags, `--allow-net=${options.allowNet}`, script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: WORKER_ENVIRONMENT,
  });
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const exited = new Promise<Omit<DenoRun, 'lines'>>((resolve, reject) => {
    child.once('close', (code) => resolve({ code, errors: errors.join('') }));
    child.once('error', reject);
  });
  child.stdin.end(`${options.input}\n`);
  return {
    lines: createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    exited,
    stop: () => void child.kill(),
  };
}

/** Runs the script to its end. */
export async function runDeno(script: string, options: DenoOptions): Promise<DenoRun> {
  const deno = startDeno(script, options);
  const lines: string[] = [];
  for await (const line of deno.lines) lines.push(line);
  return { ...(await deno.exited), lines };
}
