// esbuild targets: the worker scripts that Deno runs and the meeting page. Entry files are named by path only: infra
// imports no code of the other parts.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { WORKER_SCRIPTS } from '../../shared/base/env.ts';
import { removeOthers } from './removeOthers.ts';
import { writeChanged } from './writeChanged.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const DIST = {
  workers: `${root}dist/workers`,
  page: `${root}dist/page`,
} as const;

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2023',
  mainFields: ['module', 'main'],
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

/** Answers with the paths of what it made. */
async function bundle(options: BuildOptions): Promise<string[]> {
  const { outputFiles } = await build({ ...common, ...options, write: false });
  for (const { path, contents } of outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeChanged(path, contents);
  }
  return outputFiles.map(({ path }) => path);
}

/** Scripts for Deno: one file each, Node built-ins left to Deno's own. */
export async function bundleForDeno(entryPoints: Record<string, string>, outdir: string): Promise<void> {
  await bundle({
    entryPoints,
    outdir,
    platform: 'neutral',
    external: ['node:*'],
    conditions: ['deno', 'import'],
  });
}

export async function buildWorkers(): Promise<void> {
  const name = (script: string): string => script.replace(/\.js$/, '');
  await bundleForDeno(
    {
      [name(WORKER_SCRIPTS.handler)]: 'media-node/workers/handlerWorker.ts',
      [name(WORKER_SCRIPTS.controller)]: 'media-node/workers/controllerWorker.ts',
    },
    DIST.workers,
  );
}

export async function buildPage(): Promise<void> {
  const made = await bundle({
    // The audio thread loads its script by itself, from next to the page's.
    entryPoints: {
      page: 'client/page/main.tsx',
      playoutWorklet: 'client/media/audio/playoutWorklet.ts',
    },
    outdir: DIST.page,
    platform: 'browser',
    // What is loaded only when it is needed is a file of its own.
    splitting: true,
    chunkNames: '[name]-[hash]',
    minify: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const assets = `${root}client/page/public`;
  const names = await readdir(assets);
  for (const name of names) await writeChanged(`${DIST.page}/${name}`, await readFile(`${assets}/${name}`));
  // A chunk's name changes with its content.
  await removeOthers(DIST.page, new Set([...made.map((path) => basename(path)), ...names]));
}

/** Everything that a running system needs. */
export async function buildAll(): Promise<void> {
  await Promise.all([buildWorkers(), buildPage()]);
}
