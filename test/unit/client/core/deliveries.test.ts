// The forms in which a stream is sent and received (protocol document, "Deliveries"), as a media connection does both.
import { expect, it } from 'vitest';
import { encodeStreamFrame } from '../../../../client/core/media/packetize.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { CAPTURE_WINDOW_US } from '../../../../shared/frame/TransitWindows.ts';
import { deliveryNumber } from '../../../../shared/media-session/delivery.ts';
import { bytesOf, CAPTURE_US, encoded } from '../frames.ts';
import { connected, recorder } from '../mediaSessions.ts';
import { until } from '../until.ts';

it('MH-1 says that it delivers on demand, and sends what the handler says is wanted', async () => {
  const publisher = await connected(1);
  expect(publisher.server.messages).toMatchObject([{ auth: { deliversOnDemand: true } }]);
  const subscriber = await connected(2, publisher.handler);
  const mine = recorder();
  subscriber.media.receive(1, 3, mine);
  const stream = publisher.media.publish({ streamId: 3, fourCc: 'VP80' });
  let keyFrames = 0;
  stream.onKeyFrameNeeded = () => keyFrames++;
  publisher.server.send({
    layerDemand: { streamId: 3, wanted: true, deliveries: [deliveryNumber('datagrams'), 99 as number] },
  });
  publisher.server.send({ keyFrameRequest: { userId: 1, streamId: 3 } });
  await until(() => keyFrames === 1);
  stream.send(encoded({ type: FrameType.videoKey, payload: bytesOf(3_000) }));
  stream.send(encoded());
  await until(() => mine.got.length === 4);
  expect(mine.frames).toEqual([]);

  publisher.server.send({ layerDemand: { streamId: 3, wanted: true } });
  publisher.server.send({ keyFrameRequest: { userId: 1, streamId: 3 } });
  await until(() => keyFrames === 2);
  stream.send(encoded({ type: FrameType.videoKey, payload: bytesOf(3_000) }));
  await until(() => mine.frames.length === 1);
  expect(mine.got).toHaveLength(4);
});

it('MH-1 keeps what the handler says is wanted of a stream until that is here, also of one that moves to another session', async () => {
  const first = await connected(1);
  const second = await connected(1);
  const viewer = await connected(2, second.handler);
  const mine = recorder();
  viewer.media.receive(1, 3, mine);
  const stream = first.media.publish({ streamId: 3, fourCc: 'VP80' });
  for (const { server } of [first, second]) {
    server.send({ layerDemand: { streamId: 3, wanted: true, deliveries: [deliveryNumber('datagrams')] } });
    server.send({ layerDemand: { streamId: 4, wanted: false } });
  }
  // Comes behind the demands.
  second.server.send({ streamQuality: { reason: 2 } });
  await until(() => second.media.pathLimit !== undefined);
  first.media.close();
  second.media.adopt(stream);
  stream.send(encoded({ type: FrameType.videoKey, payload: bytesOf(500) }));
  await until(() => mine.got.length === 1);
  expect(mine.frames).toEqual([]);
  expect(second.media.publish({ streamId: 4, fourCc: 'VP80' }).wanted).toBe(false);
});

it('MH-5 reports what comes on streams alone: bytes, and how long it was on its way', async () => {
  const { media, server, time } = await connected(1);
  const mine = recorder();
  media.receive(7, 3, mine);
  const frameAt = (afterUs: number, fourCc?: string): Uint8Array =>
    encodeStreamFrame(
      encoded({ type: FrameType.videoKey, timestampUs: CAPTURE_US + afterUs }),
      { userId: 7, streamId: 3, spatialLayer: 0, baseFrame: 0, sequence: 9 },
      4,
      fourCc,
    );
  const arrivedUs = time.monotonicMs() * 1_000;
  await server.sendStream(frameAt(0, 'VP80'), frameAt(5), frameAt(CAPTURE_WINDOW_US));
  await until(() => mine.frames.length === 3);
  time.advance(250);
  await until(() => server.messages.some(({ payload }) => payload === 'receiverReport'));
  const report = server.messages.at(-1)?.receiverReport?.streams?.[0];
  expect(report).toMatchObject({
    userId: 7,
    streamId: 3,
    bytes: mine.frames.reduce((sum, { length }) => sum + length, 0),
    transits: [{ window: CAPTURE_US / CAPTURE_WINDOW_US, leastUs: arrivedUs - CAPTURE_US - 5 }],
  });
  expect([report?.received ?? 0, report?.lost ?? 0]).toEqual([0, 0]);
});
