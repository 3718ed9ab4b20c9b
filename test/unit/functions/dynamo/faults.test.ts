// DynamoDB that fails at every position of a request, before or after it has done what it was asked: what holds between
// requests must hold after each.
import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeetingRecord } from '../../../../functions/meeting/Meeting.ts';
import { ControlPlane, REGION } from '../support/ControlPlane.ts';

type Moment = 'before' | 'after';
let plane: ControlPlane;
/** Fails the command with this number, counted from 1. */
let failing: { readonly position: number; readonly moment: Moment } | undefined;
let position = 0;
let hit = false;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1', { zone: 'zone-a' });
  await plane.addHandler('mh-2', { zone: 'zone-b' });
  for (const id of ['mc-1', 'mc-2', 'mc-3']) await plane.addController(id);
  plane.database.client.middlewareStack.add(
    (next) => async (args) => {
      position++;
      const fails = failing?.position === position;
      if (fails) hit = true;
      if (fails && failing?.moment === 'before') throw throttled();
      const output = await next(args);
      if (fails) throw throttled();
      return output;
    },
    { step: 'initialize' },
  );
});

afterEach(async () => {
  failing = undefined;
  await plane.stop();
});

function throttled(): ProvisionedThroughputExceededException {
  return new ProvisionedThroughputExceededException({ message: 'Too many requests', $metadata: {} });
}

/** The request with a failure at this position; undefined when it makes fewer calls. */
async function withFailure(
  at: number,
  moment: Moment,
  request: () => Promise<Response>,
): Promise<Response | undefined> {
  position = 0;
  hit = false;
  failing = { position: at, moment };
  const response = await request();
  failing = undefined;
  return hit ? response : undefined;
}

async function recordOf(meetingId: string): Promise<MeetingRecord> {
  const record = await plane.stores.meetings.get(meetingId as never);
  if (record === undefined) throw new Error(`There is no meeting "${meetingId}"`);
  return record;
}

async function expectSound(meetingId: string): Promise<void> {
  const record = await recordOf(meetingId);
  const events = await plane.stores.meetings.eventsAfter(record, 0, 100);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, i) => i + 1));
  expect(events.length).toBe(record.sequence);
  const generations = events.filter(({ type }) => type === 'assigned' || type === 'reassigned').length;
  expect(record.assignments[REGION]?.generation ?? 0).toBe(generations);
}

function expectRefused(response: Response): void {
  expect([200, 503]).toContain(response.status);
  if (response.status === 503) expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
}

describe.each(['before', 'after'] as const)('a database that fails %s it does what it is asked', (moment) => {
  it('GC-7 leaves a first join with one assignment at most, and the next join with one', async () => {
    for (let at = 1; ; at++) {
      const id = `join-${at}`;
      await plane.createMeeting(id);
      const response = await withFailure(at, moment, () => plane.join(id));
      if (response === undefined) break;
      expectRefused(response);
      await expectSound(id);
      expect((await plane.join(id)).status).toBe(200);
      await expectSound(id);
      const { generation, controllerId } = (await recordOf(id)).assignments[REGION] ?? {};
      expect(generation).toBe(1);
      // No other controller is left with it.
      expect(plane.controllers.holdersOf(id)).toEqual([controllerId]);
      expect(at).toBeLessThan(30);
    }
    expect(position).toBeGreaterThan(3);
  });

  it('GC-8 leaves a takeover with one new generation at most', async () => {
    for (let at = 1; ; at++) {
      const id = `takeover-${at}`;
      await plane.createMeeting(id);
      await plane.join(id);
      const dead = (await recordOf(id)).assignments[REGION]?.controllerId ?? '';
      await plane.sendHeartbeat(dead, { health: 'UNHEALTHY' });
      const response = await withFailure(at, moment, () => plane.join(id));
      if (response !== undefined) {
        expectRefused(response);
        await expectSound(id);
        expect((await plane.join(id)).status).toBe(200);
        await expectSound(id);
        expect((await recordOf(id)).assignments[REGION]?.generation).toBe(2);
      }
      await plane.sendHeartbeat(dead);
      if (response === undefined) break;
      expect(at).toBeLessThan(40);
    }
  });

  it('GC-13 leaves an end that is whole or not there, and said again it is whole', async () => {
    for (let at = 1; ; at++) {
      const id = `end-${at}`;
      await plane.createMeeting(id);
      await plane.join(id);
      const end = (): Promise<Response> => plane.post(`/api/v1/meetings/${id}/end`);
      const response = await withFailure(at, moment, end);
      if (response === undefined) break;
      expectRefused(response);
      await expectSound(id);
      expect((await end()).status).toBe(200);
      await expectSound(id);
      expect((await recordOf(id)).status).toBe('ended');
      expect(plane.controllers.holdersOf(id)).toEqual([]);
      expect((await plane.join(id)).status).toBe(404);
      expect(at).toBeLessThan(20);
    }
  });

  it('GC-4 gives back what was reserved, or the next report does', async () => {
    for (let at = 1; ; at++) {
      const id = `reserve-${at}`;
      await plane.createMeeting(id);
      const response = await withFailure(at, moment, () => plane.join(id));
      if (response === undefined) break;
      expect(at).toBeLessThan(30);
    }
    // More meetings than fit if anything stayed reserved after the reports.
    plane.clock.advance(10_000);
    for (const id of ['mh-1', 'mh-2']) await plane.reportHandler(id);
    for (const id of ['mc-1', 'mc-2', 'mc-3'])
      await plane.sendHeartbeat(id, { meetings: 0, participants: 0, cpu_ratio: 0 });
    await plane.createMeeting('afterwards');
    expect((await plane.join('afterwards')).status).toBe(200);
  });
});

describe('a database that is away', () => {
  it('GC-14 makes every request 503 with Retry-After, and none hangs', async () => {
    await plane.createMeeting('standup');
    plane.database.client.middlewareStack.add(() => async () => Promise.reject(throttled()), {
      step: 'initialize',
    });
    for (const response of [
      await plane.join('standup'),
      await plane.get('/api/v1/meetings/standup'),
      await plane.get('/api/v1/meetings/standup/events'),
      await plane.post('/api/v1/meetings/standup/end'),
      await plane.post('/api/v1/meetings', { meeting_id: 'other' }),
    ]) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('2');
      expect(await response.json()).toMatchObject({
        error: { message: expect.stringContaining('database') },
      });
    }
  });
});

describe('clocks of two global controllers that are 5 s apart', () => {
  it('GC-7 serve the same assignment, and GC-15 tokens of either are good for the other', async () => {
    await plane.createMeeting('standup');
    const answers: string[] = [];
    for (const skewMs of [0, 5_000, -5_000, 5_000, 0]) {
      plane.clock.advance(skewMs);
      const response = await plane.join('standup', plane.createApp());
      expect(response.status).toBe(200);
      answers.push(((await response.json()) as { meeting_controller_url: string }).meeting_controller_url);
    }
    expect(new Set(answers).size).toBe(1);
    expect((await recordOf('standup')).assignments[REGION]?.generation).toBe(1);
  });
});
