// What the global controller says of a meeting while it is served: that it was changed, who is kept out, that it has moved.
import { describe, expect, it } from 'vitest';
import { signaling } from '../../../shared/signaling/messages.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;

function update(maxParticipants: number, version?: number, displayName = 'Stand-up') {
  return {
    meeting_id: MEETING_ID,
    generation: 1,
    config: {
      display_name: displayName,
      max_participants: maxParticipants,
      ...(version === undefined ? {} : { version }),
    },
  };
}

describe('a change of a meeting that is served', () => {
  it('GC-14 MC-5 counts at once for whoever joins, and those who are there stay and are told', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    const ben = await test.joined();
    expect(test.controller.meetings.updateConfig(update(1, 2, 'Retro'))).toEqual({ updated: true });
    for (const client of [ada, ben]) {
      const { meetingUpdated } = await client.untilNotice('meetingUpdated');
      expect(meetingUpdated).toEqual({ meetingName: 'Retro', maxParticipants: 1 });
      expect(client.closed).toBe(undefined);
    }
    const cleo = await test.opened();
    expect((await cleo.join(await test.token())).error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'Meeting has reached maximum participants',
    });
    expect(test.controller.meetings.updateConfig(update(3, 3, 'Retro'))).toEqual({ updated: true });
    expect((await test.joined()).welcome).toMatchObject({ meetingName: 'Retro', maxParticipants: 3 });
  });

  it('GC-14 has no effect when it is not newer than what is held, however it comes', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    expect(test.controller.meetings.updateConfig(update(5, 4))).toEqual({ updated: true });
    for (const version of [4, 3, undefined])
      expect(test.controller.meetings.updateConfig(update(9, version))).toEqual({ updated: false });
    const { config } = update(9, 3);
    expect(test.controller.assignMeeting(assignment({ config }))).toMatchObject({ accepted: true });
    expect(test.meeting.maxParticipants).toBe(5);
    // The same generation again, with what came after.
    test.controller.assignMeeting(assignment({ config: { ...config, version: 5 } }));
    expect(test.meeting.maxParticipants).toBe(9);
    await ada.untilNotice('meetingUpdated', 2);
    expect(ada.notices('meetingUpdated')).toHaveLength(2);
  });

  it('GC-14 counts for a meeting that nobody is in, once it is woken', async () => {
    const test = await TestMeeting.start({ maxMeetings: 1 });
    test.controller.assignMeeting(assignment({ meeting_id: 'other' }));
    expect(test.controller.meetings.find(MEETING_ID)).toBe(undefined);
    expect(test.controller.meetings.updateConfig(update(7, 2))).toEqual({ updated: true });
    expect((await test.joined()).welcome).toMatchObject({ maxParticipants: 7 });
  });

  it('MC-8 is refused of an earlier generation, and means nothing to who does not hold the meeting', async () => {
    const test = await TestMeeting.start();
    test.controller.assignMeeting(assignment({ generation: 3 }));
    expect(() => test.controller.meetings.updateConfig(update(2, 9))).toThrow('must be at least 3');
    const { meetings } = test.controller;
    expect(meetings.updateConfig({ ...update(2, 9), meeting_id: 'other' })).toEqual({ updated: false });
  });
});

describe('removed participants that an assignment names', () => {
  it('GC-15 stay out of a meeting that this controller is given, whatever token they have', async () => {
    const test = await TestMeeting.start({ assigned: false });
    test.controller.assignMeeting(assignment({ removed_participant_ids: ['eve'] }));
    const eve = await test.opened();
    expect((await eve.join(await test.token({ participantId: 'eve' }))).error).toEqual({
      code: ErrorCode.FORBIDDEN,
      message: 'Removed from the meeting',
    });
    await test.joined({ participantId: 'ada' });
  });

  it('GC-15 go out of one that it holds, and stay out when it has been empty', async () => {
    const test = await TestMeeting.start({ maxMeetings: 1 });
    const eve = await test.joined({ participantId: 'eve' });
    test.controller.assignMeeting(assignment({ removed_participant_ids: ['eve'] }));
    expect(await eve.untilClosed()).toMatchObject({ code: 4403 });
    await test.controller.settled();
    expect(test.controller.assignMeeting(assignment({ meeting_id: 'other' }))).toMatchObject({
      accepted: true,
    });
    const again = await test.opened();
    expect((await again.join(await test.token({ participantId: 'eve' }))).error?.code).toBe(
      ErrorCode.FORBIDDEN,
    );
  });
});

describe('a meeting that has moved to another controller', () => {
  it('MC-8 GC-17 is let go, and everyone is to join again there', async () => {
    const test = await TestMeeting.start();
    const clients = [await test.joined(), await test.joined()];
    expect(
      test.controller.endMeeting({ meeting_id: MEETING_ID, generation: 1, reason: 'Moved', moved: true }),
    ).toEqual({ ended: true });
    for (const client of clients)
      expect(await client.untilClosed()).toMatchObject({
        code: 4503,
        reason: 'Meeting is served by another controller: join again',
      });
    await test.controller.settled();
    expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
    expect(test.controller.meetings.size).toBe(0);
  });

  it('MC-8 GC-17 is let go with everything when the global controller says so later, and only in an earlier generation', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    test.controller.assignMeeting(assignment({ meeting_id: 'empty' }));
    const { meetings } = test.controller;
    meetings.superseded([
      { meeting_id: MEETING_ID, generation: 1 },
      { meeting_id: 'empty', generation: 1 },
      { meeting_id: 'unknown', generation: 9 },
    ]);
    expect(meetings.size).toBe(2);
    meetings.superseded([
      { meeting_id: MEETING_ID, generation: 2 },
      { meeting_id: 'empty', generation: 2 },
    ]);
    expect(await ada.untilClosed()).toMatchObject({ code: 4503 });
    expect(meetings.size).toBe(0);
    // It may be given back, with the next generation.
    expect(test.controller.assignMeeting(assignment({ generation: 3 }))).toMatchObject({ accepted: true });
    await test.joined({ generation: 3 });
  });
});
