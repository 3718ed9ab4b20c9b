import type { JSONWebKeySet, JWK } from 'jose';
import { importSigningKey, publicKeySet, type SigningKey } from '../../shared/token/signingKey.ts';

/** Keys that sign tokens: a seam for rotation, where more keys verify than the one that signs. */
export interface SigningKeys {
  /** Signs new tokens. */
  current(): SigningKey;
  /** Public halves of all keys whose tokens are good. */
  publicKeys(): JSONWebKeySet;
}

/**
 * Keys of which the first signs and all verify.
 * @throws TypeError when there is none or one is not a private Ed25519 JWK with a kid
 */
export async function importSigningKeys(jwks: readonly JWK[]): Promise<SigningKeys> {
  const keys = await Promise.all(jwks.map(importSigningKey));
  const [first] = keys;
  if (first === undefined) throw new TypeError('At least one signing key is needed: got none');
  const published = publicKeySet(keys);
  return { current: () => first, publicKeys: () => published };
}
