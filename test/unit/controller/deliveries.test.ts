import { describe, expect, it } from 'vitest';
import type { ConsumerRequest } from '../../../media-node/controller/MediaPlane.ts';
import { deliveryNumber } from '../../../shared/media-session/delivery.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;
const [STREAMS, DATAGRAMS] = [deliveryNumber('streams'), deliveryNumber('datagrams')];

async function twoPeople() {
  const test = await TestMeeting.start();
  const ada = await test.joined();
  const ben = await test.joined();
  const streamIds = [await ada.publish(), await ada.publish(), await ada.publish()];
  const subscribe = (streamId: number, delivery?: number) =>
    ben.request({ subscribeStream: { userId: ada.userId, streamId, ...(delivery && { delivery }) } });
  const consumers = (): (string | undefined)[] =>
    [...test.plane.routers.values()].flatMap(({ consumers }) =>
      [...consumers.values()].map(({ delivery }: ConsumerRequest) => delivery),
    );
  return { test, ada, ben, streamIds, subscribe, consumers };
}

describe('the delivery that a subscriber asks for', () => {
  it('MC-3 goes to the media handler with the subscription, where it is not the publisher’s choice', async () => {
    const { subscribe, consumers } = await twoPeople();
    const answers = await Promise.all([subscribe(1), subscribe(2, STREAMS), subscribe(3, DATAGRAMS)]);
    expect(answers.map(({ payload }) => payload)).toEqual(['subscribed', 'subscribed', 'subscribed']);
    expect(consumers()).toEqual([undefined, 'streams', 'datagrams']);
  });

  it('SFU-9 is the same after the router was lost, and after the participant’s own session was', async () => {
    const { test, ben, subscribe, consumers } = await twoPeople();
    await subscribe(1);
    await subscribe(2, STREAMS);
    await subscribe(3, DATAGRAMS);
    expect(test.loseRouter()).toBe(1);
    await ben.untilNotice('mediaServerChanged');
    expect(consumers()).toEqual([undefined, 'streams', 'datagrams']);
    const { handlerId, routerId, transportId } = test.plane.endTransportOf(ben.userId);
    test.controller.meetings.transportsLost({
      handler_id: handlerId,
      transports: [{ router_id: routerId, meeting_id: MEETING_ID, transport_id: transportId }],
    });
    await ben.untilNotice('mediaServerChanged', 2);
    expect(consumers()).toEqual([undefined, 'streams', 'datagrams']);
  });

  it('MC-5 is changed by unsubscribing first, and asking for another one before is refused', async () => {
    const { ada, ben, subscribe, consumers } = await twoPeople();
    const [first, second] = await Promise.all([subscribe(1, STREAMS), subscribe(1, DATAGRAMS)]);
    expect(first?.payload).toBe('subscribed');
    const refusal = {
      code: ErrorCode.CONFLICT,
      message: 'The stream is subscribed in delivery "streams": unsubscribe from it first',
    };
    expect(second?.error).toEqual(refusal);
    expect((await subscribe(1)).error).toEqual(refusal);
    expect((await subscribe(1, STREAMS)).payload).toBe('subscribed');
    await ben.request({ unsubscribeStream: { userId: ada.userId, streamId: 1 } });
    await subscribe(1, DATAGRAMS);
    expect(consumers()).toEqual(['datagrams']);
  });

  it('MH-10 is refused when it is none that is known', async () => {
    const { subscribe, consumers } = await twoPeople();
    expect((await subscribe(1, 3)).error).toEqual({
      code: ErrorCode.INVALID_REQUEST,
      message: 'Delivery must be 0 to 2: got 3',
    });
    expect(consumers()).toEqual([]);
  });
});
