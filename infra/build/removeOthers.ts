import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UNFINISHED_SUFFIX } from './writeChanged.ts';

/** Removes what an earlier build left in a directory, but not what another one is writing. Takes files only. */
export async function removeOthers(directory: string, names: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isFile() && !names.has(entry.name) && !entry.name.endsWith(UNFINISHED_SUFFIX))
      await rm(join(directory, entry.name), { force: true });
}
