import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/error.ts';
import { type StreamInfo, signaling } from '../../../shared/signaling/messages.ts';
import { TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode, MediaKind, MediaSource } = signaling;
const CAMERA: StreamInfo = {
  kind: MediaKind.VIDEO,
  source: MediaSource.CAMERA,
  codec: 'vp09.00.10.08',
  spatialLayer: 2,
  width: 1_280,
  height: 720,
  framesPerSecond: 30,
  bitrateBps: 1_500_000,
  colorSpace: { primaries: 6, transfer: 6, matrix: 6, fullRange: true },
};

async function twoPeople() {
  const test = await TestMeeting.start();
  const ada = await test.joined();
  const ben = await test.joined();
  return { test, ada, ben };
}

describe('publishing and subscribing', () => {
  it('MC-3 answers a publish with the stream id, tells the others, makes the producer', async () => {
    const { test, ada, ben } = await twoPeople();
    const answer = await ada.request({ publishStream: { info: { ...CAMERA, userId: 77, streamId: 88 } } });
    const expected = { ...CAMERA, userId: ada.userId, streamId: 1 };
    expect(answer.streamPublished?.info).toMatchObject(expected);
    expect((await ben.untilNotice('streamPublished')).streamPublished?.info).toMatchObject(expected);
    expect(ada.notices('streamPublished')).toEqual([]);
    const [router] = test.plane.routers.values();
    expect([...(router?.producers.values() ?? [])]).toMatchObject([
      { request: { stream_id: 1, kind: 'video', spatial_layer: 2 } },
    ]);
  });

  it('MC-3 counts stream ids from 1 for each publisher and never gives one out twice', async () => {
    const { ada, ben } = await twoPeople();
    expect([await ada.publish(), await ada.publish(), await ben.publish()]).toEqual([1, 2, 1]);
    await ada.request({ unpublishStream: { streamId: 2 } });
    expect(await ada.publish()).toBe(3);
  });

  it.each<[string, StreamInfo | undefined, string]>([
    ['no info', undefined, 'Stream info is missing'],
    ['an unknown kind', { ...CAMERA, kind: 7 as never }, 'Stream kind must be AUDIO or VIDEO: got 7'],
    ['an unknown source', { ...CAMERA, source: 9 as never }, 'Stream source is not known: got 9'],
    ['no codec', { ...CAMERA, codec: '' }, 'Stream codec must be 1 to 40 characters of A-Z a-z 0-9 . = _ -'],
    [
      'a codec with other characters',
      { ...CAMERA, codec: 'vp8<script>' },
      'Stream codec must be 1 to 40 characters of A-Z a-z 0-9 . = _ -',
    ],
    ['a layer over 2', { ...CAMERA, spatialLayer: 3 }, 'Stream layer must be 0 to 2: got 3'],
    [
      'a colour code over 255',
      { ...CAMERA, colorSpace: { ...CAMERA.colorSpace, matrix: 256 } },
      'Stream color matrix must be at most 255: got 256',
    ],
    ['an absurd width', { ...CAMERA, width: 100_000 }, 'Stream width must be at most 16384: got 100000'],
  ])(
    'MC-5 MH-10 refuses to publish a stream with %s, and the session goes on',
    async (_kind, info, message) => {
      const { test, ada, ben } = await twoPeople();
      const answer = await ada.request({ publishStream: info === undefined ? {} : { info } });
      expect(answer.error).toEqual({ code: ErrorCode.INVALID_REQUEST, message });
      expect(test.plane.totals.producers).toBe(0);
      expect(await ada.publish()).toBe(1);
      await ben.untilNotice('streamPublished');
      expect(ben.notices('streamPublished')).toHaveLength(1);
    },
  );

  it('MC-5 refuses the seventeenth stream of a participant', async () => {
    const { ada } = await twoPeople();
    for (let count = 0; count < 16; count++) await ada.publish();
    expect((await ada.request({ publishStream: { info: CAMERA } })).error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'A participant publishes at most 16 streams at once',
    });
  });

  it('MC-5 answers STREAM_ERROR when the handler cannot make the producer, CAPACITY_EXCEEDED when it is full', async () => {
    const { test, ada } = await twoPeople();
    const recover = test.plane.fail('createProducers', new ApiError('INTERNAL_ERROR', 'secret detail'));
    expect((await ada.request({ publishStream: { info: CAMERA } })).error).toEqual({
      code: ErrorCode.STREAM_ERROR,
      message: 'Could not publish the stream: the media server failed',
    });
    recover();
    test.plane.fail('createProducers', new ApiError('CAPACITY_EXCEEDED', 'full'));
    expect((await ada.request({ publishStream: { info: CAMERA } })).error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'Could not publish the stream: the media server is full',
    });
    expect(ada.closed).toBeUndefined();
  });

  it('MC-3 answers a subscription with the stream and makes one consumer, however often it is asked', async () => {
    const { test, ada, ben } = await twoPeople();
    const streamId = await ada.publish(CAMERA);
    const answers = await Promise.all([
      ben.subscribe(ada.userId, streamId),
      ben.subscribe(ada.userId, streamId),
      ben.subscribe(ada.userId, streamId),
    ]);
    for (const answer of answers) expect(answer.subscribed?.info).toMatchObject({ ...CAMERA, streamId });
    expect((await ben.subscribe(ada.userId, streamId)).subscribed?.info).toMatchObject({ streamId });
    expect(test.plane.totals.consumers).toBe(1);
  });

  it('MC-3 carries out subscriptions that come in one go with one call', async () => {
    const { test, ada, ben } = await twoPeople();
    for (let count = 0; count < 10; count++) await ada.publish();
    test.plane.batches.length = 0;
    await Promise.all(Array.from({ length: 10 }, (_, index) => ben.subscribe(ada.userId, index + 1)));
    expect(test.plane.batches.length).toBeLessThan(10);
    expect(test.plane.totals.consumers).toBe(10);
  });

  it('MC-5 refuses a subscription to a stream or user that is not there, and to one’s own stream', async () => {
    const { ada, ben } = await twoPeople();
    const streamId = await ada.publish();
    expect((await ben.subscribe(ada.userId, 9)).error).toEqual({
      code: ErrorCode.NOT_FOUND,
      message: `User ${ada.userId} publishes no stream 9`,
    });
    expect((await ben.subscribe(99, 1)).error?.code).toBe(ErrorCode.NOT_FOUND);
    expect((await ada.subscribe(ada.userId, streamId)).error).toEqual({
      code: ErrorCode.INVALID_REQUEST,
      message: 'A participant does not subscribe to its own stream',
    });
  });

  it('MC-5 costs the others of a batch nothing when one of its streams has no producer any more', async () => {
    const { test, ada, ben } = await twoPeople();
    for (let count = 0; count < 3; count++) await ada.publish();
    const [router] = test.plane.routers.values();
    const [second] = [...(router?.producers.keys() ?? [])].slice(1);
    router?.producers.delete(second ?? '');
    const answers = await Promise.all([1, 2, 3].map((streamId) => ben.subscribe(ada.userId, streamId)));
    expect(answers.map((answer) => answer.payload)).toEqual(['subscribed', 'error', 'subscribed']);
    expect(answers[1]?.error).toEqual({
      code: ErrorCode.STREAM_ERROR,
      message: 'Could not subscribe to the stream: its media connection is gone',
    });
  });

  it('MC-3 unsubscribes, closes the consumer, and is not told off the second time', async () => {
    const { test, ada, ben } = await twoPeople();
    const streamId = await ada.publish();
    await ben.subscribe(ada.userId, streamId);
    const name = { userId: ada.userId, streamId };
    for (let turn = 0; turn < 2; turn++) {
      const answer = await ben.request({ unsubscribeStream: name });
      expect(answer.unsubscribed).toEqual(name);
    }
    expect(test.plane.totals.consumers).toBe(0);
    await ben.subscribe(ada.userId, streamId);
    expect(test.plane.totals.consumers).toBe(1);
  });

  it('MC-3 ends the subscriptions of a stream that is unpublished', async () => {
    const { test, ada, ben } = await twoPeople();
    const streamId = await ada.publish();
    await ben.subscribe(ada.userId, streamId);
    const answer = await ada.request({ unpublishStream: { streamId } });
    expect(answer.streamUnpublished).toEqual({ userId: ada.userId, streamId });
    expect((await ben.untilNotice('streamUnpublished')).streamUnpublished).toEqual({
      userId: ada.userId,
      streamId,
    });
    await expect
      .poll(() => test.plane.totals)
      .toEqual({ routers: 1, transports: 2, producers: 0, consumers: 0 });
    expect((await ada.request({ unpublishStream: { streamId } })).error).toEqual({
      code: ErrorCode.NOT_FOUND,
      message: `You publish no stream ${streamId}`,
    });
    expect((await ben.request({ unsubscribeStream: { userId: ada.userId, streamId } })).payload).toBe(
      'unsubscribed',
    );
  });

  it.each(['before', 'after'] as const)(
    'MC-3 refuses a subscription whose stream ended %s the handler made the consumer, and keeps nothing of it',
    async (moment) => {
      const { test, ada, ben } = await twoPeople();
      const streamId = await ada.publish();
      const { promise, resolve } = Promise.withResolvers<void>();
      test.plane[moment] = (method) => (method === 'createConsumers' ? promise : undefined);
      const answer = ben.subscribe(ada.userId, streamId);
      await expect.poll(() => test.plane.calls.at(-1)).toContain('createConsumers');
      await ada.request({ unpublishStream: { streamId } });
      await expect.poll(() => test.plane.totals.producers).toBe(0);
      resolve();
      expect((await answer).error).toEqual({ code: ErrorCode.NOT_FOUND, message: 'The stream has ended' });
      expect(test.plane.totals.consumers).toBe(0);
      for (const participant of test.meeting.participants.values())
        expect(participant.subscriptions.size).toBe(0);
    },
  );

  it('MC-3 closes consumers, then producers, then the transport, then the router of the last to leave', async () => {
    const { test, ada, ben } = await twoPeople();
    const [adaStream, benStream] = [await ada.publish(), await ben.publish()];
    await ben.subscribe(ada.userId, adaStream);
    await ada.subscribe(ben.userId, benStream);
    for (const client of [ada, ben]) {
      await client.request({ leave: {} });
      await client.untilClosed();
    }
    await test.controller.settled();
    expect(test.plane.closed.map((line) => line.split(' ')[0])).toEqual([
      'consumer',
      'consumer',
      'producer',
      'transport',
      'producer',
      'transport',
      'router',
    ]);
    expect(test.controller.meetings.find('standup')).toBeDefined();
  });

  it('MC-3 does not try a failed close again, and logs it', async () => {
    const { test, ada, ben } = await twoPeople();
    const streamId = await ada.publish();
    await ben.subscribe(ada.userId, streamId);
    for (const method of ['closeConsumer', 'closeProducer', 'closeTransport', 'closeRouter'] as const)
      test.plane.fail(method, new ApiError('INTERNAL_ERROR', 'unreachable'));
    await ben.request({ unsubscribeStream: { userId: ada.userId, streamId } });
    await ada.request({ unpublishStream: { streamId } });
    for (const client of [ada, ben]) {
      await client.request({ leave: {} });
      await client.untilClosed();
    }
    await test.controller.settled();
    const closes = test.plane.calls.filter((call) => call.startsWith('close'));
    expect(closes.map((call) => call.split(' ')[0]).toSorted()).toEqual([
      'closeConsumer',
      'closeProducer',
      'closeRouter',
      'closeTransport',
      'closeTransport',
    ]);
    expect(test.logged.filter(({ level }) => level === 'warn')).toHaveLength(5);
    expect(test.meeting.participants.size).toBe(0);
  });

  it('MC-3 lets nobody wait for a participant whose request hangs at the handler', async () => {
    const { test, ada, ben } = await twoPeople();
    const release = test.plane.hold('createProducers');
    await ada.send({ publishStream: { info: CAMERA } });
    const muted = ada.request({ mute: { audioMuted: true } });
    const cleo = await test.joined();
    expect((await ben.request({ mute: { videoMuted: true } })).payload).toBe('ack');
    expect((await ada.request({ heartbeat: { sentAtMs: 5 } })).heartbeat).toEqual({ sentAtMs: 5 });
    expect(ada.received.some((message) => message.payload === 'ack')).toBe(false);
    release();
    await muted;
    const order = ada.received.map((message) => message.payload);
    expect(order.indexOf('streamPublished')).toBeLessThan(order.indexOf('ack'));
    await cleo.untilNotice('streamPublished');
  });

  it('MC-3 leaves no producer of a participant who goes away while publishing', async () => {
    const { test, ada, ben } = await twoPeople();
    const release = test.plane.hold('createProducers');
    await ada.send({ publishStream: { info: CAMERA } });
    await expect.poll(() => test.plane.calls.at(-1)).toContain('createProducers');
    ada.session.lose();
    await ben.untilNotice('participantLeft');
    release();
    await test.controller.settled();
    await expect
      .poll(() => test.plane.totals)
      .toEqual({ routers: 1, transports: 1, producers: 0, consumers: 0 });
    expect(ben.notices('streamPublished')).toEqual([]);
  });

  it('MC-10 tells the others of a mute, and the muted that it was heard', async () => {
    const { ada, ben } = await twoPeople();
    const answer = await ada.request({ mute: { audioMuted: true, videoMuted: false } });
    expect(answer.payload).toBe('ack');
    const updated = await ben.untilNotice('participantUpdated');
    expect(updated.participantUpdated?.participant).toMatchObject({
      userId: ada.userId,
      audioMuted: true,
      videoMuted: false,
    });
    expect(ada.notices('participantUpdated')).toEqual([]);
  });
});
