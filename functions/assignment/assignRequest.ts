// From meetings and nodes to what a controller is asked, and from that to what is written down.
import type { AssignMeeting, HostMute, UpdateMeetingConfig } from '../../shared/api/node.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, HandlerId } from '../../shared/base/ids.ts';
import type { ActiveMeeting, ActiveMeetingRecord, MeetingRecord } from '../meeting/Meeting.ts';
import type { MediaHandler, MeetingController } from '../registry/MediaNode.ts';
import type { Assignment, HandlerRole } from './Assignment.ts';

const REQUESTED_BY = 'global-controller';

export interface RankedHandler {
  readonly role: HandlerRole;
  readonly handler: MediaHandler;
}

export function rankHandlers(primary: MediaHandler, backup: MediaHandler | undefined): RankedHandler[] {
  return [
    { role: 'PRIMARY', handler: primary },
    ...(backup === undefined ? [] : [{ role: 'BACKUP' as const, handler: backup }]),
  ];
}

/** What the next controller is to know of those who were in the meeting before. */
export interface Sanctions {
  readonly removed: readonly string[];
  readonly hostMutes: readonly HostMute[];
}

export function toRequest(
  meeting: ActiveMeetingRecord,
  generation: Generation,
  handlers: readonly RankedHandler[],
  { removed, hostMutes }: Sanctions,
): AssignMeeting {
  return {
    meeting_id: meeting.meetingId,
    config: toConfig(meeting),
    media_handlers: toHandlerAssignments(handlers),
    generation,
    requested_by: REQUESTED_BY,
    ...(removed.length > 0 && { removed_participant_ids: [...removed] }),
    ...(hostMutes.length > 0 && { host_mutes: [...hostMutes] }),
  };
}

/** What the controller of this generation needs to know of a change. */
export function toConfigUpdate(meeting: MeetingRecord, generation: Generation): UpdateMeetingConfig {
  return { meeting_id: meeting.meetingId, generation, config: toConfig(meeting) };
}

/** The number of the meeting's latest change orders what controllers are told of it. */
function toConfig({ displayName, maxParticipants, sequence }: MeetingRecord): AssignMeeting['config'] {
  return { display_name: displayName, max_participants: maxParticipants, version: sequence };
}

/** What a controller needs to know of handlers to use them. */
export function toHandlerAssignments(handlers: readonly RankedHandler[]): AssignMeeting['media_handlers'] {
  return handlers.map(({ role, handler: { id, registration } }) => ({
    handler_id: id,
    role,
    webtransport_url: registration.webtransport_url,
    internal_url: registration.internal_url,
    certificate_hashes: [...registration.certificate_hashes],
  }));
}

export interface Acceptance {
  readonly meeting: ActiveMeeting;
  readonly region: string;
  readonly controller: MeetingController;
  readonly generation: Generation;
  /** Those that the controller holds, the primary first. */
  readonly handlerIds: readonly string[];
  readonly failedHandlers: readonly HandlerId[];
  readonly atMs: EpochMs;
}

export function toAssignment({
  meeting,
  region,
  controller,
  generation,
  handlerIds,
  failedHandlers,
  atMs,
}: Acceptance): Assignment {
  return {
    meetingId: meeting.meetingId,
    region,
    generation,
    controllerId: controller.id as ControllerId,
    controllerRegistrationId: controller.registrationId,
    mediaHandlers: handlerIds.map((handlerId, rank) => ({
      handlerId: handlerId as HandlerId,
      role: rank === 0 ? 'PRIMARY' : 'BACKUP',
    })),
    failedHandlers,
    assignedAtMs: atMs,
  };
}
