import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';

/** Path parameters of everything below a meeting. */
export const meetingParams = z.object({
  meeting_id: idSchema.meta({ description: 'Id of the meeting', example: 'standup' }),
});
