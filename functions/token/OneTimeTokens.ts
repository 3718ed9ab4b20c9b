import type { EpochMs } from '../../shared/base/clock.ts';

/** Tokens that are good once, whichever process they are shown to. Rejects with ApiError (503) while the store is away. */
export interface OneTimeTokens {
  /** True for the first use of this id. It is remembered until the token has expired by itself. */
  use(id: string, expiresAtMs: EpochMs): Promise<boolean>;
  /** Makes it good for one more use. For whoever has used it and got nothing for it. */
  giveBack(id: string): Promise<void>;
}
