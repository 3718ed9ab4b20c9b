import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccess } from '../../../../functions/http/Access.ts';
import type { MeetingBody, MeetingListBody } from '../../../../shared/api/meeting.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
});

afterEach(async () => {
  await plane.stop();
});

async function list(query: string, app = plane.app): Promise<MeetingListBody> {
  const response = await plane.get(`/api/v1/meetings${query}`, app);
  expect(response.status).toBe(200);
  return (await response.json()) as MeetingListBody;
}

describe('creating a meeting', () => {
  it('GC-14 makes an id up, names the meeting after it, and says where it is', async () => {
    const response = await plane.post('/api/v1/meetings');
    expect(response.status).toBe(201);
    const meeting = (await response.json()) as MeetingBody;
    expect(meeting).toEqual({
      meeting_id: expect.stringMatching(/^[a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4}$/),
      display_name: meeting.meeting_id,
      status: 'active',
      max_participants: 100,
      allow_guests: false,
      created_at: new Date(plane.clock.nowMs).toISOString(),
    });
    expect(response.headers.get('location')).toBe(`/api/v1/meetings/${meeting.meeting_id}`);
    const found = await plane.get(`/api/v1/meetings/${meeting.meeting_id}`);
    expect(await found.json()).toEqual(meeting);
  });

  it('GC-14 takes id, name and size from the caller', async () => {
    const body = { meeting_id: 'a.B_c-9', display_name: ' Weekly planning ', max_participants: 12 };
    const response = await plane.post('/api/v1/meetings', body);
    expect(await response.json()).toMatchObject({ ...body, display_name: 'Weekly planning' });
  });

  it('GC-14 tells who repeats a request whose answer was lost that the meeting is its own', async () => {
    const request = { meeting_id: 'standup', display_name: 'Weekly' };
    const repeatedOf = async (body: object): Promise<unknown> => {
      const { error } = (await (await plane.post('/api/v1/meetings', body)).json()) as {
        error: { code: string; details: { repeated: boolean } };
      };
      expect(error.code).toBe('CONFLICT');
      return error.details.repeated;
    };
    expect((await plane.post('/api/v1/meetings', request)).status).toBe(201);
    expect(await repeatedOf(request)).toBe(true);
    expect(await repeatedOf({ ...request, display_name: 'Other' })).toBe(false);
    expect(await repeatedOf({ ...request, max_participants: 3 })).toBe(false);
    await plane.post('/api/v1/meetings/standup/end');
    expect(await repeatedOf(request)).toBe(false);
  });

  it('GC-14 refuses an id that is taken, whatever became of the meeting, until it is gone', async () => {
    await plane.createMeeting('standup');
    expect((await plane.post('/api/v1/meetings', { meeting_id: 'standup' })).status).toBe(409);
    await plane.post('/api/v1/meetings/standup/end');
    const response = await plane.post('/api/v1/meetings', { meeting_id: 'standup' });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ error: { code: 'CONFLICT' } });
    plane.clock.advance(7 * 24 * 3_600_000 + 1_000);
    expect((await plane.post('/api/v1/meetings', { meeting_id: 'standup' })).status).toBe(201);
    await plane.addHandler('mh-1');
    await plane.addController('mc-1');
    expect((await plane.join('standup')).status).toBe(200);
  });

  it('GC-14 lets one of many creations of an id at once succeed', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => plane.post('/api/v1/meetings', { meeting_id: 'one' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(19).fill(409)]);
  });
});

describe('ending a meeting', () => {
  it('GC-13 ends it for everyone, tells the controller, and keeps the record for seven days', async () => {
    await plane.addHandler('mh-1');
    await plane.addController('mc-1');
    await plane.createMeeting('standup');
    await plane.join('standup');
    const response = await plane.post('/api/v1/meetings/standup/end');
    expect(response.status).toBe(200);
    const ended = { status: 'ended', ended_at: new Date(plane.clock.nowMs).toISOString() };
    expect(await response.json()).toMatchObject(ended);
    expect(plane.controllers.holdersOf('standup')).toEqual([]);
    plane.clock.advance(7 * 24 * 3_600_000 - 1_000);
    expect(await (await plane.get('/api/v1/meetings/standup')).json()).toMatchObject(ended);
    plane.clock.advance(2_000);
    expect((await plane.get('/api/v1/meetings/standup')).status).toBe(404);
    expect((await list('')).meetings).toEqual([]);
  });

  it('MC-5 refuses joins with "Meeting has ended"', async () => {
    await plane.createMeeting('standup');
    await plane.post('/api/v1/meetings/standup/end');
    const response = await plane.join('standup');
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: { code: 'NOT_FOUND', message: 'Meeting has ended', details: {} },
    });
  });

  it('GC-13 may be said twice: the time stays, and a controller that could not be told is told again', async () => {
    await plane.addHandler('mh-1');
    await plane.addController('mc-1');
    await plane.createMeeting('standup');
    await plane.join('standup');
    plane.controllers.behaviour.set('mc-1', 'fails');
    const first = (await (await plane.post('/api/v1/meetings/standup/end')).json()) as MeetingBody;
    expect(plane.controllers.holdersOf('standup')).toEqual(['mc-1']);
    plane.controllers.behaviour.delete('mc-1');
    plane.clock.advance(5_000);
    expect(await (await plane.post('/api/v1/meetings/standup/end')).json()).toEqual(first);
    expect(plane.controllers.holdersOf('standup')).toEqual([]);
  });

  it('GC-14 refuses to end or join what there is not', async () => {
    for (const path of ['/api/v1/meetings/none/end', '/api/v1/meetings/none/join']) {
      const response = await plane.post(path, path.endsWith('join') ? { display_name: 'Ada' } : undefined);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { code: 'NOT_FOUND', message: 'No meeting "none": check the id or create it' },
      });
    }
  });
});

describe('listing meetings', () => {
  async function createMany(count: number, ended: (index: number) => boolean): Promise<string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i++) {
      const id = `m${String(i).padStart(3, '0')}`;
      await plane.createMeeting(id);
      if (ended(i)) await plane.post(`/api/v1/meetings/${id}/end`);
      // Two of three share their time of creation: order and paging must not depend on it being unique.
      if (i % 3 === 0) plane.clock.advance(1_000);
      ids.push(id);
    }
    return ids;
  }

  async function collect(query: string, limit: number): Promise<{ pages: number; meetings: MeetingBody[] }> {
    const meetings: MeetingBody[] = [];
    let cursor = '';
    for (let pages = 1; ; pages++) {
      const page = await list(`?limit=${limit}${query}${cursor}`);
      expect(page.meetings.length).toBeLessThanOrEqual(limit);
      meetings.push(...page.meetings);
      if (page.next_cursor === undefined) return { pages, meetings };
      cursor = `&cursor=${page.next_cursor}`;
    }
  }

  it('GC-14 pages through all, each once, the active before the ended, the latest first', async () => {
    const ids = await createMany(23, (i) => i % 2 === 0);
    for (const limit of [1, 4, 11, 12, 23, 24]) {
      const { meetings, pages } = await collect('', limit);
      expect(meetings.map(({ meeting_id }) => meeting_id).sort()).toEqual(ids);
      expect(pages).toBe(Math.ceil(23 / limit));
      const order = meetings.map(({ status, created_at }) => [status, created_at] as const);
      const expected = order.toSorted((a, b) => a[0].localeCompare(b[0]) || b[1].localeCompare(a[1]));
      expect(order).toEqual(expected);
    }
  });

  it('GC-14 lists those of one status', async () => {
    await createMany(9, (i) => i < 3);
    expect((await collect('&status=ended', 2)).meetings).toHaveLength(3);
    const active = (await collect('&status=active', 4)).meetings;
    expect(active.map(({ status }) => status)).toEqual(Array(6).fill('active'));
  });

  it('GC-14 goes on after a meeting that has ended since', async () => {
    await createMany(6, () => false);
    const first = await list('?status=active&limit=3');
    await plane.post(`/api/v1/meetings/${first.meetings.at(-1)?.meeting_id}/end`);
    const second = await list(`?status=active&limit=3&cursor=${first.next_cursor}`);
    expect(second.meetings).toHaveLength(3);
    expect(second.next_cursor).toBe(undefined);
  });

  it.each(['?limit=0', '?limit=101', '?limit=x', '?status=old', '?cursor=nonsense', '?limit=1&limit=2'])(
    'GC-14 refuses %s',
    async (query) => {
      const response = await plane.get(`/api/v1/meetings${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'INVALID_REQUEST' } });
    },
  );
});

describe('organisations', () => {
  it('GC-15 see their own meetings only', async () => {
    const other = plane.createApp({ access: openAccess({ orgId: 'other', subject: 'test' }) });
    await plane.createMeeting('ours');
    for (const response of [
      await plane.get('/api/v1/meetings/ours', other),
      await plane.join('ours', other),
      await plane.post('/api/v1/meetings/ours/end', undefined, other),
    ]) {
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { message: 'No meeting "ours": check the id or create it' },
      });
    }
    expect((await list('', other)).meetings).toEqual([]);
    expect((await list('')).meetings).toHaveLength(1);
  });
});
