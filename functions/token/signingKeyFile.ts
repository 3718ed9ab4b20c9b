import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { generateSigningJwk } from '../../shared/token/signingKey.ts';

const FILE_NAME = 'signing-key.json';
/** Only the owner may read it. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/**
 * The private key that lives in this directory; made there at the first call.
 * @throws Error when the directory cannot be written or the file is not JSON
 */
export async function loadSigningJwk(directory: string): Promise<JWK> {
  const path = join(directory, FILE_NAME);
  await mkdir(directory, { recursive: true, mode: DIRECTORY_MODE });
  const text = await readIfThere(path);
  if (text !== undefined) {
    await chmod(path, FILE_MODE);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error(`Signing key file must be JSON: "${path}" is not; remove it to get a new key`, {
        cause,
      });
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
  return jwk;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
