import type { EpochMs } from '../../shared/base/clock.ts';

/** Times that one token is given back: who comes back every few seconds has no more to solve, and who floods has. */
export const MAX_GIVEN_BACK = 20;

/** Tokens that are good once, whichever process they are shown to. Rejects with ApiError (503) while the store is away. */
export interface OneTimeTokens {
  /** True for the first use of this id. It is remembered until the token has expired by itself. */
  use(id: string, expiresAtMs: EpochMs): Promise<boolean>;
  /** Makes it good for one more use, MAX_GIVEN_BACK times. For whoever has used it and got nothing for it. */
  giveBack(id: string): Promise<void>;
}
