// REST routes into a meeting (ledger GC-15, GC-16): for users, for guests, and for those who are in and stay.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import { guestChallengeSchema } from '../../shared/api/guest.ts';
import {
  type JoinMeeting,
  joinAnswerSchema,
  joinMeetingQuerySchema,
  joinMeetingSchema,
  refreshJoinSchema,
} from '../../shared/api/meeting.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { keySetResolver } from '../../shared/token/signingKey.ts';
import type { HumanCheck, HumanProof } from '../guest/HumanCheck.ts';
import { principalOf } from '../http/Access.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { checkScope, unauthorized } from '../http/requireAccess.ts';
import {
  BODY_ERRORS,
  errorResponses,
  jsonContent,
  openErrorResponses,
  WRITE_ERRORS,
} from '../http/responses.ts';
import { tokensWith, withScope } from '../http/security.ts';
import type { AccessStores } from '../token/AccessStores.ts';
import { sha256Hex } from '../token/ApiClients.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import { checkRoleOfGuest, roleOfUser } from './hostRole.ts';
import type { Join } from './join.ts';
import type { MeetingStore } from './MeetingStore.ts';
import type { Meetings } from './Meetings.ts';
import { meetingParams } from './meetingParams.ts';
import { checkRefresh, refreshJoin } from './refreshJoin.ts';

const joinPath = `${gcPaths.meetings}/{meeting_id}/join`;
const wayIn = jsonContent('The way in', joinAnswerSchema);

const joinMeeting = createRoute({
  tags: ['Joining'],
  security: [...tokensWith('meetings:join'), {}],
  method: 'post',
  path: joinPath,
  operationId: 'joinMeeting',
  summary: 'Join a meeting',
  description:
    'Answers where the meeting is served and a token that lets one participant in there. The first join finds the machines that serve it. Guests, who have no token of the organisation, may join where the meeting allows them, with a challenge solved. A host has to ask for it with `role`.',
  request: {
    params: meetingParams,
    body: { required: true, ...jsonContent('Who joins', joinMeetingSchema) },
  },
  responses: { 200: wayIn, ...errorResponses(403, 404, ...WRITE_ERRORS, ...BODY_ERRORS) },
});

const joinMeetingByLink = createRoute({
  ...withScope('meetings:join'),
  tags: ['Joining'],
  method: 'get',
  path: joinPath,
  operationId: 'joinMeetingByLink',
  summary: 'Join a meeting with a user’s token',
  description: 'As with POST, for clients that follow links.',
  request: { params: meetingParams, query: joinMeetingQuerySchema },
  responses: { 200: wayIn, ...errorResponses(400, 403, 404, 429) },
});

const refreshJoinToken = createRoute({
  tags: ['Joining'],
  security: [],
  method: 'post',
  path: `${joinPath}/refresh`,
  operationId: 'refreshJoin',
  summary: 'Get a new join token without leaving',
  description:
    'For the participant of the join token in the body, who stays the same. Also tells where the meeting is served now.',
  request: {
    params: meetingParams,
    body: { required: true, ...jsonContent('The join token', refreshJoinSchema) },
  },
  responses: { 200: wayIn, ...errorResponses(403, 404, ...WRITE_ERRORS, ...BODY_ERRORS) },
});

const createGuestChallenge = createRoute({
  tags: ['Joining'],
  security: [],
  method: 'post',
  path: `${gcPaths.meetings}/{meeting_id}/guest-challenges`,
  operationId: 'createGuestChallenge',
  summary: 'Ask what a guest has to solve',
  description:
    'The answer goes into `human_check` of the join. Does not tell whether there is such a meeting.',
  request: { params: meetingParams },
  responses: {
    200: jsonContent('What to solve', guestChallengeSchema),
    ...openErrorResponses(400, 413),
  },
});

export interface JoinRoutesOptions {
  readonly meetings: Meetings;
  readonly meetingStore: Pick<MeetingStore, 'get'>;
  readonly access: Pick<AccessStores, 'denylist' | 'removedParticipants'>;
  readonly join: Join;
  readonly humanCheck: HumanCheck;
  readonly signingKeys: SigningKeys;
  readonly rateLimit: RateLimit;
  readonly clock: Clock;
}

/** Adds the routes to an app that has set `caller` for users and left it out for guests. */
export function addJoinRoutes(app: OpenAPIHono<AppEnv>, options: JoinRoutesOptions): void {
  const { meetings, meetingStore, access, join, humanCheck, signingKeys, rateLimit, clock } = options;
  const refreshing = {
    meetings: meetingStore,
    access,
    join,
    clock,
    keys: keySetResolver(signingKeys.publicKeys()),
  };

  app.openapi(joinMeeting, async (context) => {
    const meetingId = meetingOf(context, context.req.valid('param').meeting_id);
    const request = context.req.valid('json');
    const caller = context.get('caller') as AppEnv['Variables']['caller'] | undefined;
    if (caller === undefined) return context.json(await joinAsGuest(context, meetingId, request), 200);
    checkScope(context, 'meetings:join');
    return context.json(await joinAsUser(context, meetingId, request), 200);
  });

  app.openapi(joinMeetingByLink, async (context) => {
    const meetingId = meetingOf(context, context.req.valid('param').meeting_id);
    const caller = context.get('caller');
    await rateLimit.count(context, caller.orgId, principalOf(caller));
    return context.json(await joinAsUser(context, meetingId, context.req.valid('query')), 200);
  });

  app.openapi(refreshJoinToken, async (context) => {
    const meetingId = meetingOf(context, context.req.valid('param').meeting_id);
    const log = context.get('log');
    const claims = await checkRefresh(refreshing, meetingId, context.req.valid('json').join_token, log);
    await rateLimit.count(context, 'participant', claims.sub);
    return context.json(await refreshJoin(refreshing, claims, log, context.get('trace')), 200);
  });

  app.openapi(createGuestChallenge, async (context) => {
    const meetingId = meetingOf(context, context.req.valid('param').meeting_id);
    return context.json(await humanCheck.challenge(meetingId), 200);
  });

  async function joinAsUser(context: Context<AppEnv>, meetingId: MeetingId, request: Wish) {
    const caller = context.get('caller');
    const { orgId, issuer, subject, isAnyone } = caller;
    const meeting = await meetings.get(orgId, meetingId);
    const role = roleOfUser(context, meeting, request.role);
    const joining = {
      displayName: request.display_name,
      user: {
        org_id: orgId,
        subject,
        ...(issuer !== undefined && { principal: await sha256Hex(principalOf(caller)) }),
        joined_at: Math.floor(clock.epochMs() / 1_000),
        ...(isAnyone && { anyone: true as const }),
      },
      ...(role && { role }),
    };
    return await join(meeting, joining, context.get('log'), context.get('trace'));
  }

  async function joinAsGuest(
    context: Context<AppEnv>,
    meetingId: MeetingId,
    { display_name: displayName, role, human_check: answer }: JoinMeeting,
  ) {
    const meeting = await meetingStore.get(meetingId);
    // A meeting without guests looks like none at all: ids tell nothing to those who guess them.
    if (meeting?.allowGuests !== true)
      throw unauthorized(context, 'Only users may join here: send a user token');
    checkRoleOfGuest(role);
    const human = await humanCheck.verify(meetingId, answer);
    if (!human.ok)
      throw new ApiError('FORBIDDEN', human.reason, {
        details: { challenges: gcPaths.guestChallenges(meetingId) },
      });
    try {
      // Of those who have done the work only: nobody else is to use up what guests of the meeting have.
      await rateLimit.count(context, 'guests', meetingId);
      return await join(meeting, { displayName }, context.get('log'), context.get('trace'));
    } catch (error) {
      await giveBack(human.value, context);
      throw error;
    }
  }
}

/** The work of a guest who is to try again counts then too, a bounded number of times. Never rejects. */
async function giveBack(proof: HumanProof, context: Context<AppEnv>): Promise<void> {
  try {
    await proof.giveBack();
  } catch (error) {
    context.get('log').warn('Guest who was not let in has to solve another challenge', { error });
  }
}

/** What a join asks for, by either route. */
type Wish = Pick<JoinMeeting, 'display_name' | 'role'>;

function meetingOf(context: Context<AppEnv>, meetingId: string): MeetingId {
  context.set('subject', { meeting_id: meetingId });
  return meetingId as MeetingId;
}
