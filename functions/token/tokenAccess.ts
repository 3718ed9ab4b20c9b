// User tokens (ledger GC-15): JWTs of issuers that are trusted, checked in full. What a caller is told is enough to act
// on; what a token says is not believed before its signature has been checked, except whose key to check it with.
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { MAX_TOKEN_CHARACTERS, type Scope } from '../../shared/api/auth.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { isId } from '../../shared/base/ids.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { CLOCK_SKEW_SECONDS } from '../../shared/token/joinToken.ts';
import { type Access, bearerToken, type Caller } from '../http/Access.ts';
import type { Denylist } from './Denylist.ts';
import { VerifiedTokens } from './VerifiedTokens.ts';

/** Signatures only, no shared secrets and no `none`: whoever can check a token must not be able to make one. */
export const TOKEN_ALGORITHMS = ['EdDSA', 'ES256', 'RS256', 'PS256'];
/** Tokens that live longer are refused: a denial need not be remembered for longer than this. */
export const MAX_TOKEN_LIFETIME_SECONDS = 86_400;
/** `sub` of OpenID Connect has at most 255 characters (Core 1.0, 2). */
const MAX_CLAIM_CHARACTERS = 255;

/** Whose tokens belong to which organisation: one for all of them, or as a claim of each says. */
export type OrgSource = { readonly orgId: string } | { readonly orgClaim: string };

export interface TrustedIssuer {
  /** `iss` of its tokens. */
  readonly issuer: string;
  /** `aud` that its tokens for us have. */
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  readonly org: OrgSource;
  /** What its tokens may be for: other scopes in them count for nothing. */
  readonly scopes: readonly Scope[];
}

export interface TokenAccessOptions {
  readonly issuers: readonly TrustedIssuer[];
  readonly denylist: Denylist;
  readonly clock: Clock;
}

/** Lets in who shows a good token of one of the issuers. */
export function tokenAccess(options: TokenAccessOptions): Access {
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  const verified = new VerifiedTokens<CheckedClaims>(options.clock);
  return {
    async identify(request) {
      const token = bearerToken(request);
      if (!token.ok) return token;
      if (token.value.length > MAX_TOKEN_CHARACTERS)
        return err(`Token must have at most ${MAX_TOKEN_CHARACTERS} characters: got ${token.value.length}`);
      let claims = verified.find(token.value);
      if (claims === undefined) {
        const checked = await verifyUserToken(token.value, issuers, options.clock.epochMs());
        if (!checked.ok) return checked;
        claims = checked.value;
        verified.add(token.value, claims, claims.expiresAtSeconds);
      }
      const { caller, jti, issuedAtSeconds } = claims;
      const { orgId, subject } = caller;
      if (await options.denylist.denies({ orgId, subject, jti, issuedAtSeconds }))
        return err('Token was revoked');
      return ok(caller);
    },
  };
}

async function verifyUserToken(
  token: string,
  issuers: ReadonlyMap<string, TrustedIssuer>,
  nowMs: number,
): Promise<Result<CheckedClaims>> {
  const issuer = issuers.get(issuerOf(token) ?? '');
  if (issuer === undefined) return err('Token is not of an issuer that is trusted here');
  let claims: JWTPayload;
  try {
    const verified = await jwtVerify(token, issuer.keys, {
      algorithms: TOKEN_ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audience,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp', 'iat', 'sub'],
    });
    claims = verified.payload;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    return err(describeFailure(error));
  }
  return checkClaims(claims, issuer, nowMs / 1_000);
}

interface CheckedClaims {
  readonly caller: Caller;
  readonly jti: string | undefined;
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** What the signature check does not look at. */
function checkClaims(claims: JWTPayload, issuer: TrustedIssuer, nowSeconds: number): Result<CheckedClaims> {
  const { sub, jti, iat = 0, exp = 0 } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_CLAIM_CHARACTERS)
    return err(`Token claim "sub" must have 1 to ${MAX_CLAIM_CHARACTERS} characters`);
  if (jti !== undefined && (typeof jti !== 'string' || jti === '' || jti.length > MAX_CLAIM_CHARACTERS))
    return err(`Token claim "jti" must have 1 to ${MAX_CLAIM_CHARACTERS} characters`);
  if (iat > nowSeconds + CLOCK_SKEW_SECONDS) return err('Token must not be issued in the future');
  if (exp - iat > MAX_TOKEN_LIFETIME_SECONDS)
    return err(`Token must live at most ${MAX_TOKEN_LIFETIME_SECONDS} s: this one lives ${exp - iat} s`);
  const orgId = 'orgId' in issuer.org ? issuer.org.orgId : claims[issuer.org.orgClaim];
  if (typeof orgId !== 'string' || !isId(orgId))
    return err(
      `Token claim "${'orgClaim' in issuer.org ? issuer.org.orgClaim : ''}" must name the organisation: 1 to 64 characters of A-Z a-z 0-9 . _ -`,
    );
  return ok({
    caller: { orgId, issuer: issuer.issuer, subject: sub, scopes: scopesOf(claims, issuer) },
    jti,
    issuedAtSeconds: iat,
    expiresAtSeconds: exp,
  });
}

/** `scope` (RFC 8693, 4.2) or `scp`, which some issuers write instead, as a text or a list. What is not the issuer's to give is left out. */
function scopesOf({ scope, scp }: JWTPayload, { scopes }: TrustedIssuer): ReadonlySet<Scope> {
  const claim: unknown = scope ?? scp;
  const names: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return new Set(scopes.filter((name) => names.includes(name)));
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // Not a JWT, which nobody issues.
    return undefined;
  }
}

function describeFailure(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'Token has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `Token claim "${error.claim}" is missing or not what it must be here`;
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'Token signature is not valid';
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'Token is signed with a key that its issuer does not have';
  return 'Token is not valid';
}
