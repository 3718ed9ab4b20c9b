// REST bodies of meetings (ledger GC-14). JSON, snake_case, times in RFC 3339 UTC.
import * as z from 'zod';
import {
  certificateHashSchema,
  displayNameSchema,
  httpsUrlSchema,
  idSchema,
  timestampSchema,
} from './fields.ts';

export const MAX_PARTICIPANTS = 1_000;
export const DEFAULT_MAX_PARTICIPANTS = 100;
export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 100;

export const createMeetingSchema = z
  .strictObject({
    meeting_id: idSchema.optional().meta({ description: 'Chosen by the caller; made up when absent.' }),
    display_name: displayNameSchema
      .optional()
      .meta({ description: 'Shown to participants; the id when absent.' }),
    max_participants: z.int().min(1).max(MAX_PARTICIPANTS).default(DEFAULT_MAX_PARTICIPANTS),
  })
  .meta({ id: 'CreateMeeting', example: { display_name: 'Weekly planning', max_participants: 12 } });
export type CreateMeeting = z.infer<typeof createMeetingSchema>;

export const meetingSchema = z
  .object({
    meeting_id: idSchema,
    display_name: z.string(),
    status: z.enum(['active', 'ended']),
    max_participants: z.int(),
    created_at: timestampSchema,
    ended_at: timestampSchema.optional(),
  })
  .meta({
    id: 'Meeting',
    example: {
      meeting_id: 'kbq4-w7ps-m2xn',
      display_name: 'Weekly planning',
      status: 'active',
      max_participants: 12,
      created_at: '2026-11-21T10:00:00.000Z',
    },
  });
export type MeetingBody = z.infer<typeof meetingSchema>;

export const listMeetingsQuerySchema = z.object({
  status: z.enum(['active', 'ended']).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(DEFAULT_PAGE_SIZE),
  cursor: z.string().max(1_024).optional(),
});

export const meetingListSchema = z
  .object({ meetings: z.array(meetingSchema), next_cursor: z.string().optional() })
  .meta({ id: 'MeetingList' });
export type MeetingListBody = z.infer<typeof meetingListSchema>;

export const joinMeetingSchema = z
  .strictObject({
    display_name: displayNameSchema.meta({ description: 'How the others see this participant.' }),
  })
  .meta({ id: 'JoinMeeting', example: { display_name: 'Ada' } });
export type JoinMeeting = z.infer<typeof joinMeetingSchema>;

export const joinAnswerSchema = z
  .object({
    meeting_id: idSchema,
    meeting_controller_url: httpsUrlSchema,
    certificate_hashes: z.array(certificateHashSchema),
    join_token: z.string(),
    expires_at: timestampSchema.meta({ description: 'When the join token expires.' }),
  })
  .meta({ id: 'JoinAnswer' });
export type JoinAnswerBody = z.infer<typeof joinAnswerSchema>;
