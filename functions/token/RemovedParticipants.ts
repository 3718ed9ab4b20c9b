import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';

/** Participants that were removed and get no further token. Rejects with ApiError (503) while the store is away. */
export interface RemovedParticipants {
  add(meetingId: MeetingId, participantId: ParticipantId, expiresAtMs: EpochMs): Promise<void>;
  has(meetingId: MeetingId, participantId: ParticipantId): Promise<boolean>;
  /** The latest `limit` of those whose time has not passed, the latest last. */
  list(meetingId: MeetingId, limit: number): Promise<readonly ParticipantId[]>;
}
