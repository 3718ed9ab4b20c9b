// A meeting's record as one item, and back.
import * as z from 'zod';
import {
  MEETING_EVENT_TYPES,
  type MeetingEventDetails,
  meetingEventDetailsSchema,
} from '../../shared/api/meetingEvent.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, HandlerId, MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import type { MeetingRecord, MeetingState } from '../meeting/Meeting.ts';
import type { MeetingEvent } from '../meeting/MeetingEvent.ts';
import type { Item, Value } from './attributes.ts';
import { keys } from './keys.ts';
import { expiryAttribute } from './Table.ts';

const assignmentSchema = z.object({
  region: z.string(),
  generation: z.int().min(1),
  controller_id: z.string(),
  controller_registration_id: z.string(),
  media_handlers: z.array(z.object({ handler_id: z.string(), role: z.enum(['PRIMARY', 'BACKUP']) })),
  failed_handlers: z.array(z.string()),
  assigned_at_ms: z.number(),
});

const eventSchema = z.object({
  sequence: z.int().min(1),
  type: z.enum(MEETING_EVENT_TYPES),
  at_ms: z.number(),
  details: meetingEventDetailsSchema,
});
export const eventPageSchema = z.object({ events: z.array(eventSchema) });

const facts = {
  meeting_id: z.string(),
  org_id: z.string(),
  created_by: z.string().optional(),
  display_name: z.string(),
  max_participants: z.number(),
  allow_guests: z.boolean().default(false),
  created_at_ms: z.number(),
  sequence: z.int().min(1),
  events: z.array(eventSchema),
  assignments: z.record(z.string(), assignmentSchema),
};
const itemSchema = z.discriminatedUnion('status', [
  z.object({ ...facts, status: z.literal('active'), due_at_ms: z.number() }),
  z.object({ ...facts, status: z.literal('ended'), ended_at_ms: z.number(), expires_at_ms: z.number() }),
]);

/** Every attribute of the item but its key. Those of an active meeting that an ended one lacks are `ABSENT_AT_END`. */
export function toMeetingItem(
  state: MeetingState,
  sequence: number,
  recentEvents: readonly MeetingEvent[],
): Readonly<Record<string, Value>> {
  return {
    meeting_id: state.meetingId,
    org_id: state.orgId,
    ...(state.createdBy !== undefined && { created_by: state.createdBy }),
    display_name: state.displayName,
    max_participants: state.maxParticipants,
    allow_guests: state.allowGuests,
    created_at_ms: state.createdAtMs,
    sequence,
    events: recentEvents.map(toEventValue),
    assignments: Object.fromEntries(
      Object.entries(state.assignments).map(([region, assignment]) => [
        region,
        toAssignmentValue(assignment),
      ]),
    ),
    status: state.status,
    kind_pk: keys.meetingKind(state.orgId, state.status),
    kind_sk: keys.inTime(state.createdAtMs, state.meetingId),
    ...(state.status === 'active'
      ? dueAttributes(state.meetingId, state.dueAtMs ?? state.createdAtMs)
      : {
          ended_at_ms: state.endedAtMs,
          expires_at_ms: state.expiresAtMs,
          ...expiryAttribute(state.expiresAtMs),
        }),
  };
}

/** When an active meeting is looked at next, and its place in the index of those that are due. */
export function dueAttributes(meetingId: MeetingId, dueAtMs: EpochMs) {
  return {
    due_at_ms: dueAtMs,
    due_pk: keys.meetingDue(meetingId),
    due_sk: keys.inTime(dueAtMs, meetingId),
  } as const;
}
export const ABSENT_AT_END = ['due_at_ms', 'due_pk', 'due_sk'] as const;

/** @throws ZodError for an item that toMeetingItem did not make */
export function toMeetingRecord(item: Item): MeetingRecord {
  const stored = itemSchema.parse(item);
  const common = {
    meetingId: stored.meeting_id as MeetingId,
    orgId: stored.org_id,
    ...(stored.created_by !== undefined && { createdBy: stored.created_by }),
    displayName: stored.display_name,
    maxParticipants: stored.max_participants,
    allowGuests: stored.allow_guests,
    createdAtMs: stored.created_at_ms as EpochMs,
    sequence: stored.sequence,
    recentEvents: stored.events.map(toEvent),
    assignments: Object.fromEntries(
      Object.entries(stored.assignments).map(([region, value]) => [
        region,
        toAssignment(stored.meeting_id, value),
      ]),
    ),
  };
  return stored.status === 'active'
    ? { ...common, status: 'active', dueAtMs: stored.due_at_ms as EpochMs }
    : {
        ...common,
        status: 'ended',
        endedAtMs: stored.ended_at_ms as EpochMs,
        expiresAtMs: stored.expires_at_ms as EpochMs,
      };
}

export function toEventValue({ sequence, type, atMs, details }: MeetingEvent): Value {
  return { sequence, type, at_ms: atMs, details: withoutUndefined(details) };
}

export function toEvent({ sequence, type, at_ms, details }: z.infer<typeof eventSchema>): MeetingEvent {
  return { sequence, type, atMs: at_ms as EpochMs, details };
}

function toAssignmentValue(assignment: Assignment): Value {
  return {
    region: assignment.region,
    generation: assignment.generation,
    controller_id: assignment.controllerId,
    controller_registration_id: assignment.controllerRegistrationId,
    media_handlers: assignment.mediaHandlers.map(({ handlerId, role }) => ({ handler_id: handlerId, role })),
    failed_handlers: assignment.failedHandlers,
    assigned_at_ms: assignment.assignedAtMs,
  };
}

function toAssignment(meetingId: string, stored: z.infer<typeof assignmentSchema>): Assignment {
  return {
    meetingId: meetingId as MeetingId,
    region: stored.region,
    generation: stored.generation as Generation,
    controllerId: stored.controller_id as ControllerId,
    controllerRegistrationId: stored.controller_registration_id,
    mediaHandlers: stored.media_handlers.map(({ handler_id, role }) => ({
      handlerId: handler_id as HandlerId,
      role,
    })),
    failedHandlers: stored.failed_handlers as HandlerId[],
    assignedAtMs: stored.assigned_at_ms as EpochMs,
  };
}

function withoutUndefined(details: MeetingEventDetails): { readonly [name: string]: Value | undefined } {
  return { ...details };
}
