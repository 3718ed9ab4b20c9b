import { readFile, rename, writeFile } from 'node:fs/promises';

/** End of the name of a file that is being written. */
export const UNFINISHED_SUFFIX = '.new';

/**
 * Writes a file when its content changed, whole or not at all: a system that runs may be serving it, and another command
 * may be building the same.
 */
export async function writeChanged(path: string, contents: Uint8Array): Promise<void> {
  const current = await readFile(path).catch(() => undefined);
  if (current?.equals(contents)) return;
  const temporary = `${path}.${process.pid}${UNFINISHED_SUFFIX}`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
