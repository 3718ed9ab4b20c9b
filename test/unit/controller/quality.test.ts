import { describe, expect, it } from 'vitest';
import type { QualityAlert } from '../../../shared/api/handler.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

async function meetingOfTwo() {
  const test = await TestMeeting.start();
  const [ada, bob] = [await test.joined(), await test.joined()];
  const { address } = test.meeting.router;
  const participant = test.meeting.participantOf(bob.userId);
  if (address === undefined || participant === undefined) throw new Error('The meeting has not begun');
  const alert: QualityAlert = {
    router_id: address.routerId,
    meeting_id: MEETING_ID,
    participant_id: participant.participantId,
    user_id: bob.userId,
    reason: 'loss',
    round_trip_ms: 42,
    loss_ratio: 0.125,
    delivered_bps: 400_000,
    budget_bps: 300_000,
  };
  const handlerId = address.handler.handler_id;
  const tell = (change: Partial<QualityAlert> = {}, from = handlerId): number =>
    test.controller.meetings.qualityAlerts({ handler_id: from, alerts: [{ ...alert, ...change }] }).told;
  return { ada, bob, tell };
}

describe('word of a participant’s path', () => {
  it('MH-5 goes to everyone in the meeting, with the figures', async () => {
    const { ada, bob, tell } = await meetingOfTwo();
    expect(tell()).toBe(1);
    for (const client of [ada, bob]) {
      const { streamQuality } = await client.untilNotice('streamQuality');
      expect({ ...streamQuality }).toMatchObject({
        userId: bob.userId,
        reason: signaling.QualityReason.LOSS,
        roundTripMs: 42,
        lossPerMille: 125,
        deliveredBps: 400_000,
        budgetBps: 300_000,
      });
    }
  });

  it('MH-10 is passed over when it is of another router, handler, meeting or participant', async () => {
    const { ada, tell } = await meetingOfTwo();
    expect([
      tell({ router_id: 'other' }),
      tell({}, 'mh-other'),
      tell({ meeting_id: 'other' }),
      tell({ user_id: 99 }),
      tell({ participant_id: 'other' }),
    ]).toEqual([0, 0, 0, 0, 0]);
    expect(ada.notices('streamQuality')).toEqual([]);
  });
});
