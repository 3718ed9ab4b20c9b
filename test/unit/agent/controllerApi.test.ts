import { beforeEach, describe, expect, it } from 'vitest';
import { addControllerApi } from '../../../media-node/agent/controllerApi.ts';
import { InternalHttp } from '../../../media-node/agent/internalHttp.ts';
import { PROTOBUF } from '../../../media-node/agent/mediaTypes.ts';
import { controllerSchema } from '../../../shared/api/controller.ts';
import { ApiError } from '../../../shared/api/error.ts';
import type { AssignMeeting } from '../../../shared/api/node.ts';
import { controllerPaths } from '../../../shared/api/paths.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { controlPlane } from '../../../shared/control-plane/messages.ts';
import { controllerAudience, MEDIA_HANDLER_AUDIENCE } from '../../../shared/token/nodeToken.ts';
import { createTokens } from './fixtures/nodeTokens.ts';

const ASSIGNMENT: AssignMeeting = {
  meeting_id: 'm1',
  config: { display_name: 'Weekly', max_participants: 12 },
  media_handlers: [
    {
      handler_id: 'mh-1',
      role: 'PRIMARY',
      webtransport_url: 'https://127.0.0.1:4433/media',
      internal_url: 'https://127.0.0.1:8443',
      certificate_hashes: [`${'A'.repeat(43)}=`],
    },
    {
      handler_id: 'mh-2',
      role: 'BACKUP',
      webtransport_url: 'https://127.0.0.1:4434/media',
      internal_url: 'https://127.0.0.1:8444',
      certificate_hashes: [`${'B'.repeat(43)}=`, `${'C'.repeat(43)}=`],
    },
  ],
  generation: 3,
  requested_by: 'gc-1',
  removed_participant_ids: ['p-9'],
  host_mutes: [{ participant_id: 'p-8', audio: true, video: false }],
};

let http: InternalHttp;
let token: string;
let tokens: Awaited<ReturnType<typeof createTokens>>;
let workerRuns: boolean;
const calls: { name: string; request: unknown }[] = [];
let outcome: () => unknown;

beforeEach(async () => {
  calls.length = 0;
  workerRuns = true;
  outcome = () => ({ accepted: true, rejection: 'NONE' });
  tokens = await createTokens();
  token = await tokens.sign(controllerAudience('mc-1'));
  http = new InternalHttp(silentLogger);
  const call = async (name: string, request: unknown): Promise<never> => {
    calls.push({ name, request });
    return outcome() as never;
  };
  addControllerApi(http, {
    worker: () => (workerRuns ? { call, pid: 41, udpPort: 4433 } : undefined),
    authorize: tokens.credentials.authorizer(controllerAudience('mc-1')),
    authorizeHandler: tokens.credentials.authorizer(MEDIA_HANDLER_AUDIENCE),
  });
});

async function post(path: string, type: string, body: BodyInit, bearer = token): Promise<Response> {
  return await http.fetch(
    new Request(`https://controller${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': type },
      body,
    }),
  );
}

const json = (path: string, body: unknown, bearer?: string) =>
  post(path, 'application/json', JSON.stringify(body), bearer);

function assignmentBytes(): Uint8Array<ArrayBuffer> {
  const message = controlPlane.AssignMeeting.fromObject(ASSIGNMENT);
  return new Uint8Array(controlPlane.AssignMeeting.encode(message).finish());
}

describe('internal API of a meeting controller', () => {
  it('GC-6 passes an assignment in JSON to the controller worker and its answer back', async () => {
    const response = await json(controllerPaths.assignMeeting, ASSIGNMENT);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ accepted: true, rejection: 'NONE' });
    expect(calls).toEqual([{ name: 'assignMeeting', request: ASSIGNMENT }]);
  });

  it('GC-6 takes the same assignment as protobuf and answers in protobuf', async () => {
    outcome = () => ({ accepted: false, rejection: 'AT_CAPACITY' });
    const response = await post(controllerPaths.assignMeeting, PROTOBUF, assignmentBytes());
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(PROTOBUF);
    const answer = controlPlane.AssignMeetingAnswer.decode(new Uint8Array(await response.arrayBuffer()));
    expect(answer.accepted).toBe(false);
    expect(answer.rejection).toBe(controlPlane.Rejection.AT_CAPACITY);
    expect(calls).toEqual([{ name: 'assignMeeting', request: ASSIGNMENT }]);
  });

  it('GC-6 ends a meeting, in either form', async () => {
    outcome = () => ({ ended: true });
    const end = { meeting_id: 'm1', generation: 3, reason: 'Ended by its host' };
    expect(await (await json(controllerPaths.endMeeting, end)).json()).toEqual({ ended: true });
    const bytes = controlPlane.EndMeeting.encode(controlPlane.EndMeeting.fromObject(end)).finish();
    const response = await post(controllerPaths.endMeeting, PROTOBUF, new Uint8Array(bytes));
    const answer = controlPlane.EndMeetingAnswer.decode(new Uint8Array(await response.arrayBuffer()));
    expect(answer.ended).toBe(true);
    expect(calls).toEqual([
      { name: 'endMeeting', request: end },
      { name: 'endMeeting', request: end },
    ]);
  });

  it('GC-14 changes a meeting, in either form', async () => {
    outcome = () => ({ updated: true });
    const update = {
      meeting_id: 'm1',
      generation: 3,
      config: { display_name: 'Weekly', max_participants: 2, version: 7 },
    };
    expect(await (await json(controllerPaths.updateMeetingConfig, update)).json()).toEqual({ updated: true });
    const message = controlPlane.UpdateMeetingConfig.fromObject(update);
    const bytes = controlPlane.UpdateMeetingConfig.encode(message).finish();
    const response = await post(controllerPaths.updateMeetingConfig, PROTOBUF, new Uint8Array(bytes));
    const answer = new Uint8Array(await response.arrayBuffer());
    expect(controlPlane.UpdateMeetingConfigAnswer.decode(answer).updated).toBe(true);
    expect(calls).toEqual(Array(2).fill({ name: 'updateMeetingConfig', request: update }));
  });

  it('GC-6 refuses a token that is for another controller or for media handlers', async () => {
    for (const audience of [controllerAudience('mc-2'), MEDIA_HANDLER_AUDIENCE]) {
      const response = await json(controllerPaths.assignMeeting, ASSIGNMENT, await tokens.sign(audience));
      expect(response.status).toBe(401);
    }
    expect(calls).toEqual([]);
  });

  it('MH-5 passes the quality alerts of a handler to the controller worker, when they are its own', async () => {
    outcome = () => ({ told: 1 });
    const alert = {
      router_id: 'r1',
      meeting_id: 'm1',
      participant_id: 'p1',
      user_id: 2,
      reason: 'loss',
      round_trip_ms: 30,
      loss_ratio: 0.1,
      delivered_bps: 400_000,
      budget_bps: 300_000,
    };
    const alerts = (handlerId: string, change = {}) => ({
      handler_id: handlerId,
      alerts: [{ ...alert, ...change }],
    });
    const own = await tokens.sign(MEDIA_HANDLER_AUDIENCE);
    const response = await json(controllerPaths.qualityAlerts, alerts('mc-1'), own);
    expect(await response.json()).toEqual({ told: 1 });
    expect((await json(controllerPaths.qualityAlerts, alerts('mh-2'), own)).status).toBe(403);
    expect((await json(controllerPaths.qualityAlerts, alerts('mc-1'), token)).status).toBe(401);
    for (const change of [{ loss_ratio: 2 }, { reason: 'mood' }, { user_id: 0 }])
      expect((await json(controllerPaths.qualityAlerts, alerts('mc-1', change), own)).status).toBe(400);
    expect(calls).toEqual([{ name: 'qualityAlerts', request: alerts('mc-1') }]);
  });

  it('SFU-9 passes the routers that a handler has lost to the controller worker, when they are its own', async () => {
    outcome = () => ({ recovering: 1 });
    const lost = (handlerId: string) => ({
      handler_id: handlerId,
      routers: [{ router_id: 'r1', meeting_id: 'm1' }],
      reason: 'SIGKILL',
    });
    // createTokens signs for the subject mc-1.
    const own = await tokens.sign(MEDIA_HANDLER_AUDIENCE);
    const response = await json(controllerPaths.routersLost, lost('mc-1'), own);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ recovering: 1 });
    expect((await json(controllerPaths.routersLost, lost('mh-2'), own)).status).toBe(403);
    expect((await json(controllerPaths.routersLost, lost('mc-1'), token)).status).toBe(401);
    expect((await json(controllerPaths.routersLost, { ...lost('mc-1'), routers: [] }, own)).status).toBe(400);
    expect(calls).toEqual([{ name: 'routersLost', request: lost('mc-1') }]);
  });

  it('SFU-9 passes the sessions that a handler has lost to the controller worker, when they are its own', async () => {
    outcome = () => ({ recovering: 1 });
    const lost = (handlerId: string) => ({
      handler_id: handlerId,
      transports: [{ router_id: 'r1', meeting_id: 'm1', transport_id: 't1' }],
    });
    const own = await tokens.sign(MEDIA_HANDLER_AUDIENCE);
    const response = await json(controllerPaths.transportsLost, lost('mc-1'), own);
    expect(await response.json()).toEqual({ recovering: 1 });
    expect((await json(controllerPaths.transportsLost, lost('mh-2'), own)).status).toBe(403);
    expect((await json(controllerPaths.transportsLost, lost('mc-1'), token)).status).toBe(401);
    expect(calls).toEqual([{ name: 'transportsLost', request: lost('mc-1') }]);
  });

  it('MC-5 MH-10 tells what the controller worker refused, to whom the controller accepts alone', async () => {
    const stats = { meetings: 2, participants: 5, cpu_us: 7, rss_bytes: 8, refusals: { tokenRefused: 3 } };
    outcome = () => stats;
    const get = (bearer: string) =>
      http.fetch(
        new Request(`https://controller${controllerPaths.controller}`, {
          headers: { authorization: `Bearer ${bearer}` },
        }),
      );
    for (const audience of [controllerAudience('mc-2'), MEDIA_HANDLER_AUDIENCE])
      expect((await get(await tokens.sign(audience))).status).toBe(401);
    expect(calls).toEqual([]);
    const response = await get(token);
    expect(response.status).toBe(200);
    const body = controllerSchema.parse(await response.json());
    expect(body).toEqual({ pid: 41, udp_port: 4433, ...stats });
    expect(calls).toEqual([{ name: 'stats', request: null }]);
    workerRuns = false;
    expect((await get(token)).status).toBe(503);
  });

  it('MH-10 refuses an assignment that is malformed, in either form, with the one error shape', async () => {
    const bodies: [string, BodyInit][] = [
      ['application/json', '{'],
      ['application/json', JSON.stringify({ ...ASSIGNMENT, media_handlers: [] })],
      ['application/json', JSON.stringify({ ...ASSIGNMENT, generation: 0 })],
      [PROTOBUF, new Uint8Array([0xff, 0xff, 0xff])],
      [PROTOBUF, assignmentBytes().slice(0, -2)],
      [PROTOBUF, new Uint8Array(0)],
    ];
    for (const [type, body] of bodies) {
      const response = await post(controllerPaths.assignMeeting, type, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
    }
    expect((await post(controllerPaths.assignMeeting, 'text/plain', 'x')).status).toBe(415);
    expect(calls).toEqual([]);
  });

  it('GC-6 answers with the error of the controller worker', async () => {
    outcome = () => {
      throw new ApiError('CONFLICT', 'Meeting "m1" has generation 4', { details: { generation: 4 } });
    };
    const response = await json(controllerPaths.assignMeeting, ASSIGNMENT);
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      error: { code: 'CONFLICT', message: 'Meeting "m1" has generation 4', details: { generation: 4 } },
    });
  });

  it('GC-6 answers 503 while the controller worker does not run', async () => {
    workerRuns = false;
    expect((await json(controllerPaths.assignMeeting, ASSIGNMENT)).status).toBe(503);
  });
});
