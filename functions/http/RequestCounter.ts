import type { EpochMs } from '../../shared/base/clock.ts';

/** Counts requests across processes. Rejects with ApiError (503) while the store is away. */
export interface RequestCounter {
  /** Counts one more request of the client in the window, which ends then: how many there are now. */
  count(client: string, windowEndsAtMs: EpochMs): Promise<number>;
}
