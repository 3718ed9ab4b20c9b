import { SignJWT } from 'jose';
import {
  generateSigningJwk,
  importSigningKey,
  keySetResolver,
  publicKeySet,
  type SigningKey,
  TOKEN_ISSUER,
} from '../../../../shared/token/signingKey.ts';

export const nowSeconds = 1_795_262_400;

/** A moment so many seconds after the tests' now. */
export function secondsLater(seconds: number): Date {
  return new Date((nowSeconds + seconds) * 1_000);
}

export const key: SigningKey = await importSigningKey(await generateSigningJwk());
export const otherKey: SigningKey = await importSigningKey(await generateSigningJwk());
export const keys = keySetResolver(publicKeySet([key]));

export interface ForgedToken {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly signedWith?: CryptoKey | Uint8Array;
}

/** A token with any claims and header, signed. */
export async function forge({ claims, header, signedWith }: ForgedToken): Promise<string> {
  return await new SignJWT({ iss: TOKEN_ISSUER, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, ...header })
    .sign(signedWith ?? key.privateKey);
}

/** A token whose header says `alg: none`, without a signature. */
export function unsigned(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', kid: key.kid })}.${part({ iss: TOKEN_ISSUER, ...claims })}.`;
}

/** The verifying key as the secret of an HMAC: what an alg confusion attack signs with. */
export const publicKeyAsSecret: Uint8Array = Buffer.from(key.publicJwk.x ?? '', 'base64url');
