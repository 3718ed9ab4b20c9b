import { exportJWK, type JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { generateSigningJwk, importSigningKey, publicKeySet } from '../../../../shared/token/signingKey.ts';

describe('signing keys', () => {
  it('GC-15 keep their private half out of the key set that travels', async () => {
    const jwk = await generateSigningJwk();
    const key = await importSigningKey(jwk);
    expect(publicKeySet([key])).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: jwk.x, alg: 'EdDSA', use: 'sig', kid: jwk.kid }],
    });
    expect(JSON.stringify(publicKeySet([key]))).not.toContain(jwk.d);
  });

  it('GC-15 survive being stored as JSON text', async () => {
    const jwk = await generateSigningJwk();
    const again = await importSigningKey(JSON.parse(JSON.stringify(jwk)) as JWK);
    expect(again.kid).toBe(jwk.kid);
  });

  it('GC-15 must be private Ed25519 keys with a kid', async () => {
    const { d: _privatePart, ...publicOnly } = await generateSigningJwk();
    const { kid: _kid, ...nameless } = await generateSigningJwk();
    const agreement = (await crypto.subtle.generateKey({ name: 'X25519' }, true, [
      'deriveBits',
    ])) as CryptoKeyPair;
    const x25519 = { ...(await exportJWK(agreement.privateKey)), kid: 'k' };
    const symmetric = { kty: 'oct', k: 'AAAA', d: 'AAAA', kid: 'k' };
    for (const jwk of [publicOnly, nameless, x25519, symmetric, {} as JWK])
      await expect(importSigningKey(jwk)).rejects.toThrow(
        new TypeError('A signing key must be a private Ed25519 JWK with a kid'),
      );
  });
});
