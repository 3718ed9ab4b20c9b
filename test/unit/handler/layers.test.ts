// Layers of a source at a handler worker (ledger SFU-4, MH-5), with clients on paired sessions.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { IDLE_BEFORE_PAUSE_MS } from '../../../media-node/handler/StreamDemand.ts';
import { PATH_STEP_MS } from '../../../media-node/quality/PathPolicy.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { readStreamId, readTemporalLayer } from '../../../shared/frame/read.ts';
import { isControl } from '../../../shared/frame/validate.ts';
import { ResetCode } from '../../../shared/media-stream/header.ts';
import {
  frame,
  join,
  mediaStream,
  ROUTER_ID,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

const PUBLISHER = 1;
/** Streams 10, 11 and 12 are the layers 0, 1 and 2 of a camera. */
const LAYER_STREAMS = [10, 11, 12] as const;
const DISCARDABLE_END = 3;

let test: TestWorker;
let publisher: Seat;
let viewer: Seat;
let producers: string[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  test = await startTestWorker();
  publisher = await join(test, PUBLISHER);
  viewer = await join(test, 2);
  const made = await test.calls.createProducers({
    router_id: ROUTER_ID,
    producers: LAYER_STREAMS.map((stream_id, spatial_layer) => ({
      transport_id: publisher.transportId,
      stream_id,
      kind: 'video' as const,
      spatial_layer,
      source: 'camera' as const,
    })),
  });
  producers = made.producers.map(({ producer_id }) => producer_id);
});

afterEach(() => {
  vi.useRealTimers();
});

async function watch(seat: Seat = viewer): Promise<void> {
  for (const producer of producers) await subscribe(test, seat, producer);
  await settle();
}

async function prefer(seat: Seat, preferredSpatialLayer: number, maxTemporalLayer = 7): Promise<void> {
  await seat.client.say({
    layerChange: { userId: PUBLISHER, streamId: 11, preferredSpatialLayer, maxTemporalLayer },
  });
  await settle();
}

/** A frame of every layer; answers the streams of those that the seat got. */
async function received(seat: Seat, change: Parameters<typeof frame>[2] = {}): Promise<number[]> {
  seat.client.datagrams.length = 0;
  for (const [spatialLayer, streamId] of LAYER_STREAMS.entries())
    publisher.client.sendDatagram(frame(PUBLISHER, streamId, { spatialLayer, ...change }));
  await settle();
  return seat.client.datagrams.filter((bytes) => !isControl(bytes, 0)).map((bytes) => readStreamId(bytes, 0));
}

const KEY = { type: FrameType.videoKey };

async function advance(ms: number): Promise<void> {
  test.clock.nowMs += ms;
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
}

/** Streams of which the publisher was asked for a key frame. */
function keyFrameRequests(): number[] {
  return publisher.client.messages.flatMap(({ keyFrameRequest }) => keyFrameRequest?.streamId ?? []);
}

function demands(): unknown[] {
  return publisher.client.messages.flatMap(({ layerDemand }) =>
    layerDemand ? [[layerDemand.streamId, layerDemand.wanted ?? false]] : [],
  );
}

describe('layers of a source', () => {
  it('SFU-4 sends one layer at a time, and changes over at a key frame of the other', async () => {
    await watch();
    expect(await received(viewer)).toEqual([10]);
    expect(await received(viewer, KEY)).toEqual([10, 12]);
    expect(await received(viewer)).toEqual([12]);
  });

  it('SFU-4 changes over at a key frame on a stream', async () => {
    await watch();
    const stream = await publisher.client.session.openSendStream();
    await stream.write(mediaStream(PUBLISHER, 12, [frame(PUBLISHER, 12, KEY)]));
    await stream.close();
    await settle();
    expect(viewer.client.streams).toHaveLength(1);
    expect(await received(viewer)).toEqual([12]);
  });

  it('SFU-4 sends one layer at a time of a publisher that sends everything on streams', async () => {
    const open = async (streamId: number) => {
      const stream = await publisher.client.session.openSendStream();
      await stream.write(mediaStream(PUBLISHER, streamId, [frame(PUBLISHER, streamId, KEY)]));
      await settle();
      return stream;
    };
    await watch();
    const low = await open(10);
    const high = await open(12);
    await low.write(frame(PUBLISHER, 10));
    await high.write(frame(PUBLISHER, 12));
    await settle();
    const oneFrame = mediaStream(PUBLISHER, 10, [frame(PUBLISHER, 10)]).length;
    const twoFrames = mediaStream(PUBLISHER, 10, [frame(PUBLISHER, 10), frame(PUBLISHER, 10)]).length;
    expect(viewer.client.streams.map(({ bytes, end }) => [bytes.length, end])).toEqual([
      [oneFrame, { resetCode: ResetCode.none }],
      [twoFrames, 'open'],
    ]);
    await prefer(viewer, 0);
    await low.close();
    await open(10);
    await high.write(frame(PUBLISHER, 12));
    await settle();
    expect(viewer.client.streams.map(({ bytes, end }) => [bytes.length, end])).toEqual([
      [oneFrame, { resetCode: ResetCode.none }],
      [twoFrames, { resetCode: ResetCode.none }],
      [oneFrame, 'open'],
    ]);
  });

  it('SFU-4 sends the layer that the subscriber prefers, and asks the publisher for its key frame', async () => {
    await watch();
    await received(viewer, KEY);
    await advance(1_000);
    publisher.client.messages.length = 0;
    await prefer(viewer, 1);
    expect(keyFrameRequests()).toEqual([11]);
    expect(await received(viewer)).toEqual([12]);
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([11]);
  });

  it('SFU-4 leaves the other subscribers the layer that they have', async () => {
    const other = await join(test, 3);
    await watch();
    await watch(other);
    await received(viewer, KEY);
    await prefer(viewer, 0);
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([10]);
    expect(await received(other)).toEqual([12]);
  });

  it('SFU-4 leaves discardable frames out of the temporal layers that a subscriber does not want', async () => {
    await watch();
    await received(viewer, KEY);
    await prefer(viewer, 2, 0);
    expect(await received(viewer, { temporalLayer: 1, flags: DISCARDABLE_END })).toEqual([]);
    expect(await received(viewer)).toEqual([12]);
    expect(viewer.client.datagrams.every((bytes) => readTemporalLayer(bytes, 0) === 0)).toBe(true);
  });

  it('SFU-4 sends no more of a layer than before while it waits for the key frame of another', async () => {
    await watch();
    await received(viewer, KEY);
    const discardable = { temporalLayer: 1, flags: DISCARDABLE_END };
    await prefer(viewer, 2, 0);
    // Down to a layer of which all is wished for: until that starts, the higher one stays thinned.
    await prefer(viewer, 1);
    expect(await received(viewer, discardable)).toEqual([]);
    await received(viewer, KEY);
    expect(await received(viewer, discardable)).toEqual([11]);
  });

  it('SFU-4 keeps streams of one camera apart from those of another source, and lone streams from all', async () => {
    await watch();
    const { producers: more } = await test.calls.createProducers({
      router_id: ROUTER_ID,
      producers: [
        { transport_id: publisher.transportId, stream_id: 20, kind: 'video', source: 'screen' },
        { transport_id: publisher.transportId, stream_id: 21, kind: 'video' },
      ],
    });
    for (const { producer_id } of more) await subscribe(test, viewer, producer_id);
    for (const streamId of [20, 21]) publisher.client.sendDatagram(frame(PUBLISHER, streamId));
    await settle();
    expect(viewer.client.datagrams.map((bytes) => readStreamId(bytes, 0))).toEqual([20, 21]);
  });

  it('SFU-4 goes on with another layer when the one that was sent is unpublished', async () => {
    await watch();
    await received(viewer, KEY);
    await test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producers[2] ?? '' });
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([11]);
  });

  it('SFU-4 sends a late joiner the low layer at once, and the one that it prefers from its key frame on', async () => {
    await watch();
    await received(viewer, KEY);
    await advance(2_000);
    publisher.client.messages.length = 0;
    const late = await join(test, 3);
    await watch(late);
    expect(keyFrameRequests()).toEqual(expect.arrayContaining([10, 12]));
    expect(demands()).toContainEqual([10, true]);
    expect(await received(late, KEY)).toEqual([10, 12]);
    expect(await received(late)).toEqual([12]);
  });

  it('SFU-4 sends all subscribers the one layer of a publisher without simulcast, whatever they prefer', async () => {
    const lone = await test.calls.createProducers({
      router_id: ROUTER_ID,
      producers: [{ transport_id: publisher.transportId, stream_id: 30, kind: 'video', source: 'screen' }],
    });
    await subscribe(test, viewer, lone.producers[0]?.producer_id ?? '');
    await viewer.client.say({ layerChange: { userId: PUBLISHER, streamId: 30, preferredSpatialLayer: 1 } });
    await settle();
    publisher.client.sendDatagram(frame(PUBLISHER, 30));
    await settle();
    expect(viewer.client.datagrams.map((bytes) => readStreamId(bytes, 0))).toEqual([30]);
  });

  it('SFU-4 goes back to a layer that its publisher gave up and publishes again', async () => {
    await watch();
    await received(viewer, KEY);
    await test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producers[2] ?? '' });
    await received(viewer, KEY);
    const again = await test.calls.createProducers({
      router_id: ROUTER_ID,
      producers: [
        {
          transport_id: publisher.transportId,
          stream_id: 12,
          kind: 'video',
          spatial_layer: 2,
          source: 'camera',
        },
      ],
    });
    await subscribe(test, viewer, again.producers[0]?.producer_id ?? '');
    await settle();
    expect(await received(viewer)).toEqual([11]);
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([12]);
  });

  it('MC-10 SFU-4 sends nothing of a publisher that is muted while a subscriber changes layers, and changes over afterwards', async () => {
    const muted = { router_id: ROUTER_ID, transport_id: publisher.transportId };
    await watch();
    await received(viewer, KEY);
    await prefer(viewer, 0);
    await test.calls.muteTransport({ ...muted, kinds: ['video'] });
    expect(await received(viewer, KEY)).toEqual([]);
    await test.calls.muteTransport({ ...muted, kinds: [] });
    expect(await received(viewer)).toEqual([12]);
    publisher.client.messages.length = 0;
    for (let step = 0; step < 8; step++) await advance(PATH_STEP_MS);
    expect(keyFrameRequests()).toContain(10);
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([10]);
  });

  it('SFU-4 does not change over when the subscriber thinks better of it before the key frame', async () => {
    await watch();
    await received(viewer, KEY);
    await prefer(viewer, 0);
    await prefer(viewer, 2);
    await received(viewer, KEY);
    expect(await received(viewer)).toEqual([12]);
  });

  it('SFU-4 asks the publisher once for the key frame that several subscribers wait for', async () => {
    const others = [await join(test, 3), await join(test, 4)];
    for (const seat of [viewer, ...others]) await watch(seat);
    await received(viewer, KEY);
    for (let step = 0; step < 8; step++) await advance(PATH_STEP_MS);
    publisher.client.messages.length = 0;
    for (const seat of [viewer, ...others]) await prefer(seat, 1);
    await advance(250);
    expect(keyFrameRequests()).toEqual([11]);
  });

  it('SFU-4 asks again for a key frame that does not come', async () => {
    await watch();
    await advance(1_000);
    publisher.client.messages.length = 0;
    for (let step = 0; step < 8; step++) await advance(PATH_STEP_MS);
    expect(keyFrameRequests()).toContain(12);
  });

  it('MH-5 tells a publisher which layers nobody watches, once that has lasted, and at once when somebody does', async () => {
    await watch();
    await received(viewer, KEY);
    await advance(IDLE_BEFORE_PAUSE_MS);
    expect(new Set(demands())).toEqual(
      new Set([
        [10, false],
        [11, false],
      ]),
    );
    publisher.client.messages.length = 0;
    await prefer(viewer, 1);
    expect(demands()).toEqual([[11, true]]);
  });

  it('MH-5 asks nobody for key frames when a subscriber leaves', async () => {
    await watch();
    await received(viewer, KEY);
    await advance(2_000);
    publisher.client.messages.length = 0;
    viewer.client.session.close(0, '');
    await settle();
    expect(keyFrameRequests()).toEqual([]);
  });

  it('MH-5 lowers within 1 s what a lossy subscriber is sent, tells it, and leaves the others alone', async () => {
    const other = await join(test, 3);
    await watch();
    await watch(other);
    await received(viewer, KEY);
    let sequence = 1;
    for (let step = 0; step < 4; step++) {
      for (let sent = 0; sent < 40; sent++)
        publisher.client.sendDatagram(frame(PUBLISHER, 12, { sequence: sequence++ }));
      await settle();
      const report = { userId: PUBLISHER, streamId: 12, highestSequence: sequence - 1, bytes: 2_000 };
      await viewer.client.say({
        receiverReport: { intervalMs: 250, streams: [{ ...report, received: 36 }] },
      });
      await other.client.say({ receiverReport: { intervalMs: 250, streams: [{ ...report, received: 40 }] } });
      await advance(250);
    }
    const told = viewer.client.messages.flatMap(({ streamQuality }) => streamQuality ?? []);
    expect(told[0]).toMatchObject({ reason: 1 });
    expect(test.alerts).toMatchObject([
      { router_id: ROUTER_ID, meeting_id: 'meeting-1', participant_id: 'p-2', user_id: 2, reason: 'loss' },
    ]);
    const counted = test.worker.counters.valuesByName();
    expect(counted.qualityAlerts).toBe(1);
    expect(counted.layersLoweredForLoss).toBeGreaterThanOrEqual(1);
    const { path } = await test.calls.inspectTransport({
      router_id: ROUTER_ID,
      transport_id: viewer.transportId,
    });
    expect(path?.budget_bps).toBeGreaterThan(0);
    await received(viewer, KEY);
    expect(await received(viewer)).not.toContain(12);
    expect(await received(other)).toEqual([12]);
  });

  it.each([
    ['does not take a busy client', 250_000, []],
    ['takes a long path', 0, [2]],
  ] as const)('MH-5 %s for a bad path', async (_, busyUs, reasons) => {
    await watch();
    await received(viewer, KEY);
    const streams = [{ userId: PUBLISHER, streamId: 12, received: 1, bytes: 1_000 }];
    for (let step = 0; step < 16; step++) {
      await viewer.client.say({ receiverReport: { intervalMs: PATH_STEP_MS / 2, busyUs, streams } });
      await advance(PATH_STEP_MS / 2);
      // Answered a step late.
      for (const ping of viewer.client.pings.splice(0, viewer.client.pings.length - 2)) {
        turnPingIntoPong(ping, 0);
        viewer.client.sendDatagram(ping);
      }
    }
    const told = viewer.client.messages.flatMap(({ streamQuality }) => streamQuality?.reason ?? []);
    expect(told.slice(0, 1)).toEqual(reasons);
  });

  it('MH-10 counts a layer change for a stream that the sender does not receive', async () => {
    await prefer(viewer, 1);
    expect(test.worker.counters.dropsByName()).toEqual({ messageNotSubscribed: 1 });
  });
});
