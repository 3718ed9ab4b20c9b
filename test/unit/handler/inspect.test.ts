import { expect, it } from 'vitest';
import { transportDetailsListSchema } from '../../../shared/api/handler.ts';
import { encodeAck } from '../../../shared/frame/control.ts';
import { frame, join, publish, ROUTER_ID, settle, startTestWorker, subscribe } from './meeting.ts';

it('MH-8 tells of each session its streams, rates, path and drops by reason', async () => {
  const test = await startTestWorker();
  const [ada, bob] = [await join(test, 1), await join(test, 2, { maxDatagramsInFlight: 8 })];
  const producerId = await publish(test, ada, 10);
  const consumerId = await subscribe(test, bob, producerId);
  test.worker.sampleRates();
  for (let sequence = 0; sequence < 4; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
  await settle();
  bob.client.session.hold();
  for (let sequence = 4; sequence < 24; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
  await settle();
  bob.client.sendDatagram(encodeAck([{ userId: 1, streamId: 10, highestSequence: 3 }]));
  await bob.client.say({
    receiverReport: {
      intervalMs: 1_000,
      roundTripUs: 30_000,
      streams: [{ userId: 1, streamId: 10, received: 3, lost: 1, jitterUs: 9, bytes: 150 }],
    },
  });
  await settle();
  test.clock.nowMs += 2_000;
  test.worker.sampleRates();

  const answer = await test.calls.inspectTransports({ router_id: ROUTER_ID });
  const [first, second] = transportDetailsListSchema.parse(answer).transports;
  expect(first).toMatchObject({
    transport_id: ada.transportId,
    user_id: 1,
    connected: true,
    muted: [],
    producers: [
      {
        producer_id: producerId,
        stream_id: 10,
        kind: 'video',
        consumers: 1,
        datagrams: 24,
        bytes: 1_200,
        datagrams_per_second: 12,
        bits_per_second: 4_800,
      },
    ],
    consumers: [],
  });
  // What the client says was lost of a thinned stream is no loss: `path` tells what was measured.
  expect(second).not.toHaveProperty('loss_ratio');
  expect(second).toMatchObject({
    path: {},
    participant_id: 'p-2',
    producers: [],
    drops: { destinationDelta: 1, destinationUndecodable: 13 },
    consumers: [
      {
        consumer_id: consumerId,
        datagrams: 10,
        dropped: 14,
        datagrams_per_second: 5,
        reported: { received: 3, lost: 1, jitter_us: 9, bytes: 150 },
      },
    ],
  });
  expect(await test.calls.inspectTransport({ router_id: ROUTER_ID, transport_id: bob.transportId })).toEqual(
    answer.transports[1],
  );
});
