// Joins that arrive together, in several global controllers over one table, with meeting controllers on the network.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GlobalControllerApp } from '../../functions/app.ts';
import type { Assignment } from '../../functions/assignment/Assignment.ts';
import { createHttpsControllerClient } from '../../functions/controllers/httpsControllerClient.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { createPinnedClient, type PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { verifyJoinToken } from '../../shared/token/joinToken.ts';
import { keySetResolver } from '../../shared/token/signingKey.ts';
import { ControlPlane, REGION } from '../unit/functions/support/ControlPlane.ts';
import { HttpsController } from '../unit/functions/support/HttpsController.ts';

const JOINS = 50;
const GLOBAL_CONTROLLERS = 5;
const CONTROLLERS = 6;
const HANDLERS = Array.from({ length: 8 }, (_, i) => `mh-${i}`);
const zoneOf = (id: string): string => `zone-${Number(id.slice(3)) % 2}`;

let plane: ControlPlane;
let controllers: HttpsController[];
let clients: PinnedClient[];
let apps: GlobalControllerApp[];

beforeEach(async () => {
  plane = await ControlPlane.start();
  controllers = await Promise.all(
    Array.from({ length: CONTROLLERS }, (_, i) =>
      HttpsController.start({
        id: `mc-${i}`,
        signingKeys: plane.signingKeys,
        now: () => new Date(plane.clock.nowMs),
      }),
    ),
  );
  clients = [];
  apps = Array.from({ length: GLOBAL_CONTROLLERS }, () => {
    const https = createPinnedClient({ timeoutMs: 5_000, maxSockets: 8 });
    clients.push(https);
    return plane.createApp({
      controllerClient: createHttpsControllerClient({
        https,
        signingKeys: plane.signingKeys,
        clock: plane.clock,
      }),
    });
  });
  // So many that two global controllers hardly ever draw the same.
  for (const id of HANDLERS) await plane.addHandler(id, { zone: zoneOf(id) });
  for (const { id, registration } of controllers) await plane.addController(id, registration);
});

afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(controllers.map((controller) => controller.stop()));
  await plane.stop();
});

/** All joins at once, spread over the global controllers; the distinct assignments that they were answered. */
async function joinTogether(meetingId: string): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: JOINS }, (_, i) => plane.join(meetingId, apps[i % apps.length])),
  );
  const keys = keySetResolver(plane.signingKeys.publicKeys());
  const participants = new Set<string>();
  const assignments = new Set<string>();
  for (const answer of answers) {
    const body = (await answer.json()) as { join_token: string; meeting_controller_url: string };
    expect(answer.status, JSON.stringify(body)).toBe(200);
    const claims = await verifyJoinToken(body.join_token, keys, new Date(plane.clock.nowMs));
    if (!claims.ok) throw new Error(claims.reason);
    participants.add(claims.value.sub);
    const { controller_id, generation } = claims.value;
    assignments.add(`${controller_id} generation ${generation} at ${body.meeting_controller_url}`);
  }
  expect(participants.size).toBe(JOINS);
  return [...assignments];
}

async function assignmentOf(meetingId: string): Promise<Assignment | undefined> {
  return (await plane.stores.meetings.get(meetingId as MeetingId))?.assignments[REGION];
}

async function recordOf(meetingId: string): Promise<string> {
  const record = await assignmentOf(meetingId);
  if (record === undefined) throw new Error('There is no assignment');
  const { controllerId, generation } = record;
  const controller = controllers.find(({ id }) => id === controllerId);
  return `${controllerId} generation ${generation} at ${controller?.registration.webtransport_url}`;
}

function holders(meetingId: string): string[] {
  return controllers.filter(({ held }) => held.has(meetingId)).map(({ id }) => id);
}

/** The media handlers that the record names are those that the controller uses (GC-7). */
async function expectSameHandlers(meetingId: string): Promise<void> {
  const record = await assignmentOf(meetingId);
  const holder = controllers.find(({ id }) => id === record?.controllerId);
  expect(holder?.held.get(meetingId)).toEqual({
    generation: record?.generation,
    handlerIds: record?.mediaHandlers.map(({ handlerId }) => handlerId),
  });
  expect(record?.mediaHandlers.map(({ role }) => role)).toEqual(['PRIMARY', 'BACKUP']);
}

describe('joins that race', () => {
  it('GC-7 name the media handlers that the controller uses, when processes that draw others ask the same one', async () => {
    for (const { id } of controllers.slice(1)) await plane.sendHeartbeat(id, { health: 'DRAINING' });
    const [controller] = controllers;
    if (controller === undefined) throw new Error('There is no controller');
    for (let i = 0; i < 3; i++) {
      const meetingId = `race-${i}`;
      await plane.createMeeting(meetingId);
      // Who asked first hears last: somebody who drew other handlers writes the record.
      let questions = 0;
      controller.beforeAnswer = async () => {
        questions++;
        if (questions > 1) return;
        await expect.poll(() => assignmentOf(meetingId), { interval: 5, timeout: 4_000 }).toBeDefined();
      };
      expect(await joinTogether(meetingId)).toHaveLength(1);
      expect(questions).toBeGreaterThan(1);
      await expectSameHandlers(meetingId);
    }
  });

  it('GC-7 get one assignment, which one controller holds, however often it is tried', async () => {
    for (let i = 0; i < 5; i++) {
      const meetingId = `race-${i}`;
      await plane.createMeeting(meetingId);
      const assignments = await joinTogether(meetingId);
      expect(assignments).toEqual([await recordOf(meetingId)]);
      expect(assignments[0]).toContain('generation 1 ');
      expect(holders(meetingId)).toHaveLength(1);
      expect(assignments[0]).toContain(`${holders(meetingId)[0]} `);
      await expectSameHandlers(meetingId);
    }
    // Five processes asked, not fifty joins; and those over kept connections.
    const asked = controllers.reduce((sum, controller) => sum + controller.asked, 0);
    expect(asked).toBeLessThanOrEqual(5 * GLOBAL_CONTROLLERS);
    for (const { connections } of controllers)
      expect(connections).toBeLessThanOrEqual(GLOBAL_CONTROLLERS * 2);
  });

  it.each(['rejects', 'hangs', 'dies'] as const)(
    'GC-6 GC-7 get one assignment when two controllers in six are such that each %s',
    async (temper) => {
      for (const controller of controllers.slice(0, 2)) controller.temper = temper;
      await plane.createMeeting('race');
      const assignments = await joinTogether('race');
      expect(assignments).toEqual([await recordOf('race')]);
      expect(holders('race')).toHaveLength(1);
      for (const controller of controllers.slice(0, 2))
        expect(assignments[0]).not.toContain(`${controller.id} `);
    },
  );

  it('GC-8 get one replacement when the controller has died, in the next generation', async () => {
    await plane.createMeeting('race');
    const [before = ''] = await joinTogether('race');
    const dead = controllers.find(({ id }) => before.startsWith(`${id} `));
    await dead?.stop();
    plane.clock.advance(31_000);
    for (const id of HANDLERS) await plane.reportHandler(id);
    for (const { id } of controllers) if (id !== dead?.id) await plane.sendHeartbeat(id);
    const after = await joinTogether('race');
    expect(after).toEqual([await recordOf('race')]);
    expect(after[0]).toContain('generation 2 ');
    expect(holders('race').filter((id) => id !== dead?.id)).toHaveLength(1);
  });

  it('GC-8 get the meeting back where its controller has started anew', async () => {
    await plane.createMeeting('race');
    const before = await joinTogether('race');
    const restarted = controllers.find(({ id }) => before[0]?.startsWith(`${id} `));
    if (restarted === undefined) throw new Error('Nobody serves');
    restarted.held.clear();
    await plane.addController(restarted.id, restarted.registration);
    expect(await joinTogether('race')).toEqual(before);
    expect(holders('race')).toEqual([restarted.id]);
  });

  it('GC-6 are told to come back when no controller takes the meeting, and get in when one does', async () => {
    for (const controller of controllers) controller.temper = 'rejects';
    await plane.createMeeting('race');
    const refused = await Promise.all(Array.from({ length: 10 }, (_, i) => plane.join('race', apps[i % 5])));
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('5');
    }
    expect(await assignmentOf('race')).toBe(undefined);
    for (const controller of controllers) controller.temper = 'accepts';
    expect(await joinTogether('race')).toHaveLength(1);
  });

  it('GC-13 leave no controller with the meeting when it ends while they arrive', async () => {
    await plane.createMeeting('race');
    const joins = Array.from({ length: JOINS }, (_, i) => plane.join('race', apps[i % apps.length]));
    const end = await plane.post('/api/v1/meetings/race/end', undefined, apps[0]);
    expect(end.status).toBe(200);
    for (const response of await Promise.all(joins)) expect([200, 404]).toContain(response.status);
    expect((await plane.join('race')).status).toBe(404);
    expect(holders('race')).toEqual([]);
  });
});
