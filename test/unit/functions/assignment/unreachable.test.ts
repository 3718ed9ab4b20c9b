import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROBES_PER_WINDOW } from '../../../../functions/assignment/foundGone.ts';
import { reportsNeeded } from '../../../../functions/assignment/unreachable.ts';
import type { Access } from '../../../../functions/http/Access.ts';
import { ALL_SCOPES } from '../../../../shared/api/auth.ts';
import type { UnreachableAnswer } from '../../../../shared/api/controllerNotice.ts';
import { err, ok } from '../../../../shared/base/result.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

const MEETING = 'standup';
let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1');
  await plane.addController('mc-1');
  await plane.createMeeting(MEETING);
});

afterEach(async () => {
  await plane.stop();
});

async function token(meetingId = MEETING): Promise<string> {
  const response = await plane.join(meetingId);
  expect(response.status).toBe(200);
  return ((await response.json()) as { join_token: string }).join_token;
}

async function tokens(count: number): Promise<string[]> {
  return await Promise.all(Array.from({ length: count }, () => token()));
}

/** Of a user with a name of its own, or of a guest. */
async function tokenOf(subject: string | undefined, issuer?: string): Promise<string> {
  const access: Access = {
    identify: async () =>
      subject === undefined
        ? err('Authorization is missing')
        : ok({
            orgId: 'default',
            subject,
            ...(issuer !== undefined && { issuer }),
            scopes: new Set(ALL_SCOPES),
          }),
  };
  const app = plane.createApp({ access });
  const response = await app.request(`/api/v1/meetings/${MEETING}/join`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: 'Ada' }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { join_token: string }).join_token;
}

async function report(joinToken: string, meetingId = MEETING): Promise<Response> {
  return await plane.app.request(`/api/v1/meetings/${meetingId}/unreachable`, {
    method: 'POST',
    headers: { authorization: `Bearer ${joinToken}` },
  });
}

async function outcome(joinToken: string): Promise<UnreachableAnswer> {
  const response = await report(joinToken);
  expect(response.status).toBe(200);
  return (await response.json()) as UnreachableAnswer;
}

async function generation(): Promise<number | undefined> {
  const record = await plane.stores.meetings.get(MEETING as never);
  return Object.values(record?.assignments ?? {})[0]?.generation;
}

async function present(participants: number, controllerId = 'mc-1', assigned = 1): Promise<void> {
  const response = await plane.post(`/api/v1/meeting-controllers/${controllerId}/presence`, {
    controller_id: controllerId,
    meetings: [{ meeting_id: MEETING, generation: assigned, participants, empty_for_ms: 0 }],
  });
  expect(response.status).toBe(200);
}

describe('the majority', () => {
  it.each([
    [undefined, 2],
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [1_000, 501],
  ])('GC-17 of %s participants is %s', (participants, needed) => {
    expect(reportsNeeded(participants)).toBe(needed);
  });
});

describe('reports of an unreachable controller', () => {
  it('GC-17 move the meeting when a majority has made them, once, though heartbeats go on', async () => {
    const [first = '', second = '', third = '', late = ''] = await tokens(5);
    await present(5);
    await plane.addController('mc-2');
    expect(await outcome(first)).toEqual({ outcome: 'counted', reports: 1, needed: 3 });
    expect(await outcome(first)).toEqual({ outcome: 'counted', reports: 1, needed: 3 });
    expect(await outcome(second)).toEqual({ outcome: 'counted', reports: 2, needed: 3 });
    expect(await generation()).toBe(1);
    expect(await outcome(third)).toEqual({ outcome: 'moved', reports: 3, needed: 3 });
    expect(await generation()).toBe(2);
    expect(plane.controllers.holdersOf(MEETING)).toEqual(['mc-2']);
    // The one that was left is told, for those who still reach it.
    expect(plane.controllers.ended).toMatchObject([{ controllerId: 'mc-1', request: { generation: 1 } }]);
    // Whoever reports late means an assignment that is over.
    expect(await outcome(late)).toMatchObject({ outcome: 'obsolete' });
    expect(await generation()).toBe(2);
    const joined = (await (await plane.join(MEETING)).json()) as { meeting_controller_url: string };
    expect(joined.meeting_controller_url).toContain('mc-2');
  });

  it('GC-17 that all come at once move the meeting by one generation', async () => {
    const all = await tokens(20);
    await present(20);
    for (const id of ['mc-2', 'mc-3', 'mc-4']) await plane.addController(id);
    const answers = await Promise.all(all.map((each) => outcome(each)));
    expect(answers.some((answer) => answer.outcome === 'moved')).toBe(true);
    expect(await generation()).toBe(2);
    expect(plane.controllers.holdersOf(MEETING)).toHaveLength(1);
    expect(plane.controllers.holdersOf(MEETING)).not.toContain('mc-1');
  });

  it('GC-17 need two participants where the controller has not said how many there are', async () => {
    const [first = '', second = ''] = await tokens(3);
    await plane.addController('mc-2');
    expect(await outcome(first)).toMatchObject({ outcome: 'counted', needed: 2 });
    expect(await outcome(second)).toMatchObject({ outcome: 'moved' });
  });

  it('GC-17 are measured by what the controller said of this assignment, not of another that it had', async () => {
    const [first = '', second = ''] = await tokens(2);
    await present(20, 'mc-1', 7);
    await plane.addController('mc-2');
    expect(await outcome(first)).toMatchObject({ outcome: 'counted', needed: 2 });
    expect(await outcome(second)).toMatchObject({ outcome: 'moved' });
  });

  it('GC-17 count for two minutes', async () => {
    const [first = '', second = ''] = await tokens(3);
    await present(3);
    await plane.addController('mc-2');
    expect(await outcome(first)).toMatchObject({ outcome: 'counted', reports: 1 });
    plane.clock.advance(20_000);
    await plane.sendHeartbeat('mc-1');
    plane.clock.advance(101_000);
    await present(3);
    expect(await outcome(second)).toMatchObject({ outcome: 'counted', reports: 1 });
    expect(await generation()).toBe(1);
  });

  it('GC-17 count once for all guests, who may join as often as they like', async () => {
    const guestsMayJoin = await plane.app.request(`/api/v1/meetings/${MEETING}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ allow_guests: true }),
    });
    expect(guestsMayJoin.status).toBe(200);
    const guests = await Promise.all(Array.from({ length: 4 }, () => tokenOf(undefined)));
    const [mine = ''] = await tokens(1);
    await present(3);
    await plane.addController('mc-2');
    for (const guest of guests)
      expect(await outcome(guest)).toEqual({ outcome: 'counted', reports: 1, needed: 2 });
    expect(await generation()).toBe(1);
    expect(await outcome(mine)).toMatchObject({ outcome: 'moved', reports: 2 });
  });

  it('GC-17 count once for a user, however often it has joined', async () => {
    const ofAda = await Promise.all(Array.from({ length: 4 }, () => tokenOf('ada')));
    await present(3);
    await plane.addController('mc-2');
    for (const each of ofAda)
      expect(await outcome(each)).toEqual({ outcome: 'counted', reports: 1, needed: 2 });
    expect(await generation()).toBe(1);
    expect(await outcome(await tokenOf('ben'))).toMatchObject({ outcome: 'moved', reports: 2 });
  });

  it('GC-17 count for each of two users of one name whom different issuers know', async () => {
    const ofOne = await tokenOf('ada', 'https://id.example');
    const again = await tokenOf('ada', 'https://id.example');
    const ofOther = await tokenOf('ada', 'https://login.example');
    await present(3);
    await plane.addController('mc-2');
    expect(await outcome(ofOne)).toMatchObject({ outcome: 'counted', reports: 1 });
    expect(await outcome(again)).toMatchObject({ outcome: 'counted', reports: 1 });
    expect(await outcome(ofOther)).toMatchObject({ outcome: 'moved', reports: 2 });
  });

  it('GC-17 move a meeting of one person, or of guests, on one word where nobody listens at the controller’s address', async () => {
    const [only = '', late = ''] = await tokens(2);
    await present(500);
    await plane.addController('mc-2');
    plane.controllers.found.set('mc-1', 'nobody');
    expect(await outcome(only)).toEqual({ outcome: 'moved', reports: 1, needed: 251 });
    expect(await generation()).toBe(2);
    expect(plane.controllers.holdersOf(MEETING)).toContain('mc-2');
    // One that is gone is not waited for.
    expect(plane.controllers.ended).toEqual([]);
    expect(await outcome(late)).toMatchObject({ outcome: 'obsolete' });
    expect(plane.controllers.probed).toEqual(['mc-1']);
  });

  it('GC-17 move it on one word where the controller answers nobody here either, and has missed a heartbeat', async () => {
    const [only = ''] = await tokens(1);
    await plane.addController('mc-2');
    plane.controllers.found.set('mc-1', 'silence');
    plane.clock.advance(11_999);
    expect(await outcome(only)).toMatchObject({ outcome: 'counted' });
    plane.clock.advance(1);
    expect(await outcome(only)).toMatchObject({ outcome: 'moved' });
  });

  it('GC-17 move nothing on one word while heartbeats come: functions may have no way to nodes', async () => {
    const [only = ''] = await tokens(1);
    await plane.addController('mc-2');
    plane.controllers.found.set('mc-1', 'silence');
    for (let i = 0; i < 6; i++) {
      plane.clock.advance(10_000);
      await plane.sendHeartbeat('mc-1');
      expect(await outcome(only)).toMatchObject({ outcome: 'counted' });
    }
    expect(await generation()).toBe(1);
  });

  it.each(['answer', 'unknown'] as const)(
    'GC-17 move nothing on one word where the probe says %s, heartbeat or not',
    async (found) => {
      const [only = ''] = await tokens(1);
      await plane.addController('mc-2');
      plane.controllers.found.set('mc-1', found);
      plane.clock.advance(20_000);
      expect(await outcome(only)).toMatchObject({ outcome: 'counted' });
      expect(await generation()).toBe(1);
    },
  );

  it('GC-17 have a controller probed a few times in five seconds at most, by all processes', async () => {
    const all = await tokens(10);
    await present(100);
    for (const each of all) expect(await outcome(each)).toMatchObject({ outcome: 'counted' });
    expect(plane.controllers.probed).toHaveLength(PROBES_PER_WINDOW);
    plane.clock.advance(5_000);
    await outcome(all[0] ?? '');
    expect(plane.controllers.probed).toHaveLength(PROBES_PER_WINDOW + 1);
  });

  it('GC-17 probe nobody for a meeting that has moved, or for a majority', async () => {
    const [first = '', second = '', third = ''] = await tokens(3);
    await plane.addController('mc-2');
    await outcome(first);
    await outcome(second);
    await outcome(third);
    expect(plane.controllers.probed).toEqual(['mc-1']);
  });

  it('GC-17 are taken with a token that has expired meanwhile, for a day', async () => {
    const [first = '', second = ''] = await tokens(2);
    plane.clock.advance(3_600_000);
    expect((await report(first)).status).toBe(200);
    plane.clock.advance(24 * 3_600_000);
    expect((await report(second)).status).toBe(401);
  });

  it('GC-17 are not taken from fakes: another meeting, another key, no token, a removed participant', async () => {
    await present(1);
    await plane.addController('mc-2');
    await plane.createMeeting('other');
    const other = await token('other');
    const mine = await token();
    const forged = `${mine.slice(0, -8)}AAAAAAAA`;
    expect((await report(other)).status).toBe(403);
    expect((await report(forged)).status).toBe(401);
    const without = await plane.app.request(`/api/v1/meetings/${MEETING}/unreachable`, { method: 'POST' });
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toContain('Bearer');
    const { sub } = JSON.parse(Buffer.from(mine.split('.')[1] ?? '', 'base64url').toString()) as {
      sub: string;
    };
    await plane.stores.access.removedParticipants.add(
      MEETING as never,
      sub as never,
      (plane.clock.nowMs + 60_000) as never,
    );
    expect((await report(mine)).status).toBe(403);
    expect(await generation()).toBe(1);
  });

  it('GC-17 leave the meeting where it is when no other controller takes it, and say so', async () => {
    const [first = '', second = ''] = await tokens(2);
    await present(2);
    await outcome(first);
    const response = await report(second);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await generation()).toBe(1);
    expect(plane.controllers.holdersOf(MEETING)).toEqual(['mc-1']);
  });
});
