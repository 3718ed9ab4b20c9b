import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { ActiveMeeting, Meeting, MeetingStatus } from './Meeting.ts';

/** Where a list goes on: after this meeting, among those of this status. */
export interface MeetingPosition {
  readonly status: MeetingStatus;
  readonly createdAtMs: EpochMs;
  readonly meetingId: MeetingId;
}

export interface MeetingListQuery {
  readonly orgId: string;
  /** Absent lists both: the active ones, then the ended ones. */
  readonly status?: MeetingStatus | undefined;
  readonly limit: number;
  readonly after?: MeetingPosition | undefined;
}

/** What may change of a meeting. */
export type MeetingChanges = Partial<Pick<ActiveMeeting, 'displayName' | 'maxParticipants' | 'allowGuests'>>;

export interface MeetingPage {
  /** The latest created first, within a status. */
  readonly meetings: readonly Meeting[];
  /** Absent on the last page. */
  readonly next?: MeetingPosition;
}

/** All methods reject with ApiError (503) while the store is away. Lists may be behind by a moment. */
export interface MeetingStore {
  /** False when there is a meeting of this id. */
  create(meeting: ActiveMeeting): Promise<boolean>;
  get(meetingId: MeetingId): Promise<Meeting | undefined>;
  list(query: MeetingListQuery): Promise<MeetingPage>;
  /** The active meeting after the changes; undefined when there is no active meeting of this id. */
  update(meetingId: MeetingId, changes: MeetingChanges): Promise<ActiveMeeting | undefined>;
  /** Ends the meeting, which goes at expiresAtMs. False when there is no active meeting of this id. */
  end(meetingId: MeetingId, endedAtMs: EpochMs, expiresAtMs: EpochMs): Promise<boolean>;
}
