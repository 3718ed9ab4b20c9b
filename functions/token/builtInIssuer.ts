// The built-in issuer (ledger GC-15): access tokens for machine clients, and for local use, signed with the keys that
// sign join tokens. Its own audience keeps the two apart.
import { type JWTVerifyGetKey, SignJWT } from 'jose';
import { ALL_SCOPES, API_AUDIENCE, type Scope } from '../../shared/api/auth.ts';
import { keySetResolver, TOKEN_ISSUER } from '../../shared/token/signingKey.ts';
import type { SigningKeys } from './SigningKeys.ts';
import type { TrustedIssuer } from './tokenAccess.ts';

const ORG_CLAIM = 'org';

export interface AccessTokenInput {
  readonly orgId: string;
  readonly subject: string;
  readonly scopes: readonly Scope[];
  readonly issuedAtSeconds: number;
  readonly lifetimeSeconds: number;
}

/** A JWT with the header and the claims of RFC 9068, and the organisation. */
export async function signAccessToken(keys: SigningKeys, input: AccessTokenInput): Promise<string> {
  const key = keys.current();
  return await new SignJWT({
    [ORG_CLAIM]: input.orgId,
    client_id: input.subject,
    scope: input.scopes.join(' '),
  })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'at+jwt' })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(API_AUDIENCE)
    .setSubject(input.subject)
    .setJti(crypto.randomUUID())
    .setIssuedAt(input.issuedAtSeconds)
    .setExpirationTime(input.issuedAtSeconds + input.lifetimeSeconds)
    .sign(key.privateKey);
}

/** The built-in issuer as one that is trusted: all its keys verify, so that tokens outlive a rotation. */
export function builtInIssuer(keys: SigningKeys): TrustedIssuer {
  const resolver: JWTVerifyGetKey = keySetResolver(keys.publicKeys());
  return {
    issuer: TOKEN_ISSUER,
    audience: API_AUDIENCE,
    keys: resolver,
    org: { orgClaim: ORG_CLAIM },
    // Each client's settings say which of them its tokens have.
    scopes: ALL_SCOPES,
  };
}
