// What may become of a meeting: each change of its state with the event that tells of it (ledger GC-8, GC-11, GC-13).
// Pure; the store writes a change and its event as one.
import { EMPTY_MEETING_LIMIT_MS } from '../../shared/api/controllerNotice.ts';
import type { EndReason, FailedHandlerBody, ReassignReason } from '../../shared/api/meetingEvent.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import type { ActiveMeeting, MeetingState } from './Meeting.ts';
import type { NewMeetingEvent } from './MeetingEvent.ts';

/** A meeting that was made ahead and that nobody ever joined ends after this. */
export const UNUSED_LIMIT_MS = 30 * 24 * 3_600_000;

export interface MeetingChange {
  readonly state: MeetingState;
  readonly event: NewMeetingEvent;
}

export function createMeeting(meeting: ActiveMeeting): MeetingChange {
  return {
    state: { ...meeting, assignments: {}, dueAtMs: later(meeting.createdAtMs, UNUSED_LIMIT_MS) },
    event: { type: 'created', atMs: meeting.createdAtMs, details: {} },
  };
}

/** What callers may change of a meeting. */
export type MeetingUpdate = {
  readonly [Name in 'displayName' | 'maxParticipants' | 'allowGuests']?: ActiveMeeting[Name] | undefined;
};

/** Undefined when nothing differs, or the meeting has ended. */
export function updateMeeting(
  state: MeetingState,
  update: MeetingUpdate,
  atMs: EpochMs,
): MeetingChange | undefined {
  if (state.status === 'ended') return undefined;
  const changed = Object.entries(update).filter(
    ([name, value]) => value !== undefined && value !== state[name as keyof MeetingUpdate],
  );
  if (changed.length === 0) return undefined;
  const fields = changed.map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return {
    state: { ...state, ...Object.fromEntries(changed) },
    event: { type: 'updated', atMs, details: { fields } },
  };
}

/**
 * The meeting, served as `assignment` says. `reason` says why the controller is another one than before.
 * The same generation is the same assignment, confirmed by a controller that has started anew.
 */
export function assignMeeting(
  state: MeetingState,
  assignment: Assignment,
  reason: ReassignReason,
): MeetingChange {
  const previous = state.assignments[assignment.region];
  const details = {
    region: assignment.region,
    controller_id: assignment.controllerId,
    generation: assignment.generation,
    media_handlers: toHandlerBodies(assignment),
  };
  const served = {
    ...state,
    assignments: { ...state.assignments, [assignment.region]: assignment },
    dueAtMs: later(assignment.assignedAtMs, EMPTY_MEETING_LIMIT_MS),
  };
  const atMs = assignment.assignedAtMs;
  if (previous === undefined) return { state: served, event: { type: 'assigned', atMs, details } };
  if (previous.generation === assignment.generation)
    return { state: served, event: { type: 'confirmed', atMs, details } };
  return {
    state: served,
    event: {
      type: 'reassigned',
      atMs,
      details: { ...details, previous_controller_id: previous.controllerId, reason },
    },
  };
}

/** The same controller and generation with other media handlers. */
export function replaceHandlers(
  state: MeetingState,
  assignment: Assignment,
  failed: readonly FailedHandlerBody[],
  atMs: EpochMs,
): MeetingChange {
  return {
    state: { ...state, assignments: { ...state.assignments, [assignment.region]: assignment } },
    event: {
      type: 'handlers_replaced',
      atMs,
      details: {
        region: assignment.region,
        controller_id: assignment.controllerId,
        generation: assignment.generation,
        media_handlers: toHandlerBodies(assignment),
        failed_handlers: [...failed],
      },
    },
  };
}

export interface Ending {
  readonly reason: EndReason;
  readonly atMs: EpochMs;
  /** How long the record is kept, ms. */
  readonly retentionMs: number;
}

/** Undefined when the meeting has ended already. */
export function endMeeting(
  state: MeetingState,
  { reason, atMs, retentionMs }: Ending,
): MeetingChange | undefined {
  if (state.status === 'ended') return undefined;
  return {
    state: {
      ...state,
      status: 'ended',
      endedAtMs: atMs,
      expiresAtMs: later(atMs, retentionMs),
      dueAtMs: undefined,
    },
    event: { type: 'ended', atMs, details: { reason } },
  };
}

function toHandlerBodies({ mediaHandlers }: Assignment) {
  return mediaHandlers.map(({ handlerId, role }) => ({ handler_id: handlerId, role }));
}

function later(atMs: EpochMs, byMs: number): EpochMs {
  return (atMs + byMs) as EpochMs;
}
