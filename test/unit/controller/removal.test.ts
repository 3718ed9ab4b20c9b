import { describe, expect, it } from 'vitest';
import { signaling } from '../../../shared/signaling/messages.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode, LeaveReason } = signaling;
const ADA = 'ada';
const removal = { meeting_id: MEETING_ID, generation: 1, participant_id: ADA, reason: 'host' };

describe('removing a participant', () => {
  it('GC-15 closes its session with 4403, tells the others, and lets the same token in no more', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined({ participantId: ADA });
    const bob = await test.joined();
    const { participants } = test.controller.meetings.listParticipants(removal);
    expect(participants.map(({ participant_id }) => participant_id)).toContain(ADA);
    expect(test.controller.meetings.removeParticipant(removal)).toEqual({ removed: true });
    expect(await ada.untilClosed()).toMatchObject({ code: 4403, reason: 'Removed from the meeting' });
    await expect.poll(() => bob.notices('participantLeft')).toHaveLength(1);
    expect(bob.notices('participantLeft')[0]?.participantLeft).toMatchObject({
      participantId: ADA,
      reason: LeaveReason.REMOVED,
    });
    const again = await test.opened();
    expect((await again.join(await test.token({ participantId: ADA }))).error).toEqual({
      code: ErrorCode.FORBIDDEN,
      message: 'Removed from the meeting',
    });
    expect(test.controller.meetings.listParticipants(removal).participants).toHaveLength(1);
  });

  it('GC-15 ends a join that is under way, and may be said of somebody who is not there', async () => {
    const test = await TestMeeting.start();
    expect(test.controller.meetings.removeParticipant({ ...removal, participant_id: 'nobody' })).toEqual({
      removed: false,
    });
    const release = test.plane.hold('createTransports');
    const joining = await test.opened();
    await joining.send({ join: { joinToken: await test.token({ participantId: ADA }) } });
    await expect.poll(() => test.meeting.joining).toBe(1);
    expect(test.controller.meetings.removeParticipant(removal)).toEqual({ removed: false });
    expect(await joining.untilClosed()).toMatchObject({ code: 4403 });
    release();
    await expect.poll(() => test.plane.totals.routers).toBe(0);
  });

  it('MC-8 is refused to whoever no longer speaks for the meeting', async () => {
    const test = await TestMeeting.start();
    expect(() => test.controller.meetings.removeParticipant({ ...removal, meeting_id: 'other' })).toThrow(
      'Meeting "other" is not held here',
    );
    expect(() => test.controller.meetings.listParticipants({ ...removal, generation: 0 })).toThrow(
      'must be at least 1',
    );
  });
});
