import { expect, it } from 'vitest';
import { type Figures, routerSchema, transportDetailsListSchema } from '../../../shared/api/handler.ts';
import { encodeAck } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import {
  frame,
  join,
  mediaStream,
  publish,
  ROUTER_ID,
  settle,
  startTestWorker,
  subscribe,
} from './meeting.ts';

/** What a worker says of a router; its agent adds whose it is. */
const routerFigures = routerSchema.pick({ figures: true }).required();

it('MH-8 tells of each session its streams, rates, path and drops by reason', async () => {
  const test = await startTestWorker();
  const [ada, bob] = [await join(test, 1), await join(test, 2, { maxDatagramsInFlight: 8 })];
  const producerId = await publish(test, ada, 10);
  const consumerId = await subscribe(test, bob, producerId);
  test.worker.sampleRates();
  for (let sequence = 0; sequence < 4; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
  ada.client.sendDatagram(frame(1, 99));
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
    sent: { datagrams: 0, bytes: 0, streams: 0, stream_bytes: 0, bits_per_second: 0 },
    received: { datagrams: 25, datagrams_per_second: 12.5, streams: 0, drops: { noRoute: 1 } },
  });
  // What the client says was lost of a thinned stream is no loss: `path` tells what was measured.
  expect(second).not.toHaveProperty('loss_ratio');
  expect(second).toMatchObject({
    path: {},
    participant_id: 'p-2',
    producers: [],
    drops: { destinationDelta: 1, destinationUndecodable: 13 },
    sent: { datagrams: 10, bytes: 500, datagrams_per_second: 5, bits_per_second: 2_000 },
    received: { datagrams: 1, drops: {} },
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

it('MH-8 counts what goes on streams with the stream, its subscribers and their sessions', async () => {
  const test = await startTestWorker();
  const [ada, bob] = [await join(test, 1), await join(test, 2)];
  await subscribe(test, bob, await publish(test, ada, 10));
  test.worker.sampleRates();
  const bytes = mediaStream(1, 10, [frame(1, 10, { type: FrameType.videoKey, payloadLength: 968 })]);
  const stream = await ada.client.session.openSendStream();
  await stream.write(bytes);
  await stream.close();
  await settle();
  test.clock.nowMs += 1_000;
  test.worker.sampleRates();

  const traffic = { datagrams: 0, streams: 1, stream_bytes: bytes.length, bits_per_second: bytes.length * 8 };
  const { transports } = await test.calls.inspectTransports({ router_id: ROUTER_ID });
  expect(transports).toMatchObject([
    { received: traffic, producers: [traffic] },
    { sent: traffic, consumers: [traffic] },
  ]);
});

it('MH-8 goes on counting, for the router and the session, what went through streams that are closed', async () => {
  const test = await startTestWorker();
  const [ada, bob] = [await join(test, 1), await join(test, 2)];
  const producerId = await publish(test, ada, 10);
  await subscribe(test, bob, producerId);
  for (let sequence = 0; sequence < 3; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
  ada.client.sendDatagram(frame(2, 10));
  await settle();
  const figures = async (): Promise<Figures | undefined> =>
    routerFigures.parse(await test.calls.inspectRouter({ router_id: ROUTER_ID })).figures;
  const before = await figures();
  expect(before).toMatchObject({
    datagrams_in: 4,
    datagrams_out: 3,
    bytes_in: 200,
    bytes_out: 150,
    drops: { notSendersStream: 1 },
    counters: { datagramsRouted: 3, copiesOffered: 3 },
    forwarded_by_hops: { 0: 3 },
  });

  await test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producerId });
  const [, second] = (await test.calls.inspectTransports({ router_id: ROUTER_ID })).transports;
  expect(second).toMatchObject({ consumers: [], sent: { datagrams: 3, bytes: 150 } });
  await test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: ada.transportId });
  expect(await figures()).toEqual(before);

  // Another router has none of it, and the worker all, also when the router is closed.
  await test.calls.createRouter({ router_id: 'router-2', meeting_id: 'meeting-2', generation: 1 });
  expect(await test.calls.inspectRouter({ router_id: 'router-2' })).toMatchObject({
    figures: { datagrams_in: 0, drops: {} },
  });
  await test.calls.closeRouter({ router_id: ROUTER_ID });
  const { datagrams_in, datagrams_out, drops, counters } = test.worker.stats();
  expect({ datagrams_in, datagrams_out, drops }).toEqual({
    datagrams_in: 4,
    datagrams_out: 3,
    drops: before?.drops,
  });
  expect(counters).toMatchObject({ datagramsRouted: 3, copiesOffered: 3, messagesIn: 2 });
});
