import { ApiError } from '../../shared/api/error.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { ActiveMeetingRecord, Meeting, MeetingRecord, MeetingStatus } from './Meeting.ts';
import type { MeetingEvent } from './MeetingEvent.ts';
import type { MeetingChange } from './meetingChanges.ts';

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

export interface MeetingPage {
  /** The latest created first, within a status. */
  readonly meetings: readonly Meeting[];
  /** Absent on the last page. */
  readonly next?: MeetingPosition;
}

/**
 * Meetings, each with who serves it and its trail, in one record that changes as one (functions/meeting/TRAIL.md). All
 * methods reject with ApiError (503) while the store is away. Lists may be behind by a moment.
 */
export interface MeetingStore {
  /** Writes the first record. False when there is a meeting of this id. */
  create(change: MeetingChange): Promise<boolean>;
  /** The record as of the latest completed change. */
  get(meetingId: MeetingId): Promise<MeetingRecord | undefined>;
  list(query: MeetingListQuery): Promise<MeetingPage>;
  /** Writes what becomes of the record, and its event, as one. Undefined when the record has changed meanwhile. */
  change(record: MeetingRecord, change: MeetingChange): Promise<MeetingRecord | undefined>;
  /** Events after this number, at most `limit`, in order and without gaps. */
  eventsAfter(record: MeetingRecord, after: number, limit: number): Promise<readonly MeetingEvent[]>;
  /** Up to `limit` active meetings whose time to be looked at has come. */
  due(nowMs: EpochMs, limit: number): Promise<readonly MeetingId[]>;
  /** Puts the next look off. False when the record has changed meanwhile. No change of state: not in the trail. */
  postpone(record: ActiveMeetingRecord, dueAtMs: EpochMs): Promise<boolean>;
  /** As postpone, of a meeting that is due and whose record cannot be read; nothing else of it changes. */
  setAside(meetingId: MeetingId, dueAtMs: EpochMs): Promise<void>;
}

/** Times that somebody else's change comes first before a change is given up. */
const MAX_CHANGE_ATTEMPTS = 12;
const RETRY_AFTER_SECONDS = 1;

export interface ChangeOutcome {
  readonly record: MeetingRecord;
  /** Whether this call changed it; else the rule found nothing to do. */
  readonly changed: boolean;
}

/**
 * Changes a meeting by a rule: where somebody else's change comes first, the rule decides anew on what has become of it.
 * @param decide answers undefined where there is nothing to change, and may throw
 * @throws ApiError 503 when others keep coming first; NOT_FOUND when the meeting is gone
 */
export async function changeMeeting(
  meetings: MeetingStore,
  from: MeetingRecord,
  decide: (record: MeetingRecord) => MeetingChange | undefined,
): Promise<ChangeOutcome> {
  let record = from;
  for (let attempt = 0; attempt < MAX_CHANGE_ATTEMPTS; attempt++) {
    const change = decide(record);
    if (change === undefined) return { record, changed: false };
    const changed = await meetings.change(record, change);
    if (changed !== undefined) return { record: changed, changed: true };
    const latest = await meetings.get(record.meetingId);
    if (latest === undefined) throw new ApiError('NOT_FOUND', `Meeting "${record.meetingId}" is gone`);
    record = latest;
  }
  throw new ApiError('INTERNAL_ERROR', 'The meeting keeps changing: try again shortly', {
    status: 503,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
