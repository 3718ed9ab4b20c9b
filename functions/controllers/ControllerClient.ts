import type {
  AssignMeeting,
  AssignMeetingAnswer,
  EndMeeting,
  ListParticipants,
  ListParticipantsAnswer,
  RemoveParticipant,
  UpdateMeetingConfig,
} from '../../shared/api/node.ts';
import type { Result } from '../../shared/base/result.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { MeetingController } from '../registry/MediaNode.ts';

export type RejectionReason = Exclude<AssignMeetingAnswer['rejection'], 'NONE'>;

/** `failed`: no usable answer in time. The controller may or may not have taken the meeting. */
export type AssignOutcome =
  /** The controller holds the meeting with these media handlers, the primary first: not those asked for, if it had it. */
  | { readonly type: 'accepted'; readonly handlerIds: readonly string[] }
  | { readonly type: 'rejected'; readonly reason: RejectionReason }
  | { readonly type: 'failed'; readonly reason: string };

/**
 * What is found at a controller's internal address. `nobody`: its machine says that nobody listens there. `silence`: no
 * answer in time, no way there, or somebody else. `unknown`: a bound of ours was in the way.
 */
export type ProbeOutcome = 'answer' | 'nobody' | 'silence' | 'unknown';

/** Calls to meeting controllers. No method rejects: a controller that cannot be asked is an outcome. */
export interface ControllerClient {
  /** Whether the controller is there. Any answer says that it is. */
  probe(controller: MeetingController, trace: TraceContext): Promise<ProbeOutcome>;
  assignMeeting(
    controller: MeetingController,
    request: AssignMeeting,
    trace: TraceContext,
  ): Promise<AssignOutcome>;
  /** Whether this was news to the controller, or why it is not known. */
  updateMeetingConfig(
    controller: MeetingController,
    request: UpdateMeetingConfig,
    trace: TraceContext,
  ): Promise<Result<boolean>>;
  /** Whether there was such a meeting of that generation or an earlier one, or why it is not known. */
  endMeeting(
    controller: MeetingController,
    request: EndMeeting,
    trace: TraceContext,
  ): Promise<Result<boolean>>;
  /** Whether the participant was there, or why it is not known. */
  removeParticipant(
    controller: MeetingController,
    request: RemoveParticipant,
    trace: TraceContext,
  ): Promise<Result<boolean>>;
  /** Who is in the meeting, or why it is not known. */
  listParticipants(
    controller: MeetingController,
    request: ListParticipants,
    trace: TraceContext,
  ): Promise<Result<ListParticipantsAnswer['participants']>>;
}
