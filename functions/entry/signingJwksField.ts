import type { JWK } from 'jose';
import * as z from 'zod';
import { parseSigningJwks } from '../token/signingJwks.ts';

/** The private keys in a variable: one JWK or a set. What is wrong with them is said without quoting them. */
export const signingJwksField = z.string().transform((text, context): readonly JWK[] => {
  try {
    return parseSigningJwks(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as TypeError).message });
    return z.NEVER;
  }
});
