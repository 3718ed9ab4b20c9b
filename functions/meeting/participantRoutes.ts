// REST routes of participants (ledger GC-14, GC-15).
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import { idSchema } from '../../shared/api/fields.ts';
import { participantListSchema, participantRemovalSchema } from '../../shared/api/participant.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { JoinClaims } from '../../shared/token/joinToken.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { checkScope } from '../http/requireAccess.ts';
import { errorResponses, jsonContent, WRITE_ERRORS } from '../http/responses.ts';
import { tokensWith, withScope } from '../http/security.ts';
import type { AccessStores } from '../token/AccessStores.ts';
import { meetingParams } from './meetingParams.ts';
import type { Participants } from './Participants.ts';
import { checkParticipant } from './participantClaims.ts';

const participantsPath = `${gcPaths.meetings}/{meeting_id}/participants`;

const listParticipants = createRoute({
  ...withScope('meetings:read'),
  tags: ['Participants'],
  method: 'get',
  path: participantsPath,
  operationId: 'listParticipants',
  summary: 'List who is in a meeting',
  description: 'As the meeting’s controller has it now: nobody before the first join and after the end.',
  request: { params: meetingParams },
  responses: { 200: jsonContent('Who is there', participantListSchema), ...errorResponses(400, 403, 404) },
});

const removeParticipant = createRoute({
  security: [...tokensWith('meetings:write'), { joinToken: [] }],
  tags: ['Participants'],
  method: 'delete',
  path: `${participantsPath}/{participant_id}`,
  operationId: 'removeParticipant',
  summary: 'Remove a participant',
  description:
    'Its join token lets it in no more and is not refreshed. With 503 it is kept out, but may still be there. A host of the meeting may do it with its join token.',
  request: {
    params: meetingParams.extend({
      participant_id: idSchema.meta({
        description: 'Id of the participant',
        example: '0b9f2c1e-6a41-4f0e-9f58-0d7f6f6c1a52',
      }),
    }),
  },
  responses: {
    200: jsonContent('It is out', participantRemovalSchema),
    ...errorResponses(400, 403, 404, ...WRITE_ERRORS),
  },
});

export interface ParticipantRoutesOptions {
  readonly participants: Participants;
  readonly access: Pick<AccessStores, 'denylist' | 'removedParticipants'>;
  readonly rateLimit: RateLimit;
}

/** Adds the routes to an app that has set `caller`, or `participant` for one who removes others. */
export function addParticipantRoutes(
  app: OpenAPIHono<AppEnv>,
  { participants, access, rateLimit }: ParticipantRoutesOptions,
): void {
  app.openapi(listParticipants, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    context.set('subject', { meeting_id: meetingId });
    const { orgId } = context.get('caller');
    const there = await participants.list(orgId, meetingId, context.get('trace'));
    return context.json({ participants: there }, 200);
  });

  app.openapi(removeParticipant, async (context) => {
    const { meeting_id, participant_id } = context.req.valid('param');
    context.set('subject', { meeting_id, participant_id });
    const orgId = await orgOfRemover(context);
    const removed = await participants.remove(
      orgId,
      meeting_id as MeetingId,
      participant_id as ParticipantId,
      context.get('trace'),
    );
    context.get('log').info('Participant removed', { meeting_id, participant_id, removed });
    return context.json({ participant_id, removed }, 200);
  });

  /** Undefined for a host, whose token names the meeting. @throws ApiError FORBIDDEN, RATE_LIMITED */
  async function orgOfRemover(context: Context<AppEnv>): Promise<string | undefined> {
    const host = context.get('participant') as JoinClaims | undefined;
    if (host === undefined) {
      checkScope(context, 'meetings:write');
      return context.get('caller').orgId;
    }
    await rateLimit.count(context, 'participant', host.sub);
    if (host.role !== 'host') throw new ApiError('FORBIDDEN', 'Only a host may remove others');
    await checkParticipant(access, host);
    return undefined;
  }
}
