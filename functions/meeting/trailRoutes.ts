// A meeting's trail, and participants' reports that its controller cannot be reached (ledger GC-13, GC-17).
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { unreachableAnswerSchema } from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import { idSchema } from '../../shared/api/fields.ts';
import { listMeetingEventsQuerySchema, meetingEventListSchema } from '../../shared/api/meetingEvent.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { type JoinClaims, verifyJoinToken } from '../../shared/token/joinToken.ts';
import { keySetResolver } from '../../shared/token/signingKey.ts';
import type { AssignOptions } from '../assignment/assign.ts';
import { reportUnreachable } from '../assignment/unreachable.ts';
import { bearerToken } from '../http/Access.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { unauthorized } from '../http/requireAccess.ts';
import { errorResponses, jsonContent, WRITE_ERRORS } from '../http/responses.ts';
import { withScope } from '../http/security.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import { toMeetingEventBody } from './MeetingEvent.ts';
import type { Meetings } from './Meetings.ts';

/**
 * A participant may have been in the meeting for long: its token still proves who was let in, though it lets nobody in any
 * more. What it counts for is bounded by the assignment that it names.
 */
export const REPORT_TOKEN_AGE_SECONDS = 24 * 3_600;

const params = z.object({
  meeting_id: idSchema.meta({ description: 'Id of the meeting', example: 'standup' }),
});
const byId = `${gcPaths.meetings}/{meeting_id}`;

const listEvents = createRoute({
  ...withScope('meetings:read'),
  tags: ['Meetings'],
  method: 'get',
  path: `${byId}/events`,
  operationId: 'listMeetingEvents',
  summary: 'Replay what has become of a meeting',
  description:
    'State changes in order, each with a number, without gaps. Ask again with the last number to go on from there.',
  request: { params, query: listMeetingEventsQuerySchema },
  responses: {
    200: jsonContent('Events after the one given', meetingEventListSchema),
    ...errorResponses(400, 403, 404),
  },
});

const reportUnreachableRoute = createRoute({
  tags: ['Meetings'],
  security: [{ joinToken: [] }],
  method: 'post',
  path: `${byId}/unreachable`,
  operationId: 'reportUnreachable',
  summary: 'Say that the meeting’s controller cannot be reached',
  description:
    'By a participant, with its join token, also an expired one. When a majority of the participants says so the meeting moves to another controller; a user counts once, however often it has joined, and all guests count as one. Where the controller is found gone by the API as well, one report is enough.',
  request: { params },
  responses: {
    200: jsonContent('What became of the report', unreachableAnswerSchema),
    ...errorResponses(400, 403, 404, ...WRITE_ERRORS),
  },
});

export interface TrailRoutesOptions extends AssignOptions {
  readonly meetings: Meetings;
  readonly signingKeys: SigningKeys;
  readonly rateLimit: RateLimit;
}

/** Adds the routes to an app that has set `trace` and `log`, and `caller` but for the reports. */
export function addTrailRoutes(app: OpenAPIHono<AppEnv>, options: TrailRoutesOptions): void {
  const { meetings, stores } = options;
  app.openapi(listEvents, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    context.set('subject', { meeting_id: meetingId });
    const { after, limit } = context.req.valid('query');
    const { events, lastSequence } = await meetings.events(
      context.get('caller').orgId,
      meetingId,
      after,
      limit,
    );
    return context.json({ events: events.map(toMeetingEventBody), last_sequence: lastSequence }, 200);
  });

  app.openapi(reportUnreachableRoute, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    const token = bearerToken(context.req.raw);
    if (!token.ok) throw unauthorized(context, token.reason);
    const claims = await readClaims(options, token.value);
    if (claims === undefined) throw unauthorized(context, 'Join token is not valid');
    context.set('subject', { meeting_id: meetingId, participant_id: claims.sub });
    await options.rateLimit.count(context, 'participant', claims.sub);
    const record = await stores.meetings.get(meetingId);
    if (record === undefined) throw new ApiError('NOT_FOUND', `No meeting "${meetingId}"`);
    const answer = await reportUnreachable(options, record, claims, {
      log: context.get('log'),
      trace: context.get('trace'),
    });
    return context.json(answer, 200);
  });
}

/** Claims of a token that is good, or was until lately; undefined for any other. */
async function readClaims(
  { signingKeys, clock }: TrailRoutesOptions,
  token: string,
): Promise<JoinClaims | undefined> {
  const keys = keySetResolver(signingKeys.publicKeys());
  const now = new Date(clock.epochMs());
  const verified = await verifyJoinToken(token, keys, now, { expiredForSeconds: REPORT_TOKEN_AGE_SECONDS });
  return verified.ok ? verified.value : undefined;
}
