// Bundles a script of the tests and runs it in Deno, which has QUIC: one JSON value in, JSON lines out.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleForDeno } from '../../infra/build/bundles.ts';
import { WORKER_ENVIRONMENT } from '../../media-node/agent/deno.ts';
import { DENO_FLAGS, denoPath } from './deno.ts';

const outdir = fileURLToPath(new URL('../../dist/test/', import.meta.url));

export interface DenoScript {
  /** Name of the bundle. */
  readonly name: string;
  /** Path of the script, relative to the repository. */
  readonly entry: string;
  /** Given on standard input, as one line of JSON. */
  readonly input: unknown;
  readonly signal?: AbortSignal;
  /** Standard input ends when this settles, which may be what the script waits for; absent ends it behind the input. */
  readonly inputOpenUntil?: Promise<unknown>;
}

/**
 * Calls onLine for each line of JSON that the script writes; resolves when it has ended well.
 * @throws Error when it ends with another exit code than 0
 */
export async function runDenoScript(script: DenoScript, onLine: (value: unknown) => void): Promise<void> {
  await bundleForDeno({ [script.name]: script.entry }, outdir);
  const child = spawn(denoPath(), [...DENO_FLAGS, '--allow-net', join(outdir, `${script.name}.js`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: WORKER_ENVIRONMENT,
    ...(script.signal && { signal: script.signal }),
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', reject);
  });
  child.stdin.on('error', () => undefined); // The script has ended: its exit code says how.
  child.stdin.write(`${JSON.stringify(script.input)}\n`);
  const endInput = (): void => void child.stdin.end();
  Promise.resolve(script.inputOpenUntil).then(endInput, endInput);
  for await (const line of createInterface({ input: child.stdout })) onLine(JSON.parse(line));
  const code = await exited;
  if (code !== 0) throw new Error(`The script ${script.name} ended with exit code ${code}`);
}
