// What the stores promise, held to every implementation of DynamoDB that is at hand (databases.ts).
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Assignment } from '../../../functions/assignment/Assignment.ts';
import { createDynamoStores } from '../../../functions/dynamo/stores.ts';
import type { ActiveMeetingRecord, MeetingRecord } from '../../../functions/meeting/Meeting.ts';
import { changeMeeting } from '../../../functions/meeting/MeetingStore.ts';
import {
  assignMeeting,
  createMeeting,
  endMeeting,
  updateMeeting,
} from '../../../functions/meeting/meetingChanges.ts';
import type { Stores } from '../../../functions/Stores.ts';
import type { EpochMs } from '../../../shared/base/clock.ts';
import type {
  ControllerId,
  Generation,
  HandlerId,
  MeetingId,
  ParticipantId,
} from '../../../shared/base/ids.ts';
import { controllerRegistration, REGION, TestClock } from '../../unit/functions/support/ControlPlane.ts';
import { DATABASES, type Database } from './databases.ts';

const RETENTION_MS = 60_000;

describe.each(DATABASES)('the stores over $name', ({ start }) => {
  let database: Database;
  let stores: Stores;
  let clock: TestClock;
  let meetingId: MeetingId;
  let count = 0;

  beforeAll(async () => {
    database = await start();
  });

  afterAll(async () => {
    await database.stop();
  });

  beforeEach(() => {
    clock = new TestClock();
    stores = createDynamoStores({ client: database.client, tableName: database.tableName, clock });
    meetingId = `m-${count++}` as MeetingId;
  });

  async function create(orgId = `org-${meetingId}`): Promise<ActiveMeetingRecord> {
    const change = createMeeting({
      status: 'active',
      meetingId,
      orgId,
      displayName: 'Planning',
      maxParticipants: 10,
      allowGuests: false,
      createdBy: 'ada',
      createdAtMs: clock.epochMs(),
    });
    expect(await stores.meetings.create(change)).toBe(true);
    return (await read()) as ActiveMeetingRecord;
  }

  async function read(): Promise<MeetingRecord> {
    const record = await stores.meetings.get(meetingId);
    if (record === undefined) throw new Error('There is no record');
    return record;
  }

  function assignment(controllerId: string, generation = 1): Assignment {
    return {
      meetingId,
      region: REGION,
      generation: generation as Generation,
      controllerId: controllerId as ControllerId,
      controllerRegistrationId: 'registration',
      mediaHandlers: [{ handlerId: 'mh-1' as HandlerId, role: 'PRIMARY' }],
      failedHandlers: [],
      assignedAtMs: clock.epochMs(),
    };
  }

  it('GC-14 create a meeting once, whoever else tries', async () => {
    await create();
    const again = createMeeting({ ...(await read()), status: 'active', displayName: 'Another' });
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => stores.meetings.create(again)));
    expect(outcomes).toEqual(Array(10).fill(false));
    expect((await read()).displayName).toBe('Planning');
  });

  it('GC-7 let one of 50 changes of the same record through', async () => {
    const record = await create();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        stores.meetings.change(record, assignMeeting(record, assignment(`mc-${i}`), 'controller_gone')),
      ),
    );
    const won = outcomes.filter((outcome) => outcome !== undefined);
    expect(won).toHaveLength(1);
    expect(await read()).toEqual(won[0]);
    expect((await read()).sequence).toBe(2);
  });

  it('GC-13 keep every event of a long trail, in order, also when changes race', async () => {
    await create();
    const rename = async (name: string): Promise<void> => {
      await changeMeeting(stores.meetings, await read(), (latest) =>
        updateMeeting(latest, { displayName: name }, clock.epochMs()),
      );
    };
    for (let round = 0; round < 15; round++)
      await Promise.all(Array.from({ length: 3 }, (_, i) => rename(`Name ${round} ${i}`)));
    const record = await read();
    expect(record.sequence).toBe(46);
    const events = await stores.meetings.eventsAfter(record, 0, 100);
    expect(events.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 46 }, (_, i) => i + 1));
    expect(await stores.meetings.eventsAfter(record, 14, 5)).toEqual(events.slice(14, 19));
  });

  it('GC-13 end a meeting for good, keep it for its time, and then have none', async () => {
    const record = await create();
    const ending = endMeeting(record, {
      reason: 'requested',
      atMs: clock.epochMs(),
      retentionMs: RETENTION_MS,
    });
    if (ending === undefined) throw new Error('There is nothing to end');
    expect(await stores.meetings.change(record, ending)).toMatchObject({ status: 'ended', sequence: 2 });
    expect(
      await stores.meetings.change(record, assignMeeting(record, assignment('mc-1'), 'controller_gone')),
    ).toBe(undefined);
    clock.advance(RETENTION_MS - 1_000);
    expect((await read()).status).toBe('ended');
    clock.advance(2_000);
    expect(await stores.meetings.get(meetingId)).toBe(undefined);
    await create();
    expect((await read()).sequence).toBe(1);
  });

  it('GC-14 list the meetings of an organisation by status, the latest first, page by page', async () => {
    const orgId = `org-${meetingId}`;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      meetingId = `m-${count++}` as MeetingId;
      ids.unshift(meetingId);
      await create(orgId);
      clock.advance(1_000);
    }
    const first = await stores.meetings.list({ orgId, status: 'active', limit: 3 });
    expect(first.meetings.map((each) => each.meetingId)).toEqual(ids.slice(0, 3));
    const second = await stores.meetings.list({ orgId, status: 'active', limit: 3, after: first.next });
    expect(second.meetings.map((each) => each.meetingId)).toEqual(ids.slice(3));
    expect(second.next).toBe(undefined);
    expect((await stores.meetings.list({ orgId, status: 'ended', limit: 3 })).meetings).toEqual([]);
  });

  it('GC-13 name a meeting when it is due, and not before, nor after its end', async () => {
    clock.advance(365 * 86_400_000 * (1 + count));
    const record = await create();
    const atMs = (clock.nowMs + 5_000) as EpochMs;
    expect(await stores.meetings.postpone(record, atMs)).toBe(true);
    const isDue = async (nowMs: number) =>
      (await stores.meetings.due(nowMs as EpochMs, 1_000)).includes(meetingId);
    expect(await isDue(atMs - 1)).toBe(false);
    expect(await isDue(atMs)).toBe(true);
    const latest = await read();
    const ending = endMeeting(latest, { reason: 'empty', atMs, retentionMs: RETENTION_MS });
    if (ending !== undefined) await stores.meetings.change(latest, ending);
    expect(await isDue(atMs)).toBe(false);
    expect(await stores.meetings.postpone(record, atMs)).toBe(false);
  });

  it('GC-17 count each reporter once, all at once, for two minutes', async () => {
    const served = assignment('mc-1');
    const report = (id: string) => stores.unreachable.report(served, id, clock.epochMs());
    const counts = await Promise.all(Array.from({ length: 30 }, (_, i) => report(`participant-${i % 10}`)));
    expect(Math.max(...counts)).toBe(10);
    expect(await report('participant-3')).toBe(10);
    expect(await stores.unreachable.report(assignment('mc-2', 2), 'participant-3', clock.epochMs())).toBe(1);
    clock.advance(121_000);
    expect(await report('participant-3')).toBe(1);
  });

  it('GC-17 MC-8 know what a controller has lost to others, however many at once, for an hour', async () => {
    const former = `mc-${meetingId}` as ControllerId;
    expect(await stores.superseded.of(former)).toEqual(new Map());
    const lost = Array.from({ length: 20 }, (_, index) => ({
      ...assignment('mc-2', 2),
      meetingId: `${meetingId}-${index}` as MeetingId,
    }));
    await stores.superseded.add(former, assignment('mc-2', 2), clock.epochMs());
    await Promise.all(lost.map((each) => stores.superseded.add(former, each, clock.epochMs())));
    await stores.superseded.add(former, assignment('mc-3', 5), clock.epochMs());
    const known = await stores.superseded.of(former);
    expect(known.size).toBe(21);
    expect(known.get(meetingId)).toBe(5);
    clock.advance(3_601_000);
    expect(await stores.superseded.of(former)).toEqual(new Map());
    await stores.superseded.add(former, assignment('mc-2', 7), clock.epochMs());
    expect(await stores.superseded.of(former)).toEqual(new Map([[meetingId, 7]]));
  });

  it('GC-14 know of which meetings a controller was not told, until all of them are cleared, for an hour', async () => {
    const controllerId = `mc-untold-${meetingId}` as ControllerId;
    const add = (id: string) => stores.untold.add(controllerId, id as MeetingId, clock.epochMs());
    await Promise.all(['a', 'b', 'c'].map(add));
    expect([...(await stores.untold.of(controllerId))].toSorted()).toEqual(['a', 'b', 'c']);
    await add('d');
    // One came after it was read: nothing is forgotten.
    await stores.untold.clear(controllerId, 3, clock.epochMs());
    expect(await stores.untold.of(controllerId)).toHaveLength(4);
    await stores.untold.clear(controllerId, 4, clock.epochMs());
    expect(await stores.untold.of(controllerId)).toEqual([]);
    await add('e');
    expect(await stores.untold.of(controllerId)).toEqual(['e']);
    clock.advance(3_601_000);
    expect(await stores.untold.of(controllerId)).toEqual([]);
    await stores.untold.clear(controllerId, 1, clock.epochMs());
  });

  it('GC-15 list the participants that were removed from a meeting, as long as they are kept out', async () => {
    const { removedParticipants } = stores.access;
    const add = (id: string, forMs: number) =>
      removedParticipants.add(meetingId, id as ParticipantId, (clock.epochMs() + forMs) as EpochMs);
    await create();
    for (const [index, id] of ['eve', 'mallory', 'trudy'].entries()) await add(id, 10_000 * (index + 1));
    expect(await removedParticipants.list(meetingId, 10)).toEqual(['eve', 'mallory', 'trudy']);
    // The latest, whatever their ids.
    expect(await removedParticipants.list(meetingId, 2)).toEqual(['mallory', 'trudy']);
    await add('adam', 40_000);
    expect(await removedParticipants.list(meetingId, 2)).toEqual(['trudy', 'adam']);
    expect(await removedParticipants.list('other' as MeetingId, 10)).toEqual([]);
    clock.advance(21_000);
    expect(await removedParticipants.list(meetingId, 10)).toEqual(['trudy', 'adam']);
  });

  it('MC-8 MC-10 list whom hosts have muted, as a generation that counts has said last, for as long as it is kept', async () => {
    const { hostMutes } = stores.access;
    const say = (participant_id: string, audio: boolean, generation: number, forMs: number) =>
      hostMutes.put(
        meetingId,
        generation as Generation,
        { participant_id, audio, video: false },
        (clock.epochMs() + forMs) as EpochMs,
      );
    const muted = async (limit = 10) =>
      (await hostMutes.list(meetingId, limit)).map(({ participant_id }) => participant_id);
    await create();
    for (const [index, id] of ['eve', 'mallory', 'trudy'].entries())
      expect(await say(id, true, 2, 10_000 * (index + 1))).toBe(true);
    expect(await hostMutes.list(meetingId, 1)).toEqual([
      { participant_id: 'trudy', audio: true, video: false },
    ]);
    expect(await muted(2)).toEqual(['mallory', 'trudy']);
    // A controller that has lost the meeting.
    expect(await say('mallory', false, 1, 40_000)).toBe(false);
    expect(await muted()).toEqual(['eve', 'mallory', 'trudy']);
    expect(await say('mallory', false, 2, 40_000)).toBe(true);
    expect(await say('eve', true, 3, 50_000)).toBe(true);
    expect(await muted()).toEqual(['trudy', 'eve']);
    expect(await hostMutes.list('other' as MeetingId, 10)).toEqual([]);
    clock.advance(31_000);
    expect(await muted()).toEqual(['eve']);
  });

  it('GC-17 know the participants that a controller has said, as long as it goes on saying', async () => {
    const controllerId = `mc-${meetingId}` as ControllerId;
    const presence = { generation: 3 as Generation, participants: 0, emptySinceMs: clock.epochMs() };
    await stores.presence.put(controllerId, new Map([[meetingId, presence]]), clock.epochMs());
    expect(await stores.presence.get(controllerId, meetingId)).toEqual(presence);
    expect(await stores.presence.get(controllerId, 'other' as MeetingId)).toBe(undefined);
    await stores.presence.put(controllerId, new Map(), clock.epochMs());
    expect(await stores.presence.get(controllerId, meetingId)).toBe(undefined);
    await stores.presence.put(controllerId, new Map([[meetingId, presence]]), clock.epochMs());
    clock.advance(91_000);
    expect(await stores.presence.get(controllerId, meetingId)).toBe(undefined);
  });

  it('GC-1 GC-2 register a node anew with nothing of before, and refuse reports of one that is not', async () => {
    const id = `mc-${meetingId}`;
    const registration = controllerRegistration(id) as never;
    const report = (participants: number) =>
      stores.controllers.report(id, {
        state: 'HEALTHY',
        load: { meetings: 1, participants, cpu_ratio: 0.5 },
        atMs: clock.epochMs(),
      });
    expect(await report(1)).toBe(undefined);
    await stores.controllers.register({ id, registrationId: 'first', registration }, clock.epochMs());
    expect(await report(7)).toMatchObject({ after: { state: 'HEALTHY' } });
    expect((await stores.controllers.get(id))?.load).toMatchObject({ participants: 7 });
    await stores.controllers.register({ id, registrationId: 'second', registration }, clock.epochMs());
    const node = await stores.controllers.get(id);
    expect(node).toMatchObject({ registrationId: 'second', health: { state: 'PENDING' } });
    expect(node?.load.participants).toBe(undefined);
  });
});
