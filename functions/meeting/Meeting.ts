import type { MeetingBody } from '../../shared/api/meeting.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';

interface MeetingFacts {
  readonly meetingId: MeetingId;
  readonly orgId: string;
  readonly displayName: string;
  readonly maxParticipants: number;
  /** Whether those may join who have no token of the organisation (ledger GC-16). */
  readonly allowGuests: boolean;
  readonly createdAtMs: EpochMs;
}
export type ActiveMeeting = MeetingFacts & { readonly status: 'active' };
export type EndedMeeting = MeetingFacts & { readonly status: 'ended'; readonly endedAtMs: EpochMs };
export type Meeting = ActiveMeeting | EndedMeeting;
export type MeetingStatus = Meeting['status'];

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
