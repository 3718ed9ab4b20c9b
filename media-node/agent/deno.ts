// The executable that runs the workers, and what it is allowed to do.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { err, ok, type Result } from '../../shared/base/result.ts';

/** Keeps what closed connections leave behind small, without cost on the packet path (facts: Deno, memory). */
const V8_FLAGS = '--max-semi-space-size=2,--max-old-space-size=512';

/** The binary of the `deno` package for this platform: the package's own launcher is a Node process in between. */
export function findDeno(
  configured: string | undefined,
  platform: NodeJS.Platform = process.platform,
  architecture: string = process.arch,
): Result<string> {
  if (configured !== undefined)
    return existsSync(configured) ? ok(configured) : err(`There is no Deno at ${configured}`);
  const name = `@deno/${platform}-${architecture}${platform === 'linux' ? '-glibc' : ''}`;
  try {
    const require = createRequire(import.meta.resolve('deno/package.json'));
    return ok(
      join(dirname(require.resolve(`${name}/package.json`)), platform === 'win32' ? 'deno.exe' : 'deno'),
    );
  } catch {
    return err(`The package ${name} is not installed: run npm ci on a platform that Deno supports`);
  }
}

/** Arguments that run a script which may open its own UDP port and nothing else: no files, no environment, no network. */
export function denoArguments(script: string, hostname: string, udpPort: number): readonly string[] {
  const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname;
  return [
    'run',
    '--no-prompt',
    '--no-config',
    '--no-lock',
    '--no-remote',
    '--no-npm',
    '--unstable-net',
    `--v8-flags=${V8_FLAGS}`,
    // With port 0 Deno checks the permission against port 0 and then takes a free one.
    `--allow-net=${host}:${udpPort}`,
    script,
  ];
}

/** The whole environment of a worker: nothing of the agent's own reaches it. */
export const WORKER_ENVIRONMENT: Readonly<Record<string, string>> = {
  DENO_NO_UPDATE_CHECK: '1',
  NO_COLOR: '1',
};
