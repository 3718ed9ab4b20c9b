import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MhReplacement } from '../../../../shared/api/controllerNotice.ts';
import type { MeetingEventListBody } from '../../../../shared/api/meetingEvent.ts';
import { ControlPlane, REGION } from '../support/ControlPlane.ts';

const MEETING = 'standup';
let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1', { zone: 'zone-a' });
  await plane.addController('mc-1');
  await plane.createMeeting(MEETING);
});

afterEach(async () => {
  await plane.stop();
});

async function ask(failed: readonly string[], overrides: Record<string, unknown> = {}): Promise<Response> {
  const body = {
    controller_id: 'mc-1',
    meeting_id: MEETING,
    generation: 1,
    failed: failed.map((handler_id) => ({ handler_id, reason: 'Worker is gone' })),
    ...overrides,
  };
  return await plane.post(`/api/v1/meeting-controllers/${body.controller_id}/handler-replacements`, body);
}

async function replaced(failed: readonly string[]): Promise<string[]> {
  const response = await ask(failed);
  expect(response.status).toBe(200);
  const { media_handlers, generation } = (await response.json()) as MhReplacement;
  expect(generation).toBe(1);
  return media_handlers.map(({ handler_id, role }) => `${role} ${handler_id}`);
}

async function recorded(): Promise<string[]> {
  const record = await plane.stores.meetings.get(MEETING as never);
  return (record?.assignments[REGION]?.mediaHandlers ?? []).map(
    ({ handlerId, role }) => `${role} ${handlerId}`,
  );
}

describe('a replacement of media handlers', () => {
  it('GC-11 gives others than those that failed, writes it down, and answers the same when asked again', async () => {
    await plane.join(MEETING);
    await plane.addHandler('mh-2', { zone: 'zone-b' });
    expect(await replaced(['mh-1'])).toEqual(['PRIMARY mh-2']);
    expect(await recorded()).toEqual(['PRIMARY mh-2']);
    expect(await replaced(['mh-1'])).toEqual(['PRIMARY mh-2']);
    const { events } = (await (
      await plane.get(`/api/v1/meetings/${MEETING}/events?after=2`)
    ).json()) as MeetingEventListBody;
    expect(events).toMatchObject([
      {
        sequence: 3,
        type: 'handlers_replaced',
        controller_id: 'mc-1',
        generation: 1,
        media_handlers: [{ handler_id: 'mh-2', role: 'PRIMARY' }],
        failed_handlers: [{ handler_id: 'mh-1', reason: 'Worker is gone' }],
      },
    ]);
    expect(events).toHaveLength(1);
  });

  it('GC-11 makes the backup that is left the primary, and finds it a backup', async () => {
    await plane.addHandler('mh-2', { zone: 'zone-b' });
    await plane.join(MEETING);
    const [primary = '', backup = ''] = (await recorded()).map((ranked) => ranked.split(' ')[1] ?? '');
    await plane.addHandler('mh-3', { zone: 'zone-a' });
    expect(await replaced([primary])).toEqual([`PRIMARY ${backup}`, 'BACKUP mh-3']);
  });

  it('GC-5 GC-11 finds the backup in another zone than the one that becomes the primary, and reserves nothing there', async () => {
    await plane.addHandler('mh-2', { zone: 'zone-b' });
    await plane.join(MEETING);
    const [primary = '', backup = ''] = (await recorded()).map((ranked) => ranked.split(' ')[1] ?? '');
    const zone = backup === 'mh-1' ? 'zone-a' : 'zone-b';
    for (const id of ['mh-3', 'mh-4', 'mh-5']) await plane.addHandler(id, { zone });
    await plane.addHandler('mh-6', { zone: 'zone-c' });
    await plane.reportHandler('mh-6', { streams: 80 });
    expect(await replaced([primary])).toEqual([`PRIMARY ${backup}`, 'BACKUP mh-6']);
    expect((await plane.stores.handlers.get('mh-6'))?.reserved ?? 0).toBe(0);
  });

  it('GC-11 gives one that failed before only when nothing else is left, and says so when that has failed too', async () => {
    await plane.join(MEETING);
    await plane.addHandler('mh-2');
    expect(await replaced(['mh-1'])).toEqual(['PRIMARY mh-2']);
    await plane.addHandler('mh-3');
    expect(await replaced(['mh-2'])).toEqual(['PRIMARY mh-3']);
    const [again = ''] = await replaced(['mh-3']);
    expect(['PRIMARY mh-1', 'PRIMARY mh-2']).toContain(again);
    const before = await recorded();
    const response = await ask(['mh-1', 'mh-2', 'mh-3']);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ error: { code: 'NO_CAPACITY' } });
    expect(await recorded()).toEqual(before);
  });

  it('GC-11 is refused to a controller that does not serve the meeting in that generation', async () => {
    expect((await ask(['mh-1'])).status).toBe(409);
    await plane.join(MEETING);
    await plane.addController('mc-2');
    for (const overrides of [{ generation: 2 }, { controller_id: 'mc-2' }]) {
      const response = await ask(['mh-1'], overrides);
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({ error: { code: 'CONFLICT' } });
    }
    expect((await ask(['mh-1'], { meeting_id: 'none' })).status).toBe(404);
    await plane.post(`/api/v1/meetings/${MEETING}/end`);
    expect((await ask(['mh-1'])).status).toBe(404);
  });

  it('GC-11 is one when it is asked for many times at once', async () => {
    await plane.join(MEETING);
    for (const id of ['mh-2', 'mh-3', 'mh-4', 'mh-5']) await plane.addHandler(id);
    const answers = await Promise.all(Array.from({ length: 10 }, () => replaced(['mh-1'])));
    expect(new Set(answers.map(String)).size).toBe(1);
    expect(answers[0]).toEqual(await recorded());
  });
});
