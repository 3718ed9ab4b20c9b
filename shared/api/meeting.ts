// REST bodies of meetings (ledger GC-14). JSON, snake_case, times in RFC 3339 UTC.
import * as z from 'zod';
import {
  certificateHashSchema,
  displayNameSchema,
  httpsUrlSchema,
  idSchema,
  pageLimitSchema,
  timestampSchema,
} from './fields.ts';
import { humanAnswerSchema } from './guest.ts';

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
    allow_guests: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether those may join who have no token of the organisation.' }),
  })
  .meta({ id: 'CreateMeeting', example: { display_name: 'Weekly planning', max_participants: 12 } });
export type CreateMeeting = z.infer<typeof createMeetingSchema>;

/** JSON Merge Patch (RFC 7396) of the fields that may change. */
export const updateMeetingSchema = z
  .strictObject({
    display_name: displayNameSchema.optional(),
    max_participants: z.int().min(1).max(MAX_PARTICIPANTS).optional(),
    allow_guests: z.boolean().optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'must change at least one field')
  .meta({ id: 'UpdateMeeting', example: { display_name: 'Planning', allow_guests: true } });
export type UpdateMeeting = z.infer<typeof updateMeetingSchema>;

export const meetingSchema = z
  .object({
    meeting_id: idSchema,
    display_name: z.string(),
    status: z.enum(['active', 'ended']),
    max_participants: z.int(),
    allow_guests: z.boolean(),
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
      allow_guests: false,
      created_at: '2026-11-21T10:00:00.000Z',
    },
  });
export type MeetingBody = z.infer<typeof meetingSchema>;

export const listMeetingsQuerySchema = z.object({
  status: z.enum(['active', 'ended']).optional(),
  limit: pageLimitSchema(MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
  cursor: z.string().max(1_024).optional(),
});

export const meetingListSchema = z
  .object({ meetings: z.array(meetingSchema), next_cursor: z.string().optional() })
  .meta({
    id: 'MeetingList',
    example: {
      meetings: [
        {
          meeting_id: 'kbq4-w7ps-m2xn',
          display_name: 'Weekly planning',
          status: 'active',
          max_participants: 12,
          allow_guests: false,
          created_at: '2026-11-21T10:00:00.000Z',
        },
      ],
      next_cursor: 'WyJhY3RpdmUiLDE3OTUyNTUyMDAwMDAsImticTQtdzdwcy1tMnhuIl0',
    },
  });
export type MeetingListBody = z.infer<typeof meetingListSchema>;

const joinRoleSchema = z.enum(['participant', 'host']).meta({
  description:
    'A host may mute and remove others. For whoever made the meeting, and for tokens with the scope `meetings:host`; `participant` when absent.',
});
export type JoinRole = z.infer<typeof joinRoleSchema>;

export const joinMeetingSchema = z
  .strictObject({
    display_name: displayNameSchema.meta({ description: 'How the others see this participant.' }),
    role: joinRoleSchema.optional(),
    human_check: humanAnswerSchema
      .optional()
      .meta({ description: 'For guests: a challenge of the meeting, solved.' }),
  })
  .meta({ id: 'JoinMeeting', example: { display_name: 'Ada' } });
export type JoinMeeting = z.infer<typeof joinMeetingSchema>;

/** Join with a user's token alone, as a link does. */
export const joinMeetingQuerySchema = z.object({
  display_name: displayNameSchema.meta({
    description: 'How the others see this participant.',
    example: 'Ada',
  }),
  role: joinRoleSchema.optional(),
});

export const refreshJoinSchema = z
  .strictObject({
    join_token: z
      .string()
      .min(1)
      .max(4_096)
      .meta({ description: 'The latest one; good until a minute after it has expired.' }),
  })
  .meta({
    id: 'RefreshJoin',
    example: { join_token: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiI0YjFhIn0.c2lnbmF0dXJl' },
  });

export const joinAnswerSchema = z
  .object({
    meeting_id: idSchema,
    meeting_controller_url: httpsUrlSchema,
    certificate_hashes: z.array(certificateHashSchema),
    join_token: z.string(),
    expires_at: timestampSchema.meta({ description: 'When the join token expires.' }),
    expires_in: z.int().min(1).meta({ description: 'Seconds until then, for whose clock may be wrong.' }),
  })
  .meta({
    id: 'JoinAnswer',
    example: {
      meeting_id: 'kbq4-w7ps-m2xn',
      meeting_controller_url: 'https://192.0.2.10:4433/signaling',
      certificate_hashes: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
      join_token: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiI0YjFhIn0.c2lnbmF0dXJl',
      expires_at: '2026-11-21T10:10:00.000Z',
      expires_in: 600,
    },
  });
export type JoinAnswerBody = z.infer<typeof joinAnswerSchema>;
