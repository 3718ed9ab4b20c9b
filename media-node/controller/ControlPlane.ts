// What the controller asks of the global controller and tells it, beside what its agent reports by itself. Everything
// rejects with an ApiError: CONFLICT where the meeting is served by somebody else, or by a later assignment; NOT_FOUND where
// it has ended; anything else may pass.
import type {
  EndedMeetingNotice,
  HostMuteAnswer,
  HostMuteNotice,
  MhReplacement,
  RequestMhReplacement,
} from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { EndMeetingAnswer } from '../../shared/api/node.ts';

/** Without the controller's id, which its agent knows. */
export type HandlerReplacementRequest = Omit<RequestMhReplacement, 'controller_id'>;
export type MutedNotice = Omit<HostMuteNotice, 'controller_id'>;
export type MeetingEndedNotice = Omit<EndedMeetingNotice, 'controller_id'>;

export interface ControlPlane {
  /** Other media handlers for a meeting whose handlers have failed (ledger GC-11); asking twice has the same answer. */
  replaceHandlers(request: HandlerReplacementRequest): Promise<MhReplacement>;
  /** What a host has muted, for the controller that serves the meeting next (ledger MC-8). */
  hostMuted(notice: MutedNotice): Promise<HostMuteAnswer>;
  /** The controller's word that a meeting is over (ledger GC-13); saying it twice is not an error. */
  meetingEnded(notice: MeetingEndedNotice): Promise<EndMeetingAnswer>;
}

/** Whether the global controller has said that this controller no longer speaks for the meeting (ledger MC-8). */
export function isSuperseded(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'CONFLICT';
}
