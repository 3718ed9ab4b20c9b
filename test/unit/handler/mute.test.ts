import { beforeEach, describe, expect, it } from 'vitest';
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
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

const AUDIO = 10;
const VIDEO = 11;

describe('host mute at the handler', () => {
  let test: TestWorker;
  let ada: Seat;
  let bob: Seat;

  beforeEach(async () => {
    test = await startTestWorker();
    [ada, bob] = [await join(test, 1), await join(test, 2)];
    await subscribe(test, bob, await publish(test, ada, AUDIO, 'audio'));
    await subscribe(test, bob, await publish(test, ada, VIDEO, 'video'));
  });

  const mute = (...kinds: ('audio' | 'video')[]): unknown =>
    test.calls.muteTransport({ router_id: ROUTER_ID, transport_id: ada.transportId, kinds });
  const drops = (): Record<string, number> => test.worker.counters.dropsByName();
  const sound = (streamId = AUDIO): Uint8Array => frame(1, streamId, { type: FrameType.audio });

  async function received(...datagrams: Uint8Array[]): Promise<number> {
    const before = bob.client.datagrams.length;
    for (const datagram of datagrams) ada.client.sendDatagram(datagram);
    await settle();
    return bob.client.datagrams.length - before;
  }

  it('MC-10 drops what a muted participant says, counted, and nothing else of it', async () => {
    mute('audio');
    expect(await received(sound(), frame(1, VIDEO))).toBe(1);
    expect(drops()).toEqual({ muted: 1 });
    mute();
    expect(await received(sound(), frame(1, VIDEO))).toBe(2);
  });

  it('MC-10 cannot be gone around by publishing anew, by another stream, or by calling sound video', async () => {
    mute('audio');
    await subscribe(test, bob, await publish(test, ada, 12, 'audio'));
    expect(await received(sound(12), sound(VIDEO), frame(1, 12))).toBe(0);
    expect(drops()).toEqual({ muted: 2, wrongKind: 1 });
  });

  it('MC-10 cannot be gone around by streams: one being read is given up, a new one refused', async () => {
    const bytes = mediaStream(1, AUDIO, [sound(), sound()], StreamType.audio);
    const running = await ada.client.session.openSendStream();
    const begun = STREAM_HEADER_BYTES + HEADER_BYTES + 2;
    await running.write(bytes.subarray(0, begun));
    await settle();
    mute('audio');
    await expect(running.write(bytes.subarray(begun))).rejects.toThrow();
    const late = await ada.client.session.openSendStream();
    await late.write(bytes).catch(() => undefined);
    await settle();
    expect(bob.client.streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.none }]);
    expect(drops()).toEqual({ streamMuted: 1 });
    expect(ada.client.close).toBeUndefined();
  });

  it('MC-10 cannot be gone around by sound inside a stream of video', async () => {
    mute('audio');
    const stream = await ada.client.session.openSendStream();
    await stream.write(mediaStream(1, VIDEO, [sound(VIDEO)])).catch(() => undefined);
    await settle();
    expect(drops()).toEqual({ streamMalformed: 1 });
    for (const { bytes } of bob.client.streams) expect(bytes.length).toBeLessThanOrEqual(STREAM_HEADER_BYTES);
  });

  it('MC-10 mutes pictures as well as sound, before the stream is looked up', async () => {
    mute('video', 'audio');
    expect(await received(sound(), frame(1, VIDEO), frame(1, 99))).toBe(0);
    expect(drops()).toEqual({ muted: 3 });
  });

  it('MC-10 leaves key frame requests, pings and what the participant receives alone', async () => {
    mute('audio', 'video');
    await subscribe(test, ada, await publish(test, bob, 20));
    bob.client.sendDatagram(frame(2, 20));
    await settle();
    expect(ada.client.datagrams).toEqual([frame(2, 20)]);
  });

  it('SFU-3 answers NOT_FOUND for a transport that is not there', () => {
    expect(() =>
      test.calls.muteTransport({ router_id: ROUTER_ID, transport_id: 'nobody', kinds: [] }),
    ).toThrow('No transport "nobody" in this router');
  });
});
