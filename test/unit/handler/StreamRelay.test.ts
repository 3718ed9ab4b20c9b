import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_OPEN_COPIES } from '../../../media-node/handler/StreamCopies.ts';
import { Counter } from '../../../media-node/metrics/Counters.ts';
import type { SendStream } from '../../../media-node/transport/MediaSession.ts';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { ResetCode, STREAM_HEADER_BYTES, StreamType } from '../../../shared/media-stream/header.ts';
import {
  frame,
  join,
  mediaStream,
  publish,
  ROUTER_ID,
  type Seat,
  settle,
  subscribe,
  type TestWorker,
} from './meeting.ts';
import { STREAM, type StreamMeeting, startStreamMeeting } from './streamMeeting.ts';

describe('StreamRelay', () => {
  let test: TestWorker;
  let ada: Seat;
  let bob: Seat;
  let eve: Seat;
  let producerId: string;
  let drops: StreamMeeting['drops'];

  beforeEach(async () => {
    ({ test, ada, bob, eve, producerId, drops } = await startStreamMeeting());
  });

  async function open(seat: Seat, bytes: Uint8Array): Promise<SendStream> {
    const stream = await seat.client.session.openSendStream();
    await stream.write(bytes).catch(() => undefined);
    await settle();
    return stream;
  }

  async function send(seat: Seat, bytes: Uint8Array): Promise<void> {
    const stream = await open(seat, bytes);
    await stream.close().catch(() => undefined);
    await settle();
  }

  it('MH-1 passes a key frame on a stream on to every subscriber, byte by byte, with its end', async () => {
    await send(ada, STREAM);
    for (const { client } of [bob, eve]) {
      expect(client.streams.map(({ end }) => end)).toEqual(['finished']);
      expect(Buffer.from(client.streams[0]?.bytes ?? []).equals(STREAM)).toBe(true);
    }
    expect(ada.client.streams).toEqual([]);
    expect(test.worker.counters.value(Counter.streamBytesIn)).toBe(STREAM.length);
    expect(test.worker.counters.value(Counter.streamBytesOut)).toBe(2 * STREAM.length);
  });

  it('MH-1 passes on a publisher that sends everything on one stream: sound, frame by frame', async () => {
    const sound = await publish(test, ada, 11, 'audio');
    await subscribe(test, bob, sound);
    const frames = [0, 1, 2].map((sequence) => frame(1, 11, { type: FrameType.audio, sequence }));
    const stream = await ada.client.session.openSendStream();
    let sent = mediaStream(1, 11, [], StreamType.audio);
    await stream.write(sent);
    for (const bytes of frames) {
      await stream.write(bytes);
      await settle();
      sent = Buffer.concat([sent, bytes]);
      expect(Buffer.from(bob.client.streams[0]?.bytes ?? []).equals(sent)).toBe(true);
    }
    await stream.close();
    await settle();
    expect(bob.client.streams.map(({ end }) => end)).toEqual(['finished']);
    expect(drops()).toEqual({});
  });

  it('MH-1 gives a late joiner of a publisher on streams the stream that begins next', async () => {
    const first = await ada.client.session.openSendStream();
    await first.write(STREAM);
    await settle();
    const late = await join(test, 4);
    await subscribe(test, late, producerId);
    await first.write(frame(1, 10));
    await settle();
    expect(late.client.streams).toEqual([]);
    await first.close();
    const second = await ada.client.session.openSendStream();
    await second.write(STREAM);
    await second.write(frame(1, 10));
    await settle();
    expect(late.client.streams.map(({ bytes }) => bytes.length)).toEqual([
      STREAM.length + frame(1, 10).length,
    ]);
    expect(bob.client.streams.map(({ end }) => end)).toEqual(['finished', 'open']);
  });

  it('MH-1 passes on a publisher that sends everything as datagrams, key frames too', async () => {
    ada.client.sendDatagram(frame(1, 10, { type: FrameType.videoKey, sequence: 0 }));
    ada.client.sendDatagram(frame(1, 10, { sequence: 1, baseFrame: 1 }));
    await settle();
    for (const { client } of [bob, eve]) {
      expect(client.datagrams).toHaveLength(2);
      expect(client.streams).toEqual([]);
    }
    expect(drops()).toEqual({});
  });

  it('MH-1 passes on what has come before the rest is there (cut-through)', async () => {
    const stream = await ada.client.session.openSendStream();
    const part = STREAM_HEADER_BYTES + HEADER_BYTES + 100;
    await stream.write(STREAM.subarray(0, part));
    await settle();
    expect(bob.client.streams.map(({ bytes, end }) => [bytes.length, end])).toEqual([[part, 'open']]);
  });

  it('MH-4 a subscriber that does not read keeps nobody else waiting, and loses its copy at the bound', async () => {
    eve.client.session.hold();
    for (let frames = 0; frames < 3; frames++) {
      const big = mediaStream(1, 10, [frame(1, 10, { type: FrameType.videoKey, payloadLength: 400_000 })]);
      await send(ada, big);
    }
    const long = mediaStream(
      1,
      10,
      Array.from({ length: 3 }, () => frame(1, 10, { type: FrameType.videoKey, payloadLength: 500_000 })),
    );
    await send(ada, long);
    expect(bob.client.streams.map(({ end }) => end)).toEqual(Array(4).fill('finished'));
    expect(drops()).toEqual({ streamQuotaExceeded: 1 });
    eve.client.session.release();
    await settle();
    expect(eve.client.streams.map(({ end }) => end)).toEqual([
      'finished',
      'finished',
      'finished',
      { resetCode: ResetCode.quotaExceeded },
    ]);
  });

  it('MH-4 bounds the copies that wait for one subscriber: the oldest goes', async () => {
    eve.client.session.hold();
    for (let frames = 0; frames < MAX_OPEN_COPIES + 2; frames++)
      await send(ada, mediaStream(1, 10, [frame(1, 10, { payloadLength: 100_000 })]));
    expect(drops()).toEqual({ streamQuotaExceeded: 2 });
    expect(bob.client.streams).toHaveLength(MAX_OPEN_COPIES + 2);
  });

  it('passes the publisher’s reset on with its code', async () => {
    const stream = await ada.client.session.openSendStream();
    await stream.write(STREAM.subarray(0, 1_000));
    await settle();
    stream.reset(ResetCode.internalError);
    await settle();
    expect(bob.client.streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.internalError }]);
    expect(drops()).toEqual({});
  });

  it.each([
    ['a stream of another participant', mediaStream(1, 10, [frame(1, 10)])],
    ['a stream that is not published', mediaStream(2, 10, [frame(2, 10)])],
  ])('MH-10 stops %s with 0x02, counts it, and nobody gets it', async (_name, bytes) => {
    const stream = await bob.client.session.openSendStream();
    await stream.write(bytes);
    await settle();
    await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({
      code: ResetCode.authenticationFailed,
    });
    expect(drops()).toEqual({ streamNotSenders: 1 });
    expect([ada.client.streams, eve.client.streams]).toEqual([[], []]);
  });

  it('MH-10 stops a stream in another’s name, even where the sender publishes one of the same number', async () => {
    await publish(test, bob, 10);
    await send(bob, mediaStream(1, 10, [frame(1, 10)]));
    expect(drops()).toEqual({ streamNotSenders: 1 });
    expect([ada.client.streams, eve.client.streams]).toEqual([[], []]);
  });

  it('MH-10 stops a stream of the wrong kind with 0x02', async () => {
    await send(ada, mediaStream(1, 10, [frame(1, 10)], StreamType.audio));
    expect(drops()).toEqual({ streamNotSenders: 1 });
  });

  it('MH-10 stops a malformed stream with 0x01 and resets its copies with the same', async () => {
    const stream = await ada.client.session.openSendStream();
    await stream.write(mediaStream(1, 10, [frame(1, 10), frame(2, 10)]));
    await settle();
    await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({ code: ResetCode.invalidFormat });
    expect(drops()).toEqual({ streamMalformed: 1 });
    expect(bob.client.streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.invalidFormat }]);
  });

  it.each([1, 31, STREAM_HEADER_BYTES + 1, STREAM_HEADER_BYTES + HEADER_BYTES + 1])(
    'MH-10 counts a stream that ends after %i bytes, within a header or frame, as malformed',
    async (length) => {
      await send(ada, STREAM.subarray(0, length));
      expect(drops()).toEqual({ streamMalformed: 1 });
      for (const { end } of bob.client.streams) expect(end).toEqual({ resetCode: ResetCode.invalidFormat });
    },
  );

  it('MH-8 accounts for each stream and copy, however it ends', async () => {
    for (const bytes of [STREAM, STREAM.subarray(0, 100), mediaStream(2, 10, [])]) await send(ada, bytes);
    const [reset, aborted] = [await open(ada, STREAM), await open(ada, STREAM)];
    reset.reset(ResetCode.none);
    await settle();
    const { counters } = test.worker;
    const copies = (): unknown =>
      (['streamCopiesOffered', 'streamCopiesEnded', 'streamCopiesGivenUp'] as const).map((name) =>
        counters.value(Counter[name]),
      );
    // One whole, the cut one and the one that was reset, to each of two; and the last one, which is still open.
    expect(copies()).toEqual([8, 2, 4]);
    bob.client.streams.at(-1)?.stream.stop(0);
    await aborted.write(frame(1, 10));
    await settle();
    test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producerId });
    await settle();
    expect(copies()).toEqual([8, 2, 5]);
    expect(drops()).toEqual({ streamMalformed: 1, streamNotSenders: 1, streamDestinationClosed: 1 });
    expect([counters.streamRefusals, counters.streamCopyDrops]).toEqual([2, 1]);
    expect(counters.valuesByName()).toMatchObject({
      streamsReceived: 5,
      streamsIn: 4,
      streamsEnded: 1,
      streamsGivenUp: 2,
    });
  });

  it('counts a stream that nobody receives and reads it to its end', async () => {
    await publish(test, bob, 20);
    await send(bob, mediaStream(2, 20, [frame(2, 20)]));
    expect(drops()).toEqual({ streamNoSubscribers: 1 });
  });

  it('ends streams in flight when their producer closes', async () => {
    const stream = await ada.client.session.openSendStream();
    await stream.write(STREAM.subarray(0, 1_000));
    await settle();
    test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producerId });
    await settle();
    await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({ code: ResetCode.none });
    expect(bob.client.streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.none }]);
  });
});
