// REST bodies of participants, as the meeting's controller has them.
import * as z from 'zod';
import { idSchema, timestampSchema } from './fields.ts';

export const participantSchema = z
  .object({
    participant_id: idSchema,
    user_id: z.int().meta({ description: 'Number within the meeting, from 1.' }),
    display_name: z.string(),
    joined_at: timestampSchema,
  })
  .meta({
    id: 'Participant',
    example: {
      participant_id: '0b9f2c1e-6a41-4f0e-9f58-0d7f6f6c1a52',
      user_id: 1,
      display_name: 'Ada',
      joined_at: '2026-11-21T10:00:04.000Z',
    },
  });
export type ParticipantBody = z.infer<typeof participantSchema>;

export const participantListSchema = z.object({ participants: z.array(participantSchema) }).meta({
  id: 'ParticipantList',
  example: {
    participants: [
      {
        participant_id: '0b9f2c1e-6a41-4f0e-9f58-0d7f6f6c1a52',
        user_id: 1,
        display_name: 'Ada',
        joined_at: '2026-11-21T10:00:04.000Z',
      },
    ],
  },
});

export const participantRemovalSchema = z
  .object({
    participant_id: idSchema,
    removed: z
      .boolean()
      .meta({ description: 'Whether it was in the meeting; it does not come back either way.' }),
  })
  .meta({
    id: 'ParticipantRemoval',
    example: { participant_id: '0b9f2c1e-6a41-4f0e-9f58-0d7f6f6c1a52', removed: true },
  });
