// How to call each route well, by operation id, and how to reach the statuses that no general rule reaches. A route that
// is new needs a recipe here: the test of the document fails without.
import type { GlobalControllerApp } from '../../../../../functions/app.ts';
import type { EpochMs } from '../../../../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../../../../shared/base/ids.ts';
import {
  controllerRegistration,
  handlerRegistration,
  loadReport,
  NODE_TOKEN,
} from '../../support/ControlPlane.ts';
import { CLIENT_SECRET, type RouteSystem } from './RouteSystem.ts';

export type Credential = 'user' | 'node' | 'client' | 'join' | 'body' | 'none';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Recipe {
  readonly credential: Credential;
  readonly success: number;
  /** A call that succeeds; each one is of things of its own. */
  readonly call: (system: RouteSystem) => Promise<Call>;
  /** Calls that are refused with these statuses. */
  readonly others?: Readonly<Record<number, (system: RouteSystem) => Promise<Call>>>;
  /** Whether the thing asked for belongs to an organisation, so that others do not find it. */
  readonly ofOrg?: boolean;
  /** Whether it also answers whoever shows nothing. */
  readonly openToGuests?: boolean;
  /** Of a route that takes a join token. */
  readonly participant?: {
    /** A call that succeeds with a host's good token of a meeting that is served. */
    readonly call: (meetingId: string, joinToken: string) => Call;
    /** Status for a good token of another meeting. */
    readonly elsewhere: 401 | 403;
  };
}

const JSON_TYPE = 'application/json';
let made = 0;

/** An id that no other call uses. */
function fresh(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

async function user(system: RouteSystem, method: string, path: string, body?: unknown): Promise<Call> {
  const { authorization = '' } = await system.userHeaders();
  return withBody({ method, path, headers: { authorization } }, body);
}

function withBody(call: Call, body: unknown): Call {
  if (body === undefined) return call;
  return { ...call, headers: { ...call.headers, 'content-type': JSON_TYPE }, body: JSON.stringify(body) };
}

function node(path: string, body: unknown): Call {
  return withBody({ method: 'POST', path, headers: { authorization: `Bearer ${NODE_TOKEN}` } }, body);
}

export async function freshMeeting(system: RouteSystem, options = {}): Promise<string> {
  const id = fresh('meeting');
  await system.meeting(id, options);
  return id;
}

const controllers = '/api/v1/meeting-controllers';
const handlers = '/api/v1/media-handlers';
const meetings = '/api/v1/meetings';

/** A route below a meeting. */
function ofMeeting(
  method: string,
  suffix: string,
  options: {
    readonly body?: unknown;
    readonly query?: string;
    readonly joined?: boolean;
    readonly others?: Recipe['others'];
  } = {},
): Recipe {
  const path = (id: string): string => `${meetings}/${id}${suffix}${options.query ?? ''}`;
  return {
    credential: 'user',
    success: 200,
    ofOrg: true,
    call: async (system) =>
      await user(
        system,
        method,
        path(await freshMeeting(system, { joined: options.joined === true })),
        options.body,
      ),
    others: {
      400: (system) => user(system, method, path('%20'), options.body),
      404: (system) => user(system, method, path('none'), options.body),
      ...options.others,
    },
  };
}

function drain(path: string, method: string): Recipe {
  return {
    credential: 'user',
    success: 200,
    call: async (system) => {
      const id = fresh('node');
      await (path === handlers
        ? system.plane.addHandler(id, { region: 'elsewhere' })
        : system.plane.addController(id, { region: 'elsewhere' }));
      return await user(system, method, `${path}/${id}/drain`);
    },
    others: {
      400: (system) => user(system, method, `${path}/%20/drain`),
      404: (system) => user(system, method, `${path}/none/drain`),
    },
  };
}

/** A notice of a controller about a meeting that it serves. */
function notice(suffix: string, more: Readonly<Record<string, unknown>> = {}): Recipe {
  const path = `${controllers}/mc-1/${suffix}`;
  const body = (meetingId: string, generation = 1) => ({
    controller_id: 'mc-1',
    meeting_id: meetingId,
    generation,
    ...more,
  });
  return {
    credential: 'node',
    success: 200,
    call: async (system) => node(path, body(await freshMeeting(system, { joined: true }))),
    others: {
      404: async () => node(path, body('none')),
      409: async (system) => node(path, body(await freshMeeting(system, { joined: true }), 7)),
    },
  };
}

function report(
  path: string,
  idName: string,
  make: (id: string) => object,
  add: (system: RouteSystem, id: string) => Promise<void>,
  suffix: string,
): Recipe {
  return {
    credential: 'node',
    success: 200,
    call: async (system) => {
      const id = fresh('node');
      await add(system, id);
      return node(`${path}/${id}/${suffix}`, make(id));
    },
    others: { 404: async () => node(`${path}/none/${suffix}`, { ...make('none'), [idName]: 'none' }) },
  };
}

const form = (fields: Record<string, string>): Call => ({
  method: 'POST',
  path: '/api/v1/auth/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

const refresh = (meetingId: string, joinToken: string): Call => ({
  method: 'POST',
  path: `${meetings}/${meetingId}/join/refresh`,
  headers: { 'content-type': JSON_TYPE },
  body: JSON.stringify({ join_token: joinToken }),
});

const bearing = (method: string, path: string, joinToken: string): Call => ({
  method,
  path,
  headers: { authorization: `Bearer ${joinToken}` },
});

const unreachableWith = (meetingId: string, joinToken: string): Call =>
  bearing('POST', `${meetings}/${meetingId}/unreachable`, joinToken);

const unreachable = async (system: RouteSystem, meetingId: string, tokenOf = meetingId): Promise<Call> =>
  unreachableWith(meetingId, await system.joinToken(tokenOf, fresh('participant')));

async function removed(system: RouteSystem, meetingId: string, participantId: string): Promise<void> {
  const untilMs = (system.plane.clock.nowMs + 600_000) as EpochMs;
  const { removedParticipants } = system.plane.stores.access;
  await removedParticipants.add(meetingId as MeetingId, participantId as ParticipantId, untilMs);
}

export const RECIPES: Readonly<Record<string, Recipe>> = {
  createMeeting: {
    credential: 'user',
    success: 201,
    call: (system) => user(system, 'POST', meetings, { meeting_id: fresh('meeting') }),
    others: {
      409: async (system) => user(system, 'POST', meetings, { meeting_id: await freshMeeting(system) }),
      422: async (system) => {
        const call = await user(system, 'POST', meetings, { display_name: 'One' });
        const headers = { ...call.headers, 'idempotency-key': fresh('key') };
        await system.app.request(call.path, { ...call, headers });
        return { ...call, headers, body: '{"display_name":"Two"}' };
      },
    },
  },
  listMeetings: {
    credential: 'user',
    success: 200,
    call: (system) => user(system, 'GET', `${meetings}?limit=1`),
    others: { 400: (system) => user(system, 'GET', `${meetings}?limit=0`) },
  },
  getMeeting: ofMeeting('GET', ''),
  updateMeeting: ofMeeting('PATCH', '', { body: { display_name: 'Renamed' } }),
  endMeeting: ofMeeting('POST', '/end'),
  joinMeeting: { ...ofMeeting('POST', '/join', { body: { display_name: 'Ada' } }), openToGuests: true },
  joinMeetingByLink: ofMeeting('GET', '/join', { query: '?display_name=Ada' }),
  refreshJoin: {
    credential: 'body',
    success: 200,
    participant: { call: refresh, elsewhere: 401 },
    call: async (system) => {
      const id = await freshMeeting(system);
      return await refresh(id, await system.join(id));
    },
    others: {
      401: async (system) => {
        const id = await freshMeeting(system);
        return await refresh(id, await system.joinToken(id, 'p-1', system.nowSeconds - 666));
      },
      403: async (system) => {
        const id = await freshMeeting(system);
        await removed(system, id, 'p-1');
        return await refresh(id, await system.joinToken(id, 'p-1'));
      },
      404: async (system) => refresh('none', await system.joinToken('none', 'p-1')),
    },
  },
  createGuestChallenge: {
    credential: 'none',
    success: 200,
    call: async () => ({ method: 'POST', path: `${meetings}/any/guest-challenges`, headers: {} }),
    others: { 400: async () => ({ method: 'POST', path: `${meetings}/%20/guest-challenges`, headers: {} }) },
  },
  listParticipants: ofMeeting('GET', '/participants', { joined: true }),
  removeParticipant: {
    ...ofMeeting('DELETE', '/participants/p-1', { joined: true }),
    participant: {
      call: (id, token) => bearing('DELETE', `${meetings}/${id}/participants/p-1`, token),
      elsewhere: 401,
    },
  },
  issueToken: {
    credential: 'client',
    success: 200,
    openToGuests: true,
    call: async () =>
      form({ grant_type: 'client_credentials', client_id: 'backend', client_secret: CLIENT_SECRET }),
    others: {
      400: async () => form({ grant_type: 'password' }),
      401: async () =>
        form({ grant_type: 'client_credentials', client_id: 'backend', client_secret: 'wrong' }),
    },
  },
  revokeTokens: {
    credential: 'user',
    success: 200,
    call: (system) => user(system, 'POST', '/api/v1/auth/revocations', { subject: fresh('subject') }),
  },
  listMeetingEvents: ofMeeting('GET', '/events'),
  reportUnreachable: {
    credential: 'join',
    success: 200,
    participant: { call: unreachableWith, elsewhere: 403 },
    call: async (system) => unreachable(system, await freshMeeting(system, { joined: true })),
    others: {
      400: async (system) => ({ ...(await unreachable(system, 'any')), path: `${meetings}/%20/unreachable` }),
      401: async () => ({ method: 'POST', path: `${meetings}/any/unreachable`, headers: {} }),
      403: async (system) => unreachable(system, await freshMeeting(system, { joined: true }), 'other'),
      404: (system) => unreachable(system, 'none'),
    },
  },
  requestMhReplacement: notice('handler-replacements', { failed: [{ handler_id: 'mh-1', reason: 'lost' }] }),
  reportPresence: {
    credential: 'node',
    success: 200,
    call: async () => node(`${controllers}/mc-1/presence`, { controller_id: 'mc-1', meetings: [] }),
    others: {
      404: async () => node(`${controllers}/none/presence`, { controller_id: 'none', meetings: [] }),
    },
  },
  reportEndedMeeting: notice('ended-meetings'),
  reportHostMute: notice('host-mutes', { participant_id: 'p-1', audio: true, video: false }),
  registerMediaHandler: {
    credential: 'node',
    success: 200,
    call: async () => node(handlers, handlerRegistration(fresh('node'), { region: 'elsewhere' })),
  },
  reportMediaHandlerLoad: report(
    handlers,
    'handler_id',
    (id) => loadReport(id),
    (system, id) => system.plane.addHandler(id, { region: 'elsewhere' }),
    'load-reports',
  ),
  registerMeetingController: {
    credential: 'node',
    success: 200,
    call: async () => node(controllers, controllerRegistration(fresh('node'), { region: 'elsewhere' })),
  },
  sendHeartbeat: report(
    controllers,
    'controller_id',
    (id) => ({ controller_id: id, health: 'HEALTHY' }),
    (system, id) => system.plane.addController(id, { region: 'elsewhere' }),
    'heartbeats',
  ),
  drainMediaHandler: drain(handlers, 'POST'),
  undrainMediaHandler: drain(handlers, 'DELETE'),
  drainMeetingController: drain(controllers, 'POST'),
  undrainMeetingController: drain(controllers, 'DELETE'),
  listNodes: {
    credential: 'user',
    success: 200,
    call: (system) => user(system, 'GET', '/api/v1/nodes?limit=1'),
    others: { 400: (system) => user(system, 'GET', '/api/v1/nodes?cursor=%20') },
  },
  getHealth: {
    credential: 'none',
    success: 200,
    call: async () => ({ method: 'GET', path: '/health', headers: {} }),
  },
};

export async function send(
  app: GlobalControllerApp,
  { method, path, headers, body }: Call,
): Promise<Response> {
  return await app.request(path, { method, headers: { ...headers }, ...(body !== undefined && { body }) });
}
