import type { EpochMs } from '../../shared/base/clock.ts';

/** What of a checked token is looked up. */
export interface TokenFacts {
  readonly orgId: string;
  readonly subject: string;
  /** Id of the token (`jti`), where it has one. */
  readonly jti?: string | undefined;
  readonly issuedAtSeconds: number;
}

/**
 * Tokens that are no longer good although they have not expired (ledger GC-15), by organisation: one has no word on the
 * tokens of another. All methods reject with ApiError (503) while the store is away.
 */
export interface Denylist {
  denies(token: TokenFacts): Promise<boolean>;
  denyToken(orgId: string, jti: string, expiresAtMs: EpochMs): Promise<void>;
  /** Denies what was issued to the subject up to and including that second. */
  denySubject(orgId: string, subject: string, untilSeconds: number, expiresAtMs: EpochMs): Promise<void>;
}
