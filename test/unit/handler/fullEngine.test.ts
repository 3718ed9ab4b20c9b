// A change of layers whose key frame comes as datagrams that there is no room for (ledger SFU-4, MH-4).
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KEY_FRAME_RETRY_MS } from '../../../media-node/handler/LayerGroup.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { readStreamId } from '../../../shared/frame/read.ts';
import { frame, join, publish, ROUTER_ID, settle, startTestWorker, subscribe } from './meeting.ts';

const IN_FLIGHT = 16;
const [LOW, HIGH, SOUND] = [10, 12, 30];
const KEY = { type: FrameType.videoKey };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

it('SFU-4 keeps the layer that it has while the key frame of the other finds no room, and asks again', async () => {
  const test = await startTestWorker();
  const publisher = await join(test, 1);
  const viewer = await join(test, 2, { maxDatagramsInFlight: IN_FLIGHT });
  const { producers } = await test.calls.createProducers({
    router_id: ROUTER_ID,
    producers: [LOW, HIGH].map((stream_id, spatial_layer) => ({
      transport_id: publisher.transportId,
      stream_id,
      kind: 'video' as const,
      spatial_layer,
      source: 'camera' as const,
    })),
  });
  for (const { producer_id } of producers) await subscribe(test, viewer, producer_id);
  await subscribe(test, viewer, await publish(test, publisher, SOUND, 'audio'));
  /** Streams that the viewer gets of what is sent. */
  const received = async (...frames: Uint8Array[]): Promise<number[]> => {
    viewer.client.datagrams.length = 0;
    for (const bytes of frames) publisher.client.sendDatagram(bytes);
    await settle();
    return viewer.client.datagrams.map((bytes) => readStreamId(bytes, 0));
  };

  viewer.client.session.hold();
  const sound = Array.from({ length: IN_FLIGHT }, (_, sequence) =>
    frame(1, SOUND, { type: FrameType.audio, sequence }),
  );
  await received(...sound, frame(1, HIGH, KEY));
  viewer.client.session.release();
  await settle();
  expect(await received(frame(1, LOW, { sequence: 1 }), frame(1, HIGH, { sequence: 1 }))).toEqual([LOW]);

  publisher.client.messages.length = 0;
  for (let turn = 0; turn < 2; turn++) {
    test.clock.nowMs += KEY_FRAME_RETRY_MS;
    await vi.advanceTimersByTimeAsync(KEY_FRAME_RETRY_MS);
    await settle();
  }
  const asked = publisher.client.messages.flatMap(({ keyFrameRequest }) => keyFrameRequest?.streamId ?? []);
  expect(asked).toContain(HIGH);
  expect(await received(frame(1, HIGH, { ...KEY, sequence: 2 }))).toEqual([HIGH]);
  expect(await received(frame(1, LOW, { sequence: 2 }), frame(1, HIGH, { sequence: 3 }))).toEqual([HIGH]);
});
