import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeOthers } from '../../../infra/build/removeOthers.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-build-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

it('what an earlier build left goes; what this one made and what another is writing stays', async () => {
  for (const name of ['page.js', 'chunk-OLD.js', 'chunk-NEW.js', 'page.js.1.new'])
    await writeFile(join(directory, name), name);
  await removeOthers(directory, new Set(['page.js', 'chunk-NEW.js']));
  expect((await readdir(directory)).sort()).toEqual(['chunk-NEW.js', 'page.js', 'page.js.1.new']);
});
