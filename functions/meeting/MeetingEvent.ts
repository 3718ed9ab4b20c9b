import type {
  MeetingEventBody,
  MeetingEventDetails,
  MeetingEventType,
} from '../../shared/api/meetingEvent.ts';
import type { EpochMs } from '../../shared/base/clock.ts';

/** A state change, as a rule decides it: the store gives it the meeting's next number. */
export interface NewMeetingEvent {
  readonly type: MeetingEventType;
  readonly atMs: EpochMs;
  readonly details: MeetingEventDetails;
}

/** One line of a meeting's audit trail. Sequence numbers start at 1 and have no gaps. */
export interface MeetingEvent extends NewMeetingEvent {
  readonly sequence: number;
}

export function toMeetingEventBody({ sequence, type, atMs, details }: MeetingEvent): MeetingEventBody {
  return { sequence, type, at: new Date(atMs).toISOString(), ...details };
}
