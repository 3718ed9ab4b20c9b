import type { AssignMeeting } from '../../shared/api/node.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, HandlerId, MeetingId } from '../../shared/base/ids.ts';
import { healthAt } from '../registry/health.ts';
import type { MeetingController } from '../registry/MediaNode.ts';

export type HandlerRole = AssignMeeting['media_handlers'][number]['role'];

/** Who serves a meeting in a region. Replaced as a whole, each time with the next generation (ledger GC-7, GC-8). */
export interface Assignment {
  readonly meetingId: MeetingId;
  readonly region: string;
  readonly generation: Generation;
  readonly controllerId: ControllerId;
  /** The controller's registration when it accepted. It registers anew when it has started anew and has forgotten. */
  readonly controllerRegistrationId: string;
  /** Ranked: primary, then backup. */
  readonly mediaHandlers: readonly { readonly handlerId: HandlerId; readonly role: HandlerRole }[];
  /** Handlers that failed the meeting under this controller, the latest last: it gets others while there are some (GC-11). */
  readonly failedHandlers: readonly HandlerId[];
  readonly assignedAtMs: EpochMs;
}

/**
 * `served`: the controller has the meeting. `unconfirmed`: it has registered since, so it may have started anew with no
 * meetings, or only announced something. `gone`: it is not heard of. A draining one serves what it has.
 */
export type AssignmentState = 'served' | 'unconfirmed' | 'gone';

export function stateOf(
  assignment: Assignment,
  controller: MeetingController | undefined,
  nowMs: EpochMs,
): AssignmentState {
  if (controller === undefined || healthAt(controller.health, nowMs) === 'UNHEALTHY') return 'gone';
  return controller.registrationId === assignment.controllerRegistrationId ? 'served' : 'unconfirmed';
}

/** Whether both say the same of who serves: the same controller, started once, with the same handlers. */
export function isSameAssignment(one: Assignment | undefined, other: Assignment | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const handlers = ({ mediaHandlers }: Assignment): string =>
    mediaHandlers.map(({ handlerId, role }) => `${role} ${handlerId}`).join();
  return (
    one.generation === other.generation &&
    one.controllerId === other.controllerId &&
    one.controllerRegistrationId === other.controllerRegistrationId &&
    handlers(one) === handlers(other)
  );
}
