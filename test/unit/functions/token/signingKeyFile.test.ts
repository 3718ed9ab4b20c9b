import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importSigningKeys } from '../../../../functions/token/SigningKeys.ts';
import { loadSigningJwks } from '../../../../functions/token/signingKeyFile.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-key-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

describe('the signing key of a local system', () => {
  it('GC-15 is made once and kept, for its owner alone', async () => {
    const inside = join(directory, 'state');
    const first = await loadSigningJwks(inside);
    expect(await loadSigningJwks(inside)).toEqual(first);
    expect(readdirSync(inside)).toEqual(['signing-key.json']);
    expect(statSync(join(inside, 'signing-key.json')).mode & 0o777).toBe(0o600);
    expect(statSync(inside).mode & 0o777).toBe(0o700);
    await importSigningKeys(first);
  });

  it('GC-15 is taken from other readers when they have been let in', async () => {
    await loadSigningJwks(directory);
    const path = join(directory, 'signing-key.json');
    chmodSync(path, 0o644);
    await loadSigningJwks(directory);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is not replaced when its file is damaged: tokens that are out would fail', async () => {
    writeFileSync(join(directory, 'signing-key.json'), '{');
    await expect(loadSigningJwks(directory)).rejects.toThrow(
      'must be a private Ed25519 JWK with a kid, or a set of them, as JSON',
    );
  });
});

describe('a set of signing keys', () => {
  it('GC-15 is read from the same file: the first one signs, all verify', async () => {
    const jwks = [await generateSigningJwk(), await generateSigningJwk()];
    writeFileSync(join(directory, 'signing-key.json'), JSON.stringify({ keys: jwks }));
    const keys = await importSigningKeys(await loadSigningJwks(directory));
    expect(keys.current().kid).toBe(jwks[0]?.kid);
    expect(keys.publicKeys().keys).toHaveLength(2);
  });
});

describe('importSigningKeys', () => {
  it('GC-15 signs with the first and publishes the public halves of all', async () => {
    const jwks = [await generateSigningJwk(), await generateSigningJwk()];
    const keys = await importSigningKeys(jwks);
    expect(keys.current().kid).toBe(jwks[0]?.kid);
    expect(keys.publicKeys().keys.map(({ kid }) => kid)).toEqual(jwks.map(({ kid }) => kid));
    expect(JSON.stringify(keys.publicKeys())).not.toContain('"d"');
  });

  it('refuses none', async () => {
    await expect(importSigningKeys([])).rejects.toThrow('At least one signing key is needed');
  });
});
