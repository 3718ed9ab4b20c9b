import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * Writes a file when its content changed, whole or not at all: a system that runs may be serving it, and another command
 * may be building the same.
 */
export async function writeChanged(path: string, contents: Uint8Array): Promise<void> {
  const current = await readFile(path).catch(() => undefined);
  if (current?.equals(contents)) return;
  const temporary = `${path}.${process.pid}.new`;
  await writeFile(temporary, contents);
  await rename(temporary, path);
}
