import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, MeetingId } from '../../shared/base/ids.ts';

/** Kept for this long after the last one: meetings of a controller that comes back later have ended (ledger GC-13). */
export const UNTOLD_LIFETIME_MS = 3_600_000;
/** Meetings kept of one controller; past them it is told of the later ones only. */
export const MAX_UNTOLD = 500;

/**
 * Meetings that were changed or ended while their controller could not be told, for when it is heard of again. All methods
 * reject with ApiError (503) while the store is away.
 */
export interface UntoldStore {
  add(controllerId: ControllerId, meetingId: MeetingId, atMs: EpochMs): Promise<void>;
  /** Those that were added, in order; a meeting may be there more than once. */
  of(controllerId: ControllerId): Promise<readonly MeetingId[]>;
  /** Forgets them, where there are still no more than this many. */
  clear(controllerId: ControllerId, count: number, atMs: EpochMs): Promise<void>;
}
