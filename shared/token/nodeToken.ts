// Tokens between machines: JWTs (EdDSA) signed by the global controller. A meeting controller shows its token to media
// handlers; the global controller shows one to the meeting controller it calls.
import { type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { err, ok, type Result } from '../base/result.ts';
import { CLOCK_SKEW_SECONDS } from './joinToken.ts';
import { type SigningKey, TOKEN_ISSUER } from './signingKey.ts';

/** Long enough to outlive hours without a global controller: meetings go on. Renewed with each report. */
export const NODE_TOKEN_LIFETIME_SECONDS = 86_400;
/** A token for one call by the global controller. */
export const CALL_TOKEN_LIFETIME_SECONDS = 60;
/** Audience of tokens that media handlers accept. */
export const MEDIA_HANDLER_AUDIENCE = 'media-handler';

/** Audience of a token that only this meeting controller accepts. */
export function controllerAudience(controllerId: string): string {
  return `meeting-controller:${controllerId}`;
}

export interface NodeTokenInput {
  /** Who shows it: a controller id, or `global-controller`. */
  readonly subject: string;
  readonly audience: string;
  readonly issuedAtSeconds: number;
  readonly lifetimeSeconds: number;
}

export async function signNodeToken(key: SigningKey, input: NodeTokenInput): Promise<string> {
  return await new SignJWT({})
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(input.audience)
    .setSubject(input.subject)
    .setIssuedAt(input.issuedAtSeconds)
    .setExpirationTime(input.issuedAtSeconds + input.lifetimeSeconds)
    .sign(key.privateKey);
}

/** The token's subject, or why it is refused. */
export async function verifyNodeToken(
  token: string,
  keys: JWTVerifyGetKey,
  audience: string,
  now: Date,
): Promise<Result<string>> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['EdDSA'],
      issuer: TOKEN_ISSUER,
      audience,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: now,
      requiredClaims: ['sub', 'exp'],
    });
    return payload.sub === undefined ? err('Token has no subject') : ok(payload.sub);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
