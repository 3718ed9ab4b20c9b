import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, HandlerId, MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import type { AssignmentStore, ClosedAssignment } from '../assignment/AssignmentStore.ts';
import type { Item } from './attributes.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

const assignmentSchema = z.object({
  meeting_id: z.string(),
  region: z.string(),
  generation: z.int().min(1),
  controller_id: z.string(),
  controller_registration_id: z.string(),
  media_handlers: z.array(z.object({ handler_id: z.string(), role: z.enum(['PRIMARY', 'BACKUP']) })),
  assigned_at_ms: z.number(),
});
const closedSchema = z.object({ closed_at_ms: z.number() });

export class DynamoAssignmentStore implements AssignmentStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async get(meetingId: MeetingId, region: string): Promise<Assignment | ClosedAssignment | undefined> {
    const item = await this.#table.get(keys.assignment(meetingId, region));
    if (item === undefined) return undefined;
    const closed = closedSchema.safeParse(item);
    return closed.success ? { closedAtMs: closed.data.closed_at_ms as EpochMs } : toAssignment(item);
  }

  async replace(assignment: Assignment, replaces: Assignment | undefined): Promise<boolean> {
    const item: Item = {
      meeting_id: assignment.meetingId,
      region: assignment.region,
      generation: assignment.generation,
      controller_id: assignment.controllerId,
      controller_registration_id: assignment.controllerRegistrationId,
      media_handlers: assignment.mediaHandlers.map(({ handlerId, role }) => ({
        handler_id: handlerId,
        role,
      })),
      assigned_at_ms: assignment.assignedAtMs,
    };
    return await this.#table.put(
      keys.assignment(assignment.meetingId, assignment.region),
      item,
      replaces === undefined
        ? this.#table.absent()
        : {
            text: '#generation = :generation AND #controller_registration_id = :registration AND attribute_not_exists(#closed_at_ms)',
            values: { generation: replaces.generation, registration: replaces.controllerRegistrationId },
          },
    );
  }

  async close(
    meetingId: MeetingId,
    region: string,
    closedAtMs: EpochMs,
    expiresAtMs: EpochMs,
  ): Promise<Assignment | undefined> {
    // The first closing's times stay; closing again answers the assignment again.
    const before = await this.#table.update(keys.assignment(meetingId, region), {
      update: {
        text: 'SET #closed_at_ms = if_not_exists(#closed_at_ms, :closedAt), #expires_at = if_not_exists(#expires_at, :expiresAt)',
        values: { closedAt: closedAtMs, expiresAt: expiryAttribute(expiresAtMs).expires_at },
      },
    });
    return before?.['generation'] === undefined ? undefined : toAssignment(before);
  }
}

function toAssignment(item: Item): Assignment {
  const stored = assignmentSchema.parse(item);
  return {
    meetingId: stored.meeting_id as MeetingId,
    region: stored.region,
    generation: stored.generation as Generation,
    controllerId: stored.controller_id as ControllerId,
    controllerRegistrationId: stored.controller_registration_id,
    mediaHandlers: stored.media_handlers.map(({ handler_id, role }) => ({
      handlerId: handler_id as HandlerId,
      role,
    })),
    assignedAtMs: stored.assigned_at_ms as EpochMs,
  };
}
