// A human check that needs nobody else (ledger GC-16): work that costs a browser a moment and a flood of joins a lot. It
// does not tell people from machines; it makes joining by the thousand expensive. A challenge is a signed token, so that
// giving one out keeps nothing, and it is good once.
import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { type HumanAnswer, leadingZeroBits, proofOfWorkInput } from '../../shared/api/guest.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { keySetResolver, TOKEN_ISSUER } from '../../shared/token/signingKey.ts';
import type { OneTimeTokens } from '../token/OneTimeTokens.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import type { HumanCheck } from './HumanCheck.ts';

const AUDIENCE = 'guest-challenge';
const LIFETIME_SECONDS = 300;
/** About 65,000 hashes: under a second in a browser, and hours of a core for a hundred thousand joins. */
export const DEFAULT_DIFFICULTY_BITS = 16;

const claimsSchema = z.object({
  jti: z.string(),
  exp: z.number(),
  meeting_id: z.string(),
  difficulty_bits: z.int(),
});

export interface ProofOfWorkOptions {
  readonly signingKeys: SigningKeys;
  readonly oneTimeTokens: OneTimeTokens;
  readonly clock: Clock;
  readonly difficultyBits?: number;
}

export function proofOfWork(options: ProofOfWorkOptions): HumanCheck {
  const { signingKeys, oneTimeTokens, clock, difficultyBits = DEFAULT_DIFFICULTY_BITS } = options;
  const keys = keySetResolver(signingKeys.publicKeys());
  return {
    async challenge(meetingId) {
      const key = signingKeys.current();
      const expiresAtSeconds = Math.floor(clock.epochMs() / 1_000) + LIFETIME_SECONDS;
      const challenge = await new SignJWT({ meeting_id: meetingId, difficulty_bits: difficultyBits })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.kid, typ: 'JWT' })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(AUDIENCE)
        .setJti(crypto.randomUUID())
        .setExpirationTime(expiresAtSeconds)
        .sign(key.privateKey);
      return {
        type: 'proof_of_work',
        challenge,
        difficulty_bits: difficultyBits,
        expires_at: new Date(expiresAtSeconds * 1_000).toISOString(),
      };
    },

    async verify(meetingId, answer) {
      if (answer === undefined)
        return err('Guests must solve a challenge first: ask for one, and send "human_check"');
      const digest = await crypto.subtle.digest('SHA-256', proofOfWorkInput(answer));
      const claims = await readChallenge(answer);
      if (!claims.ok) return claims;
      const { jti, exp, meeting_id, difficulty_bits } = claims.value;
      if (meeting_id !== meetingId) return err('Challenge is for another meeting: ask for a new one');
      if (leadingZeroBits(new Uint8Array(digest)) < difficulty_bits)
        return err(`Answer must give a hash that starts with ${difficulty_bits} zero bits`);
      // Last, so that a wrong answer does not use the challenge up.
      return (await oneTimeTokens.use(jti, (exp * 1_000) as EpochMs))
        ? ok({ giveBack: () => oneTimeTokens.giveBack(jti) })
        : err('Challenge has been used: ask for a new one');
    },
  };

  async function readChallenge({ challenge }: HumanAnswer): Promise<Result<z.infer<typeof claimsSchema>>> {
    try {
      const { payload } = await jwtVerify(challenge, keys, {
        algorithms: ['EdDSA'],
        issuer: TOKEN_ISSUER,
        audience: AUDIENCE,
        currentDate: new Date(clock.epochMs()),
        requiredClaims: ['exp', 'jti'],
      });
      return ok(claimsSchema.parse(payload));
    } catch {
      // Made up, for something else, or expired: the way on is the same.
      return err('Challenge is not valid or has expired: ask for a new one');
    }
  }
}
