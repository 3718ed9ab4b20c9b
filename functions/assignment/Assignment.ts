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
  /** Certificates of the controller that accepted, base64 SHA-256: they tell it from a later process of the same id. */
  readonly controllerCertificateHashes: readonly string[];
  /** Ranked: primary, then backup. */
  readonly mediaHandlers: readonly { readonly handlerId: HandlerId; readonly role: HandlerRole }[];
  readonly assignedAtMs: EpochMs;
}

/**
 * Whether the controller still serves the assignment: it is heard of, and it is the process that accepted. A process that
 * started anew has a new certificate and knows nothing of the meeting. A draining one serves what it has.
 */
export function isServedBy(
  assignment: Assignment,
  controller: MeetingController | undefined,
  nowMs: EpochMs,
): controller is MeetingController {
  if (controller === undefined || controller.id !== assignment.controllerId) return false;
  if (healthAt(controller.health, nowMs) === 'UNHEALTHY') return false;
  return controller.registration.certificate_hashes.some((hash) =>
    assignment.controllerCertificateHashes.includes(hash),
  );
}
