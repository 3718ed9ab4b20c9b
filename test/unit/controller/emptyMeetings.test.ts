// Meetings that nobody is in: they take no place of those that are served, and come back with the next join.
import { describe, expect, it } from 'vitest';
import { DormantMeetings } from '../../../media-node/controller/DormantMeetings.ts';
import { EMPTY_MEETING_KEPT_MS } from '../../../media-node/controller/MeetingRegistry.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import type { TestClient } from './support/TestClient.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;
const FULL = { accepted: false, rejection: 'AT_CAPACITY' };

async function leave(test: TestMeeting, client: TestClient): Promise<void> {
  const { served } = test.controller.meetings;
  await client.send({ leave: {} });
  await client.untilClosed();
  await expect.poll(() => test.controller.meetings.served).toBe(served - 1);
}

/** Assigned, joined, and left again. */
async function visit(test: TestMeeting, meetingId: string): Promise<void> {
  expect(test.controller.assignMeeting(assignment({ meeting_id: meetingId }))).toMatchObject({
    accepted: true,
  });
  await leave(test, await test.joined({ meetingId }));
}

describe('meetings that nobody is in', () => {
  it('GC-6 take no place: a controller of 3 meetings takes one after the other, and an old one is joined again', async () => {
    const test = await TestMeeting.start({ maxMeetings: 3, assigned: false });
    for (let i = 0; i < 20; i++) await visit(test, `meeting-${i}`);
    expect(test.controller.meetings).toMatchObject({ size: 20, served: 0 });
    const again = await test.joined({ meetingId: 'meeting-0' });
    expect(again.welcome).toMatchObject({ meetingName: 'Stand-up' });
    expect(test.controller.meetings).toMatchObject({ size: 20, served: 1, participants: 1 });
  });

  it('GC-6 take no place when nobody has ever joined them: 1,001 are assigned to a controller of 1,000', async () => {
    const test = await TestMeeting.start({ maxMeetings: 1_000, assigned: false });
    for (let i = 0; i < 1_001; i++) {
      const answer = test.controller.assignMeeting(assignment({ meeting_id: `meeting-${i}` }));
      expect(answer.accepted).toBe(true);
    }
    for (const i of [0, 1, 500, 1_000]) await test.joined({ meetingId: `meeting-${i}` });
    expect(test.controller.meetings).toMatchObject({ size: 1_001, served: 4, participants: 4 });
  });

  it('GC-6 go in the order in which they became empty, and none goes that has somebody or a join under way', async () => {
    const test = await TestMeeting.start({ maxMeetings: 3, assigned: false });
    test.controller.assignMeeting(assignment({ meeting_id: 'joining' }));
    const release = test.plane.hold('createTransports');
    const joining = await test.opened();
    await joining.send({ join: { joinToken: await test.token({ meetingId: 'joining' }) } });
    await expect.poll(() => test.controller.meetings.find('joining')?.joining).toBe(1);
    test.controller.assignMeeting(assignment({ meeting_id: 'older' }));
    test.clock.advance(1_000);
    test.controller.assignMeeting(assignment({ meeting_id: 'newer' }));
    test.controller.assignMeeting(assignment({ meeting_id: 'another' }));
    const isServed = (id: string) => test.controller.meetings.find(id) !== undefined;
    expect(['joining', 'older', 'newer', 'another'].filter(isServed)).toEqual([
      'joining',
      'newer',
      'another',
    ]);
    release();
    await expect.poll(() => test.controller.meetings.participants).toBe(1);
  });

  it('GC-13 GC-17 are told with how long they have been empty, served or not, and the others with who is there', async () => {
    const test = await TestMeeting.start({ maxMeetings: 2, assigned: false });
    await visit(test, 'left');
    test.clock.advance(4_000);
    test.controller.assignMeeting(assignment({ meeting_id: 'unused', generation: 3 }));
    test.clock.advance(1_000);
    test.controller.assignMeeting(assignment({ meeting_id: 'used' }));
    await test.joined({ meetingId: 'used' });
    expect(test.controller.meetings.find('left')).toBe(undefined);
    const byId = new Map(test.controller.meetings.presence().map((entry) => [entry.meeting_id, entry]));
    expect(byId.get('left')).toMatchObject({ participants: 0, empty_for_ms: 5_000 });
    expect(byId.get('unused')).toMatchObject({ participants: 0, empty_for_ms: 1_000, generation: 3 });
    expect(byId.get('used')).toMatchObject({ participants: 1, empty_for_ms: 0 });
    expect(byId.size).toBe(3);
  });

  it('GC-6 MC-5 cannot be joined while all that may be served have somebody, and can when one of those is left', async () => {
    const test = await TestMeeting.start({ maxMeetings: 2, assigned: false });
    for (const id of ['a', 'b', 'c']) test.controller.assignMeeting(assignment({ meeting_id: id }));
    const ada = await test.joined({ meetingId: 'b' });
    await test.joined({ meetingId: 'c' });
    const late = test.connect();
    expect((await late.join(await test.token({ meetingId: 'a' }))).error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'Meeting controller serves as many meetings as it may: try again later',
    });
    expect(test.controller.assignMeeting(assignment({ meeting_id: 'd' }))).toEqual(FULL);
    // Nor is the global controller told that it serves: it is to look for another.
    expect(test.controller.assignMeeting(assignment({ meeting_id: 'a' }))).toEqual(FULL);
    await leave(test, ada);
    await test.joined({ meetingId: 'a' });
  });

  it('are let go after some minutes, not before, and user ids go on where they were', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    expect(ada.welcome?.self?.userId).toBe(1);
    test.clock.advance(EMPTY_MEETING_KEPT_MS);
    test.controller.meetings.tick(test.clock.monotonicMs());
    expect(test.meeting.participants.size).toBe(1);
    await leave(test, ada);
    test.clock.advance(EMPTY_MEETING_KEPT_MS - 1);
    test.controller.meetings.tick(test.clock.monotonicMs());
    expect(test.controller.meetings.find(MEETING_ID)).toBeDefined();
    test.clock.advance(1);
    test.controller.meetings.tick(test.clock.monotonicMs());
    expect(test.controller.meetings.find(MEETING_ID)).toBe(undefined);
    expect(test.controller.meetings.size).toBe(1);
    expect((await test.joined()).welcome?.self?.userId).toBe(2);
  });

  it('MC-8 GC-13 are fenced, listed and ended as others are, and keep out who was removed', async () => {
    const test = await TestMeeting.start({ maxMeetings: 1, assigned: false });
    const first = assignment({ meeting_id: 'first', generation: 2 });
    const target = { meeting_id: 'first', generation: 2 };
    test.controller.assignMeeting(first);
    const removeParticipant = (participant_id: string) =>
      test.controller.meetings.removeParticipant({ ...target, participant_id, reason: 'host' });
    expect(removeParticipant('eve')).toEqual({ removed: false });
    test.controller.assignMeeting(assignment({ meeting_id: 'second' }));
    expect(test.controller.meetings.find('first')).toBe(undefined);
    // However often the same one is: nobody else is forgotten for it.
    for (let time = 0; time < 101; time++) expect(removeParticipant('mallory')).toEqual({ removed: false });
    expect(test.controller.meetings.listParticipants(target)).toEqual({ participants: [] });
    expect(() => test.controller.meetings.listParticipants({ ...target, generation: 1 })).toThrow(
      'must be at least 2: got 1',
    );
    expect(() => test.controller.assignMeeting({ ...first, generation: 1 })).toThrow(
      'must be at least 2: got 1',
    );
    for (const participantId of ['eve', 'mallory']) {
      const client = test.connect();
      const token = await test.token({ meetingId: 'first', generation: 2, participantId });
      expect((await client.join(token)).error?.code).toBe(ErrorCode.FORBIDDEN);
    }
    test.controller.assignMeeting(assignment({ meeting_id: 'third' }));
    expect(() => test.controller.endMeeting({ ...target, generation: 1, reason: 'old' })).toThrow(
      'must be at least 2: got 1',
    );
    expect(test.controller.endMeeting({ ...target, reason: 'host' })).toEqual({ ended: true });
    expect(test.controller.endMeeting({ ...target, reason: 'host' })).toEqual({ ended: false });
    const late = test.connect();
    const answer = await late.join(await test.token({ meetingId: 'first', generation: 2 }));
    expect(answer.error?.message).toBe('Meeting has ended');
  });

  it('MH-10 are forgotten past their bound, those that were not used for longest first', async () => {
    const test = await TestMeeting.start({ maxMeetings: 1, maxDormantMeetings: 2, assigned: false });
    for (const id of ['a', 'b', 'c', 'd']) test.controller.assignMeeting(assignment({ meeting_id: id }));
    expect(test.controller.meetings.size).toBe(3);
    expect(test.logged.filter(({ level }) => level === 'warn')).toMatchObject([{ meeting_id: 'a' }]);
    for (const meetingId of ['b', 'c', 'd']) await visit(test, meetingId);
    const late = test.connect();
    const answer = await late.join(await test.token({ meetingId: 'a' }));
    expect(answer.error?.code).toBe(ErrorCode.NOT_FOUND);
  });
});

describe('the record of a meeting that nobody is in', () => {
  it('MC-10 keeps of those whom hosts have muted the latest, once', () => {
    const records = new DormantMeetings();
    const hostMutes = Array.from({ length: 30 }, (_, index) => ({
      participant_id: `p-${index}`,
      audio: true,
      video: false,
    }));
    const kept = assignment({ host_mutes: hostMutes });
    records.put({ assignment: kept, emptySinceMs: 0, lastUserId: 30, removed: [], hostMutes });
    expect(records.get(MEETING_ID)).toMatchObject({
      assignment: assignment(),
      hostMutes: hostMutes.slice(10),
    });
    expect(records.get(MEETING_ID)?.assignment).not.toHaveProperty('host_mutes');
  });
});
