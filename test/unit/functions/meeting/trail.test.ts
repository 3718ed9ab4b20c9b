import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeetingEventBody, MeetingEventListBody } from '../../../../shared/api/meetingEvent.ts';
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

async function page(query = ''): Promise<MeetingEventListBody> {
  const response = await plane.get(`/api/v1/meetings/${MEETING}/events${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as MeetingEventListBody;
}

/** All events, read in pages of this size. */
async function replay(limit: number): Promise<MeetingEventBody[]> {
  const events: MeetingEventBody[] = [];
  for (;;) {
    const { events: more, last_sequence: last } = await page(
      `?limit=${limit}&after=${events.at(-1)?.sequence ?? 0}`,
    );
    events.push(...more);
    if (more.length === 0 || more.at(-1)?.sequence === last) return events;
  }
}

async function rename(name: string): Promise<void> {
  const response = await plane.app.request(`/api/v1/meetings/${MEETING}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ display_name: name }),
  });
  expect(response.status).toBe(200);
}

// Hundreds of calls one after the other: 2 s on an idle machine.
describe("a meeting's trail", { timeout: 30_000 }, () => {
  it('GC-13 tells what became of the meeting, in order', async () => {
    await plane.join(MEETING);
    await rename('Planning');
    plane.clock.advance(31_000);
    await plane.addController('mc-2');
    await plane.reportHandler('mh-1');
    await plane.join(MEETING);
    await plane.addController('mc-2');
    await plane.join(MEETING);
    await plane.post(`/api/v1/meetings/${MEETING}/end`);
    await plane.post(`/api/v1/meetings/${MEETING}/end`);
    const { events, last_sequence } = await page();
    expect(last_sequence).toBe(6);
    expect(events).toMatchObject([
      { sequence: 1, type: 'created' },
      { sequence: 2, type: 'assigned', controller_id: 'mc-1', generation: 1 },
      { sequence: 3, type: 'updated', fields: ['display_name'] },
      {
        sequence: 4,
        type: 'reassigned',
        controller_id: 'mc-2',
        generation: 2,
        previous_controller_id: 'mc-1',
        reason: 'controller_gone',
      },
      { sequence: 5, type: 'confirmed', controller_id: 'mc-2', generation: 2 },
      { sequence: 6, type: 'ended', reason: 'requested' },
    ]);
  });

  it('GC-13 is replayed from any number, in pages of any size, however long it is', async () => {
    for (let i = 0; i < 50; i++) await rename(`Name ${i}`);
    const all = await replay(100);
    expect(all.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
    for (const limit of [1, 7, 16, 50]) expect(await replay(limit)).toEqual(all);
    for (const after of [0, 15, 16, 17, 31, 32, 50, 51, 99])
      expect((await page(`?after=${after}&limit=100`)).events).toEqual(all.slice(after));
  });

  it('GC-13 has no gaps and no doubles when changes race', async () => {
    const apps = Array.from({ length: 4 }, () => plane.createApp());
    const changes = Array.from({ length: 40 }, async (_, i) => {
      if (i % 5 === 0) return await plane.join(MEETING, apps[i % 4]);
      return await Promise.resolve(
        apps[i % 4]?.request(`/api/v1/meetings/${MEETING}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ display_name: `Name ${i}` }),
        }),
      );
    });
    const statuses = (await Promise.all(changes)).map((response) => response?.status ?? 0);
    // Whoever always comes second is told to come back; nothing else may happen.
    expect(statuses.every((status) => status === 200 || status === 503)).toBe(true);
    const events = await replay(100);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ type }) => type === 'assigned')).toHaveLength(1);
    const renames = statuses.filter((status, i) => status === 200 && i % 5 !== 0).length;
    expect(events.filter(({ type }) => type === 'updated').length).toBe(renames);
  });

  it('GC-13 goes with the record, and is not met by a meeting that has the id afterwards', async () => {
    for (let i = 0; i < 40; i++) await rename(`Name ${i}`);
    await plane.post(`/api/v1/meetings/${MEETING}/end`);
    plane.clock.advance(7 * 24 * 3_600_000 + 1_000);
    expect((await plane.get(`/api/v1/meetings/${MEETING}/events`)).status).toBe(404);
    await plane.createMeeting(MEETING);
    expect((await page('?limit=100')).events).toMatchObject([{ sequence: 1, type: 'created' }]);
    for (let i = 0; i < 20; i++) await rename(`New ${i}`);
    expect(await replay(100)).toHaveLength(21);
  });

  it.each(['?after=-1', '?after=x', '?limit=0', '?limit=101'])('GC-14 refuses %s', async (query) => {
    expect((await plane.get(`/api/v1/meetings/${MEETING}/events${query}`)).status).toBe(400);
  });
});
