// A participant whose media session has died while it is in the meeting: it gets another one, the others keep theirs.
import { describe, expect, it } from 'vitest';
import type { TestClient } from './support/TestClient.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

/** Everyone publishes one stream and subscribes to those of all others. */
async function meetingOf(count: number): Promise<{ test: TestMeeting; clients: TestClient[] }> {
  const test = await TestMeeting.start();
  const clients: TestClient[] = [];
  for (let index = 0; index < count; index++) clients.push(await test.joined());
  for (const client of clients) await client.publish();
  for (const client of clients)
    for (const other of clients) if (other !== client) await client.subscribe(other.userId, 1);
  return { test, clients };
}

function tell(
  test: TestMeeting,
  lost: { handlerId: string; routerId: string; transportId: string },
  meetingId = MEETING_ID,
): number {
  return test.controller.meetings.transportsLost({
    handler_id: lost.handlerId,
    transports: [{ router_id: lost.routerId, meeting_id: meetingId, transport_id: lost.transportId }],
  }).recovering;
}

describe('a participant whose media session has died', () => {
  it('SFU-9 gets another one with its streams and subscriptions; nobody else notices', async () => {
    const { test, clients } = await meetingOf(3);
    const [ada, ben, cleo] = clients as [TestClient, TestClient, TestClient];
    const before = { ...test.plane.totals };
    const token = ada.mediaToken;
    expect(tell(test, test.plane.endTransportOf(ada.userId))).toBe(1);
    expect(test.plane.totals.transports).toBe(2);
    await ada.untilNotice('mediaServerChanged');
    expect(ada.mediaToken).not.toBe(token);
    await test.controller.settled();
    expect(test.plane.totals).toEqual(before);
    for (const other of [ben, cleo]) {
      expect(other.notices('mediaServerChanged')).toEqual([]);
      expect(other.notices('participantLeft')).toEqual([]);
      expect(other.notices('streamUnpublished')).toEqual([]);
    }
    // What follows is about the transport that it has now.
    expect(await ada.publish()).toBe(2);
    expect((await ben.subscribe(ada.userId, 2)).subscribed).toBeTruthy();
    await ada.request({ leave: {} });
    await test.controller.settled();
    expect(test.plane.totals).toMatchObject({ transports: 2, producers: 2, consumers: 2 });
  });

  it('SFU-9 that has left meanwhile gets none, and a transport that is not in use means nothing', async () => {
    const { test, clients } = await meetingOf(2);
    const [ada] = clients as [TestClient];
    const lost = test.plane.endTransportOf(ada.userId);
    await ada.send({ leave: {} });
    await ada.untilClosed();
    expect(tell(test, lost)).toBe(0);
    expect(tell(test, lost, 'other')).toBe(0);
    await test.controller.settled();
    expect(test.plane.totals).toMatchObject({ transports: 1 });
  });

  it('SFU-9 is not believed to have lost it on the word of another handler, nor twice', async () => {
    const { test, clients } = await meetingOf(2);
    const [ada] = clients as [TestClient];
    const lost = test.plane.endTransportOf(ada.userId);
    expect(tell(test, { ...lost, handlerId: 'mh-backup' })).toBe(0);
    expect(tell(test, lost)).toBe(1);
    expect(tell(test, lost)).toBe(0);
    await ada.untilNotice('mediaServerChanged');
    expect(tell(test, lost)).toBe(0);
  });

  it('SFU-9 is sent away with 4503 when it loses one after the other; the others stay', async () => {
    const { test, clients } = await meetingOf(2);
    const [ada, ben] = clients as [TestClient, TestClient];
    for (let losses = 1; losses <= 5; losses++) {
      tell(test, test.plane.endTransportOf(ada.userId));
      await ada.untilNotice('mediaServerChanged', losses);
    }
    tell(test, test.plane.endTransportOf(ada.userId));
    expect(await ada.untilClosed()).toMatchObject({ code: 4503 });
    await ben.untilNotice('participantLeft');
    expect(ben.closed).toBe(undefined);
  });

  it('SFU-9 is there again after all have died at once', async () => {
    const { test, clients } = await meetingOf(3);
    const before = { ...test.plane.totals };
    for (const client of clients) tell(test, test.plane.endTransportOf(client.userId));
    for (const client of clients) await client.untilNotice('mediaServerChanged');
    await test.controller.settled();
    expect(test.plane.totals).toEqual(before);
  });
});
