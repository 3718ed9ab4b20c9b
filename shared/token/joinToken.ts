// Join tokens: JWTs (RFC 7519), EdDSA, made by the global controller, checked by meeting controllers (ledger GC-15).
import { type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { displayNameSchema, idSchema } from '../api/fields.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type SigningKey, TOKEN_ISSUER } from './signingKey.ts';

export const JOIN_TOKEN_AUDIENCE = 'meeting-controller';
export const JOIN_TOKEN_LIFETIME_SECONDS = 600;
/** A join token may be refreshed until it has expired for so long. */
export const REFRESH_GRACE_SECONDS = 60;
/** Clocks of two machines may differ by this much. */
export const CLOCK_SKEW_SECONDS = 5;

const joinClaimsSchema = z.object({
  /** The participant id: new with each join. */
  sub: idSchema,
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
  meeting_id: idSchema,
  name: displayNameSchema,
  controller_id: idSchema,
  generation: z.int().min(1),
  /** On whose word the participant was let in: looked at when the token is refreshed. Guests have none. */
  role: z
    .enum(['host'])
    .optional()
    .meta({ description: 'A host may mute others (MC-10). Whoever signs the token decides who is one.' }),
  user: z
    .object({
      org_id: idSchema,
      subject: z.string(),
      principal: z.string().max(64).optional().meta({
        description:
          'Digest of issuer and subject: a subject is unique for its issuer only. Absent without an issuer.',
      }),
      joined_at: z.number(),
      anyone: z.literal(true).optional().meta({
        description: 'Where everyone is let in: the subject is the same for all, and tells nobody apart.',
      }),
    })
    .optional(),
});
export type JoinClaims = z.infer<typeof joinClaimsSchema>;

export interface JoinTokenInput {
  readonly participantId: string;
  readonly meetingId: string;
  readonly displayName: string;
  readonly controllerId: string;
  readonly generation: number;
  readonly role?: JoinClaims['role'];
  readonly user?: JoinClaims['user'];
  readonly issuedAtSeconds: number;
  readonly lifetimeSeconds?: number;
}

export async function signJoinToken(key: SigningKey, input: JoinTokenInput): Promise<string> {
  return await new SignJWT({
    meeting_id: input.meetingId,
    name: input.displayName,
    controller_id: input.controllerId,
    generation: input.generation,
    ...(input.role && { role: input.role }),
    ...(input.user && { user: input.user }),
  })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
    .setIssuer(TOKEN_ISSUER)
    .setAudience(JOIN_TOKEN_AUDIENCE)
    .setSubject(input.participantId)
    .setJti(crypto.randomUUID())
    .setIssuedAt(input.issuedAtSeconds)
    .setExpirationTime(input.issuedAtSeconds + (input.lifetimeSeconds ?? JOIN_TOKEN_LIFETIME_SECONDS))
    .sign(key.privateKey);
}

/**
 * Claims of a valid token, or why it is not one (for the log: the client is only told "Invalid or expired join token").
 * `expiredForSeconds` also takes a token that has expired since no longer than that.
 */
export async function verifyJoinToken(
  token: string,
  keys: JWTVerifyGetKey,
  now: Date,
  { expiredForSeconds = 0 }: { readonly expiredForSeconds?: number } = {},
): Promise<Result<JoinClaims>> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: ['EdDSA'],
      issuer: TOKEN_ISSUER,
      audience: JOIN_TOKEN_AUDIENCE,
      clockTolerance: CLOCK_SKEW_SECONDS + expiredForSeconds,
      currentDate: now,
    });
    const claims = joinClaimsSchema.safeParse(payload);
    if (!claims.success) return err(`Join token lacks claims: ${z.prettifyError(claims.error)}`);
    if (claims.data.iat > now.getTime() / 1_000 + CLOCK_SKEW_SECONDS)
      return err(`Join token must not be issued in the future: its iat is ${claims.data.iat}`);
    return ok(claims.data);
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}
