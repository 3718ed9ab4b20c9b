// Bodies of guests (ledger GC-16): what they have to solve before they may join.
import * as z from 'zod';
import { timestampSchema } from './fields.ts';

/** Longest challenge, characters; ours take about 400. */
const MAX_CHALLENGE_LENGTH = 2_048;
const MAX_ANSWER_LENGTH = 64;

export const guestChallengeSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('none') }).meta({ description: 'Nothing is asked.' }),
    z
      .object({
        type: z.literal('proof_of_work'),
        challenge: z.string(),
        difficulty_bits: z.int().min(0).max(32),
        expires_at: timestampSchema,
      })
      .meta({
        description:
          'Find a text such that the SHA-256 of the challenge, a dot and that text starts with `difficulty_bits` zero bits.',
      }),
  ])
  .meta({
    id: 'GuestChallenge',
    example: {
      type: 'proof_of_work',
      challenge: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJtZWV0aW5nX2lkIjoia2JxNCJ9.c2lnbmF0dXJl',
      difficulty_bits: 16,
      expires_at: '2026-11-21T10:05:00.000Z',
    },
  });
export type GuestChallengeBody = z.infer<typeof guestChallengeSchema>;

export const humanAnswerSchema = z.strictObject({
  challenge: z.string().min(1).max(MAX_CHALLENGE_LENGTH),
  answer: z.string().min(1).max(MAX_ANSWER_LENGTH),
});
export type HumanAnswer = z.infer<typeof humanAnswerSchema>;

/** Zero bits at the start of a SHA-256 digest: what a proof of work is measured by. */
export function leadingZeroBits(digest: Uint8Array): number {
  let bits = 0;
  for (const byte of digest) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

/** What is hashed. */
export function proofOfWorkInput({ challenge, answer }: HumanAnswer): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${challenge}.${answer}`);
}
