// The audit trail of a meeting: its state changes, in order (ledger GC-13).
import * as z from 'zod';
import { idSchema, pageLimitSchema, timestampSchema, wholeNumberSchema } from './fields.ts';

export const DEFAULT_EVENT_PAGE_SIZE = 50;
export const MAX_EVENT_PAGE_SIZE = 100;

export const MEETING_EVENT_TYPES = [
  'created',
  'updated',
  'assigned',
  'reassigned',
  'confirmed',
  'handlers_replaced',
  'ended',
] as const;
export type MeetingEventType = (typeof MEETING_EVENT_TYPES)[number];

/** Why a meeting got another controller. */
export const REASSIGN_REASONS = ['controller_gone', 'controller_forgot', 'controller_unreachable'] as const;
export type ReassignReason = (typeof REASSIGN_REASONS)[number];

/** Why a meeting ended: asked for, the controller's word, nobody there, the controller lost, or never joined. */
export const END_REASONS = ['requested', 'controller', 'empty', 'controller_lost', 'unused'] as const;
export type EndReason = (typeof END_REASONS)[number];

const mediaHandlersSchema = z.array(z.object({ handler_id: idSchema, role: z.enum(['PRIMARY', 'BACKUP']) }));

export const failedHandlerSchema = z.object({ handler_id: idSchema, reason: z.string() });
export type FailedHandlerBody = z.infer<typeof failedHandlerSchema>;

/** What an event says beside its number, type and time; which fields there are depends on the type. */
export const meetingEventDetailsSchema = z.object({
  region: idSchema.optional(),
  controller_id: idSchema.optional(),
  generation: z.int().min(1).optional(),
  media_handlers: mediaHandlersSchema.optional(),
  previous_controller_id: idSchema
    .optional()
    .meta({ description: 'Of `reassigned`: who served the meeting until then.' }),
  failed_handlers: z
    .array(failedHandlerSchema)
    .optional()
    .meta({ description: 'Of `handlers_replaced`: who failed, and why.' }),
  fields: z.array(z.string()).optional().meta({ description: 'Of `updated`: names of what changed.' }),
  reason: z
    .enum([...REASSIGN_REASONS, ...END_REASONS])
    .optional()
    .meta({ description: 'Of `reassigned` and `ended`.' }),
});
export type MeetingEventDetails = z.infer<typeof meetingEventDetailsSchema>;

export const meetingEventSchema = z
  .object({
    sequence: z
      .int()
      .min(1)
      .meta({ description: 'Number of the change, from 1, without gaps, within its meeting.' }),
    type: z.enum(MEETING_EVENT_TYPES),
    at: timestampSchema,
    ...meetingEventDetailsSchema.shape,
  })
  .meta({
    id: 'MeetingEvent',
    example: {
      sequence: 2,
      type: 'assigned',
      at: '2026-11-21T10:00:04.000Z',
      region: 'eu-central-1',
      controller_id: 'mc-1',
      generation: 1,
      media_handlers: [{ handler_id: 'mh-1', role: 'PRIMARY' }],
    },
  });
export type MeetingEventBody = z.infer<typeof meetingEventSchema>;

export const listMeetingEventsQuerySchema = z.object({
  after: wholeNumberSchema(0)
    .default(0)
    .meta({ description: 'Sequence number of the last event that is known; 0 starts at the beginning.' }),
  limit: pageLimitSchema(MAX_EVENT_PAGE_SIZE, DEFAULT_EVENT_PAGE_SIZE),
});

export const meetingEventListSchema = z
  .object({
    events: z.array(meetingEventSchema),
    last_sequence: z
      .int()
      .min(1)
      .meta({ description: 'Number of the latest change: there is more when the last event is not it.' }),
  })
  .meta({
    id: 'MeetingEventList',
    example: {
      events: [{ sequence: 1, type: 'created', at: '2026-11-21T10:00:00.000Z' }],
      last_sequence: 1,
    },
  });
export type MeetingEventListBody = z.infer<typeof meetingEventListSchema>;
