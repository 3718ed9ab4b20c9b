import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';

/** How many participants a meeting has, as its controller has said. */
export interface Presence {
  readonly generation: Generation;
  readonly participants: number;
  /** Since when nobody is there, by our clock; only without participants. */
  readonly emptySinceMs?: EpochMs | undefined;
}

/**
 * What a controller has said of its meetings, replaced as a whole with each notice: one item a controller, so that the
 * cost does not grow with its meetings. All methods reject with ApiError (503) while the store is away.
 */
export interface PresenceStore {
  put(controllerId: ControllerId, meetings: ReadonlyMap<MeetingId, Presence>, atMs: EpochMs): Promise<void>;
  /** Undefined when the controller has not spoken of the meeting lately. */
  get(controllerId: ControllerId, meetingId: MeetingId): Promise<Presence | undefined>;
}
