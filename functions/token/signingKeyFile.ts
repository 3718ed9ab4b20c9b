import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { generateSigningJwk } from '../../shared/token/signingKey.ts';
import { parseSigningJwks } from './signingJwks.ts';

const FILE_NAME = 'signing-key.json';
/** Only the owner may read it. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * The private keys that live in this directory, the one that signs first; made there at the first call.
 * @throws Error when the directory cannot be written or the file holds no keys
 */
export async function loadSigningJwks(directory: string): Promise<readonly JWK[]> {
  const path = join(directory, FILE_NAME);
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const text = await readIfThere(path);
  if (text !== undefined) {
    await chmod(path, FILE_MODE);
    try {
      return parseSigningJwks(text);
    } catch (error) {
      const { message } = error as TypeError;
      throw new Error(`Signing key file "${path}" ${message}; remove it to get a new key`);
    }
  }
  const jwk = await generateSigningJwk();
  // Written beside and moved in place: a crash leaves the whole file or none.
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', FILE_MODE);
  try {
    await file.writeFile(JSON.stringify(jwk));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  return [jwk];
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
