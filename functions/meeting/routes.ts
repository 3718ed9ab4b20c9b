// REST routes of meetings (ledger GC-14).
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { IDEMPOTENCY_KEY_HEADER } from '../../shared/api/idempotency.ts';
import {
  createMeetingSchema,
  listMeetingsQuerySchema,
  type MeetingListBody,
  meetingListSchema,
  meetingSchema,
  updateMeetingSchema,
} from '../../shared/api/meeting.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { BODY_ERRORS, errorResponse, errorResponses, jsonContent, WRITE_ERRORS } from '../http/responses.ts';
import { withScope } from '../http/security.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { createOnce, type IdempotentCreateOptions } from './idempotentCreate.ts';
import { toMeetingBody } from './Meeting.ts';
import { meetingParams } from './meetingParams.ts';

const byId = `${gcPaths.meetings}/{meeting_id}`;
const shared = { tags: ['Meetings'] };

const createMeeting = createRoute({
  ...shared,
  ...withScope('meetings:write'),
  method: 'post',
  path: gcPaths.meetings,
  operationId: 'createMeeting',
  summary: 'Create a meeting',
  description:
    'With an id of your choice, or one that is made up and easy to read out. With an `Idempotency-Key`, the same request again has the same answer for 24 hours. Without one it is refused with 409, since the id is taken: `repeated` in the details is true where that meeting is your own and as you ask for it, which it is when only the answer was lost.',
  request: {
    headers: z.object({
      'idempotency-key': z.string().optional().meta({
        description: 'Names the request, such as a UUID.',
        example: '8e03978e-40d5-43e8-bc93-6894a57f9324',
      }),
    }),
    body: { required: true, ...jsonContent('What the meeting is like', createMeetingSchema) },
  },
  responses: {
    201: jsonContent('The meeting', meetingSchema),
    ...errorResponses(403, 422, ...WRITE_ERRORS, ...BODY_ERRORS),
    409: errorResponse(
      'There is a meeting of that id; `details.repeated` tells whether the caller has made the same one',
    ),
  },
});

const listMeetings = createRoute({
  ...shared,
  ...withScope('meetings:read'),
  method: 'get',
  path: gcPaths.meetings,
  operationId: 'listMeetings',
  summary: 'List meetings',
  description:
    'The latest created first; without a status, those that are active come before those that have ended.',
  request: { query: listMeetingsQuerySchema },
  responses: { 200: jsonContent('One page of meetings', meetingListSchema), ...errorResponses(400, 403) },
});

const getMeeting = createRoute({
  ...shared,
  ...withScope('meetings:read'),
  method: 'get',
  path: byId,
  operationId: 'getMeeting',
  summary: 'Look a meeting up',
  request: { params: meetingParams },
  responses: { 200: jsonContent('The meeting', meetingSchema), ...errorResponses(400, 403, 404) },
});

const updateMeeting = createRoute({
  ...shared,
  ...withScope('meetings:write'),
  method: 'patch',
  path: byId,
  operationId: 'updateMeeting',
  summary: 'Change a meeting',
  description:
    'Fields that are left out stay. Those who are in the meeting stay as well: they are told, and the changes count at once for whoever joins. With 503 the meeting is changed, but who serves it could not be told: the same request again does that.',
  request: {
    params: meetingParams,
    body: { required: true, ...jsonContent('What changes', updateMeetingSchema) },
  },
  responses: {
    200: jsonContent('The meeting, changed', meetingSchema),
    ...errorResponses(403, 404, ...WRITE_ERRORS, ...BODY_ERRORS),
  },
});

const endMeeting = createRoute({
  ...shared,
  ...withScope('meetings:write'),
  method: 'post',
  path: `${byId}/end`,
  operationId: 'endMeeting',
  summary: 'End a meeting for everyone',
  description: 'Nobody can join it again. Ending a meeting that has ended is not an error.',
  request: { params: meetingParams },
  responses: {
    200: jsonContent('The meeting, ended', meetingSchema),
    ...errorResponses(400, 403, 404, ...WRITE_ERRORS),
  },
});

export type MeetingRoutesOptions = IdempotentCreateOptions;

/** Adds the routes to an app that has set `caller`, `trace` and `log`. */
export function addMeetingRoutes(
  app: OpenAPIHono<AppEnv>,
  { meetings, idempotency, clock, random }: MeetingRoutesOptions,
): void {
  app.openapi(createMeeting, async (context) => {
    const caller = context.get('caller');
    const request = context.req.valid('json');
    const key = context.req.header(IDEMPOTENCY_KEY_HEADER);
    const meeting =
      key === undefined
        ? toMeetingBody(await meetings.create(caller, request))
        : await createOnce({ meetings, idempotency, clock, random }, caller, key, request);
    context.set('subject', { meeting_id: meeting.meeting_id });
    context.get('log').info('Meeting created', { meeting_id: meeting.meeting_id });
    context.header('location', gcPaths.meeting(meeting.meeting_id));
    return context.json(meeting, 201);
  });

  app.openapi(listMeetings, async (context) => {
    const { status, limit, cursor } = context.req.valid('query');
    const page = await meetings.list({
      orgId: context.get('caller').orgId,
      status,
      limit,
      after: cursor === undefined ? undefined : decodeCursor(cursor),
    });
    const body: MeetingListBody = {
      meetings: page.meetings.map(toMeetingBody),
      ...(page.next && { next_cursor: encodeCursor(page.next) }),
    };
    return context.json(body, 200);
  });

  app.openapi(getMeeting, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    context.set('subject', { meeting_id: meetingId });
    return context.json(toMeetingBody(await meetings.get(context.get('caller').orgId, meetingId)), 200);
  });

  app.openapi(updateMeeting, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    context.set('subject', { meeting_id: meetingId });
    const changes = context.req.valid('json');
    const { orgId } = context.get('caller');
    const meeting = await meetings.update(
      orgId,
      meetingId,
      changes,
      context.get('log'),
      context.get('trace'),
    );
    context.get('log').info('Meeting changed', { meeting_id: meetingId });
    return context.json(toMeetingBody(meeting), 200);
  });

  app.openapi(endMeeting, async (context) => {
    const meetingId = context.req.valid('param').meeting_id as MeetingId;
    context.set('subject', { meeting_id: meetingId });
    const { orgId } = context.get('caller');
    const ended = await meetings.end(orgId, meetingId, context.get('log'), context.get('trace'));
    return context.json(toMeetingBody(ended), 200);
  });
}
