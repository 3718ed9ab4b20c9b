import type { EpochMs } from '../../shared/base/clock.ts';

/** What a request under an idempotency key is, and what became of it. */
export interface IdempotencyRecord {
  /** Digest of the request. */
  readonly fingerprint: string;
  /** Id of what it makes, settled before it is made. */
  readonly resourceId: string;
  readonly claimedAtMs: EpochMs;
  /** Body of the answer, as JSON text; absent until the request has succeeded. */
  readonly answer?: string | undefined;
}

/** Rejects with ApiError (503) while the store is away. */
export interface IdempotencyStore {
  /** The record of the key: this one where there was none, else the one that is there. */
  claim(key: string, record: IdempotencyRecord, expiresAtMs: EpochMs): Promise<IdempotencyRecord>;
  complete(key: string, answer: string): Promise<void>;
}
