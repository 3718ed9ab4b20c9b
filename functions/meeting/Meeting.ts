import type { MeetingBody } from '../../shared/api/meeting.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import type { MeetingEvent } from './MeetingEvent.ts';

interface MeetingFacts {
  readonly meetingId: MeetingId;
  readonly orgId: string;
  /** Principal (`principalOf`) of whoever made it, who may be its host; absent of meetings that were made before that was kept. */
  readonly createdBy?: string;
  readonly displayName: string;
  readonly maxParticipants: number;
  /** Whether those may join who have no token of the organisation (ledger GC-16). */
  readonly allowGuests: boolean;
  readonly createdAtMs: EpochMs;
}
export type ActiveMeeting = MeetingFacts & { readonly status: 'active' };
export type EndedMeeting = MeetingFacts & {
  readonly status: 'ended';
  readonly endedAtMs: EpochMs;
  /** When the record goes (ledger GC-13). */
  readonly expiresAtMs: EpochMs;
};
export type Meeting = ActiveMeeting | EndedMeeting;
export type MeetingStatus = Meeting['status'];

/** Who serves a meeting, by region. What was assigned when a meeting ended stays, so that it can be told again. */
interface Served {
  readonly assignments: Readonly<Record<string, Assignment>>;
  /** When it is time to look whether anybody is there; only while the meeting is active. */
  readonly dueAtMs?: EpochMs | undefined;
}

/** All that changes about a meeting, and changes as one. */
export type MeetingState = Meeting & Served;

/** A meeting as the store has it. */
export type MeetingRecord = MeetingState & {
  /** Number of the latest change: each change replaces the record whose number it has seen. */
  readonly sequence: number;
  /** The latest changes, in order, the last of which has the record's own number. */
  readonly recentEvents: readonly MeetingEvent[];
};
export type ActiveMeetingRecord = MeetingRecord & { readonly status: 'active' };

export function toMeetingBody(meeting: Meeting): MeetingBody {
  return {
    meeting_id: meeting.meetingId,
    display_name: meeting.displayName,
    status: meeting.status,
    max_participants: meeting.maxParticipants,
    allow_guests: meeting.allowGuests,
    created_at: new Date(meeting.createdAtMs).toISOString(),
    ...(meeting.status === 'ended' && { ended_at: new Date(meeting.endedAtMs).toISOString() }),
  };
}
