// Private keys as they are stored: one JWK, or a set of which the first signs and all verify. To rotate (ledger GC-15), put
// a new key second: meeting controllers learn it with their next heartbeat, within 30 s. Then put it first: had it been first
// at once, controllers would have refused its tokens until then. Once the tokens of the old one have expired, take that out.
import type { JWK } from 'jose';
import * as z from 'zod';

const MAX_KEYS = 10;
const jwkSchema = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  d: z.string(),
  kid: z.string(),
});
const jwkSetSchema = z.object({ keys: z.array(jwkSchema).min(1).max(MAX_KEYS) });

/** @throws TypeError, without the text, which is secret */
export function parseSigningJwks(text: string): readonly JWK[] {
  try {
    const value: unknown = JSON.parse(text);
    if (jwkSetSchema.safeParse(value).success) return (value as { keys: JWK[] }).keys;
    jwkSchema.parse(value);
    // As they are stored: what nodes get must not change where the keys do not.
    return [value as JWK];
  } catch {
    // Without the cause, which may quote the key.
    throw new TypeError('must be a private Ed25519 JWK with a kid, or a set of them, as JSON');
  }
}
