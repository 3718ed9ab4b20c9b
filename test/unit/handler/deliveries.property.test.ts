// Whatever frames a publisher sends in whatever forms, and however its streams are cut: each subscriber is sent the very bytes
// that are for it, in order.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  FLAG_DISCARDABLE,
  FLAG_END_OF_FRAME,
  FLAG_ON_DEMAND,
  FrameType,
} from '../../../shared/frame/layout.ts';
import { DELIVERIES, type Delivery } from '../../../shared/media-session/delivery.ts';
import { frame, join, mediaStream, publish, settle, startTestWorker, subscribe } from './meeting.ts';

const STREAM = 10;

interface SentFrame {
  readonly isOnDemand: boolean;
  /** On a stream: temporal layer 1, which nothing depends on. */
  readonly isDiscardable: boolean;
  readonly payloadLength: number;
}

const sentFrame: fc.Arbitrary<SentFrame> = fc.record({
  isOnDemand: fc.boolean(),
  isDiscardable: fc.boolean(),
  payloadLength: fc.integer({ min: 0, max: 300 }),
});

function toBytes({ isOnDemand, isDiscardable, payloadLength }: SentFrame, isKey: boolean): Uint8Array {
  return frame(1, STREAM, {
    type: isKey ? FrameType.videoKey : FrameType.videoDelta,
    payloadLength,
    temporalLayer: isDiscardable && !isKey ? 1 : 0,
    flags:
      FLAG_END_OF_FRAME |
      (isDiscardable && !isKey ? FLAG_DISCARDABLE : 0) |
      (isOnDemand ? FLAG_ON_DEMAND : 0),
  });
}

/** The frames of a stream that a subscriber is sent; undefined when it is not sent the stream at all. */
function expectedOnStream(
  frames: readonly SentFrame[],
  delivery: Delivery,
  isThinned: boolean,
): Uint8Array[] | undefined {
  if (delivery === 'datagrams') return undefined;
  const end = delivery === 'streams' ? -1 : frames.findIndex(({ isOnDemand }) => isOnDemand);
  if (end === 0) return undefined;
  return frames
    .slice(0, end < 0 ? frames.length : end)
    .flatMap((one, index) =>
      isThinned && one.isDiscardable && index > 0 ? [] : [toBytes(one, index === 0)],
    );
}

it('MH-1 what goes out to a subscriber are the bytes that came in for it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sentFrame, { minLength: 1, maxLength: 8 }),
      fc.array(sentFrame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      async (onStream, asDatagrams, pieces, isThinned) => {
        const test = await startTestWorker();
        const publisher = await join(test, 1, { deliversOnDemand: true });
        const producerId = await publish(test, publisher, STREAM);
        const seats = [];
        for (const [index, delivery] of DELIVERIES.entries()) {
          const seat = await join(test, 2 + index);
          await subscribe(test, seat, producerId, delivery);
          const maxTemporalLayer = isThinned ? 0 : 7;
          await seat.client.say({
            layerChange: { userId: 1, streamId: STREAM, preferredSpatialLayer: 2, maxTemporalLayer },
          });
          seats.push({ seat, delivery });
        }
        await settle();
        const whole = mediaStream(
          1,
          STREAM,
          onStream.map((one, index) => toBytes(one, index === 0)),
        );
        const stream = await publisher.client.session.openSendStream();
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = pieces[turn % pieces.length] ?? 1;
          await stream.write(whole.subarray(at, at + size));
          at += size;
        }
        await stream.close();
        for (const one of asDatagrams) publisher.client.sendDatagram(toBytes(one, false));
        await settle();
        for (const { seat, delivery } of seats) {
          const frames = expectedOnStream(onStream, delivery, isThinned);
          const expected = frames === undefined ? [] : [Buffer.from(mediaStream(1, STREAM, frames))];
          expect(seat.client.streams.map(({ bytes }) => Buffer.from(bytes))).toEqual(expected);
          for (const { end } of seat.client.streams) expect(end).toBe('finished');
          const forIt = asDatagrams.filter(
            ({ isOnDemand, isDiscardable }) =>
              delivery !== 'streams' &&
              (delivery === 'datagrams' || !isOnDemand) &&
              !(isThinned && isDiscardable),
          );
          expect(seat.client.datagrams).toEqual(forIt.map((one) => toBytes(one, false)));
        }
        for (const { client } of [publisher, ...seats.map(({ seat }) => seat)]) client.session.close(0, '');
      },
    ),
    { numRuns: 60 },
  );
});
