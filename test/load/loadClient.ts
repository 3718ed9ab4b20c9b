// Runs the load client in Deno, which has QUIC; builds it first.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleForDeno } from '../../infra/build/bundles.ts';
import type { LoadEvent, LoadPlan } from './protocol.ts';

const outdir = fileURLToPath(new URL('../../dist/load/', import.meta.url));

/** Calls onEvent for each event of the client. Rejects when the client fails. */
export async function runLoadClient(
  plan: LoadPlan,
  onEvent: (event: LoadEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  await bundleForDeno({ client: 'test/load/client/main.ts' }, outdir);
  const flags = [
    '--no-prompt',
    '--no-config',
    '--no-lock',
    '--no-remote',
    '--no-npm',
    '--unstable-net',
    '--allow-net',
  ];
  const child = spawn(denoPath(), ['run', ...flags, join(outdir, 'client.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' },
    signal,
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', reject);
  });
  child.stdin.end(`${JSON.stringify(plan)}\n`);
  for await (const line of createInterface({ input: child.stdout })) onEvent(JSON.parse(line) as LoadEvent);
  const code = await exited;
  if (code !== 0) throw new Error(`The load client ended with exit code ${code}`);
}

/** The Deno binary of this platform's package. */
function denoPath(): string {
  const require = createRequire(import.meta.url);
  const { platform, arch } = process;
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  return join(dirname(require.resolve(`${name}/package.json`)), platform === 'win32' ? 'deno.exe' : 'deno');
}
