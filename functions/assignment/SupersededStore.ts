import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from './Assignment.ts';

/** Kept for this long after the last one: a controller that comes back later has lost its participants. */
export const SUPERSEDED_LIFETIME_MS = 3_600_000;
/** Meetings kept of one controller; past them it is told of the later ones only. */
export const MAX_SUPERSEDED = 500;

/**
 * Which meetings a controller has lost to another one, for when it comes back (ledger GC-17, MC-8). All methods reject with
 * ApiError (503) while the store is away.
 */
export interface SupersededStore {
  /** The meeting of this former controller is served by that assignment. */
  add(former: ControllerId, assignment: Assignment, atMs: EpochMs): Promise<void>;
  /** The generation in which each meeting is served, the latest that is known. */
  of(former: ControllerId): Promise<ReadonlyMap<MeetingId, Generation>>;
}
