// Ed25519 keys that sign tokens (RFC 8037), and the JWK sets (RFC 7517) in which their public halves travel.
import {
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWK,
  type JWTVerifyGetKey,
} from 'jose';

export const TOKEN_ISSUER = 'dark-tower';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** A new key as a private JWK with a random kid: what is stored, and what importSigningKey takes. */
export async function generateSigningJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'EdDSA', use: 'sig', kid: crypto.randomUUID() };
}

/** @throws TypeError when the JWK is not a private Ed25519 key with a kid. */
export async function importSigningKey(jwk: JWK): Promise<SigningKey> {
  const { d: privatePart, ...publicJwk } = jwk;
  if (jwk.kty !== 'OKP' || jwk.crv !== 'Ed25519' || privatePart === undefined || jwk.kid === undefined) {
    throw new TypeError('A signing key must be a private Ed25519 JWK with a kid');
  }
  const privateKey = await importJWK(jwk, 'EdDSA');
  if (privateKey instanceof Uint8Array) throw new TypeError('A signing key must not be symmetric');
  return { kid: jwk.kid, privateKey, publicJwk };
}

export function publicKeySet(keys: readonly SigningKey[]): JSONWebKeySet {
  return { keys: keys.map((key) => key.publicJwk) };
}

/** The verifying side of a key set: picks the key by the token's kid. */
export function keySetResolver(keySet: JSONWebKeySet): JWTVerifyGetKey {
  return createLocalJWKSet(keySet);
}
