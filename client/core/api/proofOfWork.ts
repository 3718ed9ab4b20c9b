// What a guest's browser works out before it is let in (ledger GC-16): see functions/guest for who asks.
import {
  type GuestChallengeBody,
  type HumanAnswer,
  leadingZeroBits,
  proofOfWorkInput,
} from '../../../shared/api/guest.ts';
import { ConnectionError } from '../errors.ts';

/** Digests that are asked for at once: enough to keep the runtime's crypto busy, few enough for a page to stay usable. */
const BATCH = 512;
/** About a minute of work for a laptop; a server that asks for more is not to be humoured. */
const MAX_DIFFICULTY_BITS = 22;

type ProofOfWorkChallenge = Extract<GuestChallengeBody, { readonly type: 'proof_of_work' }>;

/** Takes about 2 to the power of `difficulty_bits` digests. Rejects with ConnectionError when that is too much to ask. */
export async function solveProofOfWork({
  challenge,
  difficulty_bits: difficultyBits,
}: ProofOfWorkChallenge): Promise<HumanAnswer> {
  if (difficultyBits > MAX_DIFFICULTY_BITS)
    throw ConnectionError.protocol('the meeting service', `a challenge of ${difficultyBits} bits`);
  for (let from = 0; ; from += BATCH) {
    const answers = Array.from({ length: BATCH }, (_, offset) => ({
      challenge,
      answer: String(from + offset),
    }));
    const bits = await Promise.all(answers.map(zeroBits));
    const solved = answers[bits.findIndex((count) => count >= difficultyBits)];
    if (solved !== undefined) return solved;
  }
}

async function zeroBits(answer: HumanAnswer): Promise<number> {
  return leadingZeroBits(new Uint8Array(await crypto.subtle.digest('SHA-256', proofOfWorkInput(answer))));
}
