import { describe, expect, it } from 'vitest';
import { signaling } from '../../../shared/signaling/messages.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;

/** To the assignment of the support; the handlers by their role. */
const ACCEPTED = {
  accepted: true,
  rejection: 'NONE',
  generation: 1,
  handler_ids: ['mh-primary', 'mh-backup'],
};

describe('meetings of a controller', () => {
  it('GC-6 accepts an assignment, and the same again without effect', async () => {
    const test = await TestMeeting.start({ assigned: false });
    for (let turn = 0; turn < 2; turn++)
      expect(test.controller.assignMeeting(assignment())).toEqual(ACCEPTED);
    expect(test.controller.meetings.size).toBe(1);
  });

  it('GC-7 keeps the media handlers that it was given first in a generation, and says so', async () => {
    const test = await TestMeeting.start({ assigned: false });
    const [handler] = assignment().media_handlers;
    if (handler === undefined) throw new Error('There is no handler');
    const other = (generation: number) =>
      assignment({ generation, media_handlers: [{ ...handler, handler_id: 'mh-other', role: 'PRIMARY' }] });
    expect(test.controller.assignMeeting(assignment())).toEqual(ACCEPTED);
    expect(test.controller.assignMeeting(other(1))).toEqual(ACCEPTED);
    await test.joined();
    expect(test.meeting.router.address?.handler.handler_id).toBe('mh-primary');
    expect(test.controller.assignMeeting(other(2))).toEqual({
      ...ACCEPTED,
      generation: 2,
      handler_ids: ['mh-other'],
    });
  });

  it('GC-6 rejects one meeting too many with AT_CAPACITY, but not one that it has', async () => {
    const test = await TestMeeting.start({ maxMeetings: 2 });
    test.controller.assignMeeting(assignment({ meeting_id: 'second' }));
    await test.joined();
    await test.joined({ meetingId: 'second' });
    expect(test.controller.assignMeeting(assignment({ meeting_id: 'third' }))).toEqual({
      accepted: false,
      rejection: 'AT_CAPACITY',
    });
    expect(test.controller.assignMeeting(assignment({ generation: 5 })).accepted).toBe(true);
  });

  it('MC-8 refuses an assignment of a lower generation and takes over one of a higher', async () => {
    const test = await TestMeeting.start({ assigned: false });
    test.controller.assignMeeting(assignment({ generation: 3 }));
    expect(() => test.controller.assignMeeting(assignment({ generation: 2 }))).toThrow(
      'Generation of meeting "standup" must be at least 3: got 2',
    );
    test.controller.assignMeeting(
      assignment({ generation: 4, config: { display_name: 'Renamed', max_participants: 1 } }),
    );
    const ada = await test.joined({ generation: 4 });
    expect(ada.welcome).toMatchObject({ meetingName: 'Renamed', maxParticipants: 1 });
    const late = test.connect();
    expect((await late.join(await test.token({ generation: 4 }))).error?.code).toBe(
      ErrorCode.CAPACITY_EXCEEDED,
    );
  });

  it('GC-13 MC-5 ends a meeting for everyone, those who are joining included, with "Meeting has ended" and 4404', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    await ada.publish();
    const release = test.plane.hold('createTransports');
    const joining = await test.opened();
    await joining.send({ join: { joinToken: await test.token() } });
    await expect.poll(() => test.meeting.joining).toBe(1);
    const ending = { meeting_id: MEETING_ID, generation: 1, reason: 'host' };
    expect(test.controller.endMeeting(ending)).toEqual({ ended: true });
    for (const client of [ada, joining]) {
      expect(await client.untilClosed()).toMatchObject({ code: 4404, reason: 'Meeting has ended' });
      expect(client.notices('error')[0]?.error).toEqual({
        code: ErrorCode.NOT_FOUND,
        message: 'Meeting has ended',
      });
    }
    release();
    await expect.poll(() => test.plane.totals.routers).toBe(0);
    expect(test.controller.meetings.size).toBe(0);
    expect(test.controller.endMeeting(ending)).toEqual({ ended: false });
    const late = test.connect();
    expect((await late.join(await test.token())).error?.message).toBe('Meeting has ended');
  });

  it('MC-8 does not end a meeting on the word of a lower generation', async () => {
    const test = await TestMeeting.start({ assigned: false });
    test.controller.assignMeeting(assignment({ generation: 2 }));
    expect(() =>
      test.controller.endMeeting({ meeting_id: MEETING_ID, generation: 1, reason: 'old' }),
    ).toThrow('must be at least 2: got 1');
    expect(test.controller.meetings.size).toBe(1);
  });

  it('MC-9 sends everyone away with 4503 when it stops, cleans up, and takes no more meetings', async () => {
    const test = await TestMeeting.start();
    const [ada, idle] = [await test.joined(), test.connect()];
    await test.controller.stop('The node is going away: join again');
    for (const client of [ada, idle])
      expect(await client.untilClosed()).toMatchObject({
        code: 4503,
        reason: 'The node is going away: join again',
      });
    expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
    expect(test.controller.assignMeeting(assignment())).toEqual({
      accepted: false,
      rejection: 'NODE_DRAINING',
    });
  });

  it('MC-8 counts meetings and participants', async () => {
    const test = await TestMeeting.start();
    test.controller.assignMeeting(assignment({ meeting_id: 'second' }));
    await test.joined();
    await test.joined({ meetingId: 'second' });
    const { size, participants } = test.controller.meetings;
    expect({ size, participants }).toEqual({ size: 2, participants: 2 });
  });

  it('GC-15 takes new signing keys and refuses what is no key set', async () => {
    const test = await TestMeeting.start();
    expect(() => test.controller.setSigningKeys('nonsense')).toThrow(
      'Signing keys must be a JWK set as JSON',
    );
    await test.joined();
    test.controller.setSigningKeys('{"keys":[]}');
    const client = test.connect();
    expect((await client.join(await test.token())).error?.message).toBe('Invalid or expired join token');
  });
});
