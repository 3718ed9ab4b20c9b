import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SET_ASIDE_MS,
  type SweepResult,
  sweepMeetings,
} from '../../../../functions/meeting/sweepMeetings.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import type { MeetingEventListBody } from '../../../../shared/api/meetingEvent.ts';
import { ControlPlane } from '../support/ControlPlane.ts';

const HOUR_MS = 3_600_000;
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

async function sweep(): Promise<SweepResult> {
  return await sweepMeetings(
    {
      stores: plane.stores,
      controllerClient: plane.controllers,
      clock: plane.clock,
      retentionMs: 7 * 24 * HOUR_MS,
    },
    plane.log,
  );
}

async function say(participants: number, emptyForMs = 0, generation = 1): Promise<void> {
  await plane.sendHeartbeat('mc-1');
  await plane.post('/api/v1/meeting-controllers/mc-1/presence', {
    controller_id: 'mc-1',
    meetings: [{ meeting_id: MEETING, generation, participants, empty_for_ms: emptyForMs }],
  });
}

/** As a restore by hand might, or a newer program. */
async function damage(meetingId: string): Promise<void> {
  await plane.database.client.send(
    new UpdateItemCommand({
      TableName: 'test',
      Key: { pk: { S: `meeting#${meetingId}` }, sk: { S: 'meeting' } },
      UpdateExpression: 'REMOVE #name',
      ExpressionAttributeNames: { '#name': 'display_name' },
    }),
  );
}

async function lastEvent(): Promise<unknown> {
  const response = await plane.get(`/api/v1/meetings/${MEETING}/events`);
  return ((await response.json()) as MeetingEventListBody).events.at(-1);
}

describe('meetings without participants', () => {
  it('GC-13 end after an hour, and their controller is told', async () => {
    await plane.join(MEETING);
    plane.clock.advance(HOUR_MS + 1_000);
    await say(0, HOUR_MS);
    expect(await sweep()).toEqual({ looked: 1, ended: 1 });
    expect(await lastEvent()).toMatchObject({ type: 'ended', reason: 'empty' });
    expect(plane.controllers.holdersOf(MEETING)).toEqual([]);
    expect((await plane.join(MEETING)).status).toBe(404);
    expect(await sweep()).toEqual({ looked: 0, ended: 0 });
  });

  it('GC-13 end though others that are due cannot be read, which the log says', async () => {
    const broken = Array.from({ length: 8 }, (_, index) => `broken-${index}`);
    for (const id of [...broken, MEETING]) {
      if (id !== MEETING) await plane.createMeeting(id);
      await plane.join(id);
    }
    const { meetings } = plane.stores;
    const read = meetings.get.bind(meetings);
    vi.spyOn(meetings, 'get').mockImplementation(async (id) => {
      if (broken.includes(id)) throw new Error('Not a meeting');
      return await read(id);
    });
    plane.clock.advance(2 * HOUR_MS);
    expect(await sweep()).toEqual({ looked: 9, ended: 1 });
    const said = plane.lines.filter((line) => line.includes('Meeting could not be looked at'));
    expect(said).toHaveLength(8);
    for (const id of broken) expect(said.some((line) => line.includes(`"${id}"`))).toBe(true);
  });

  it('GC-13 do not stay due when their record is damaged: they are tried again each hour', async () => {
    await plane.join(MEETING);
    await damage(MEETING);
    plane.clock.advance(2 * HOUR_MS);
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
    expect(await sweep()).toEqual({ looked: 0, ended: 0 });
    plane.clock.advance(SET_ASIDE_MS + 1_000);
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
    expect(plane.lines.filter((line) => line.includes('Meeting could not be looked at'))).toHaveLength(2);
  });

  it('GC-13 stay due while the database is away', async () => {
    await plane.join(MEETING);
    plane.clock.advance(2 * HOUR_MS);
    const get = vi.spyOn(plane.stores.meetings, 'get');
    get.mockRejectedValueOnce(new ApiError('INTERNAL_ERROR', 'The database is away', { status: 503 }));
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
    expect(await sweep()).toEqual({ looked: 1, ended: 1 });
  });

  it('GC-13 do not end while somebody is there, and an hour after the last one left they do', async () => {
    await plane.join(MEETING);
    for (let hour = 0; hour < 3; hour++) {
      plane.clock.advance(HOUR_MS + 1_000);
      await say(2);
      expect(await sweep()).toEqual({ looked: 1, ended: 0 });
      expect(await sweep()).toEqual({ looked: 0, ended: 0 });
    }
    // Left 20 minutes before the next look: it is looked at again when the hour is over.
    plane.clock.advance(HOUR_MS);
    await say(0, 20 * 60_000);
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
    plane.clock.advance(39 * 60_000);
    expect(await sweep()).toEqual({ looked: 0, ended: 0 });
    plane.clock.advance(60_000);
    await say(0, HOUR_MS);
    expect(await sweep()).toEqual({ looked: 1, ended: 1 });
  });

  it('GC-13 do not end because nothing is known of them, or what is known is of another generation', async () => {
    await plane.join(MEETING);
    plane.clock.advance(HOUR_MS + 1_000);
    await plane.sendHeartbeat('mc-1');
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
    plane.clock.advance(600_000);
    await say(0, HOUR_MS, 7);
    expect(await sweep()).toEqual({ looked: 1, ended: 0 });
  });

  it('GC-13 end an hour after their controller was lost, unless somebody has joined again', async () => {
    await plane.join(MEETING);
    plane.clock.advance(HOUR_MS + 1_000);
    expect(await sweep()).toEqual({ looked: 1, ended: 1 });
    expect(await lastEvent()).toMatchObject({ type: 'ended', reason: 'controller_lost' });
  });

  it('GC-13 do not end when they were made ahead, for 30 days', async () => {
    plane.clock.advance(30 * 24 * HOUR_MS - 1_000);
    expect(await sweep()).toEqual({ looked: 0, ended: 0 });
    plane.clock.advance(2_000);
    expect(await sweep()).toEqual({ looked: 1, ended: 1 });
    expect(await lastEvent()).toMatchObject({ type: 'ended', reason: 'unused' });
  });

  it('GC-13 end once when several sweeps look at them', async () => {
    await plane.join(MEETING);
    plane.clock.advance(2 * HOUR_MS);
    await Promise.all([sweep(), sweep(), sweep()]);
    const response = await plane.get(`/api/v1/meetings/${MEETING}/events`);
    const { events } = (await response.json()) as MeetingEventListBody;
    expect(events.filter(({ type }) => type === 'ended')).toHaveLength(1);
  });
});

describe("the controller's word", () => {
  async function tell(generation: number): Promise<Response> {
    return await plane.post('/api/v1/meeting-controllers/mc-1/ended-meetings', {
      controller_id: 'mc-1',
      meeting_id: MEETING,
      generation,
    });
  }

  it('GC-13 ends the meeting, and may be said twice', async () => {
    await plane.join(MEETING);
    expect(await (await tell(1)).json()).toEqual({ ended: true });
    expect(await (await tell(1)).json()).toEqual({ ended: false });
    expect(await lastEvent()).toMatchObject({ type: 'ended', reason: 'controller' });
    expect((await plane.join(MEETING)).status).toBe(404);
  });

  it('GC-13 counts for nothing in a generation that is not the one that serves', async () => {
    expect((await tell(1)).status).toBe(409);
    await plane.join(MEETING);
    expect((await tell(2)).status).toBe(409);
    expect((await plane.join(MEETING)).status).toBe(200);
  });

  it('GC-2 is refused to a controller that is not registered, as presence is', async () => {
    const response = await plane.post('/api/v1/meeting-controllers/none/presence', {
      controller_id: 'none',
      meetings: [],
    });
    expect(response.status).toBe(404);
  });
});
