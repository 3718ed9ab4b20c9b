import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { STREAM_STALL_MS } from '../../../media-node/handler/StallTimer.ts';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { ResetCode, STREAM_HEADER_BYTES } from '../../../shared/media-stream/header.ts';
import { frame, mediaStream, type Seat, settle } from './meeting.ts';
import { KEY_FRAME, STREAM, type StreamMeeting, startStreamMeeting } from './streamMeeting.ts';

describe('media streams that stand still', () => {
  let ada: Seat;
  let bob: Seat;
  let eve: Seat;
  let drops: StreamMeeting['drops'];

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    ({ ada, bob, eve, drops } = await startStreamMeeting());
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
    await settle();
  }

  it.each([0, STREAM_HEADER_BYTES - 1, STREAM_HEADER_BYTES + 1, STREAM_HEADER_BYTES + HEADER_BYTES + 1_000])(
    'MH-4 stops a sender’s stream that goes silent after %i bytes, and resets its copies',
    async (byteCount) => {
      const stream = await ada.client.session.openSendStream();
      await stream.write(STREAM.subarray(0, byteCount));
      await settle();
      await pass(STREAM_STALL_MS - 1);
      expect(drops()).toEqual({});
      await pass(1);
      expect(drops()).toEqual({ streamStalled: 1 });
      await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({ code: ResetCode.quotaExceeded });
      for (const { client } of [bob, eve])
        for (const { end } of client.streams) expect(end).toEqual({ resetCode: ResetCode.quotaExceeded });
    },
  );

  it('MH-4 counts from the last bytes that came', async () => {
    const stream = await ada.client.session.openSendStream();
    for (let at = 0; at < STREAM.length; at += 10_000) {
      await stream.write(STREAM.subarray(at, at + 10_000));
      await pass(STREAM_STALL_MS - 1);
    }
    await stream.close();
    await settle();
    expect(drops()).toEqual({});
    expect(bob.client.streams.map(({ end }) => end)).toEqual(['finished']);
  });

  it('MH-4 lets a sender be silent between its frames', async () => {
    const stream = await ada.client.session.openSendStream();
    await stream.write(STREAM);
    await settle();
    await pass(10 * STREAM_STALL_MS);
    await stream.write(KEY_FRAME);
    await settle();
    expect(drops()).toEqual({});
    expect(bob.client.streams.map(({ bytes, end }) => [bytes.length, end])).toEqual([
      [STREAM.length + KEY_FRAME.length, 'open'],
    ]);
  });

  it('MH-4 gives up the copy of a subscriber that takes nothing of it, and leaves the others theirs', async () => {
    eve.client.session.hold();
    const stream = await ada.client.session.openSendStream();
    const big = frame(1, 10, { type: FrameType.videoKey, payloadLength: 900_000 });
    await stream.write(mediaStream(1, 10, [big]));
    await stream.close();
    await settle();
    await pass(STREAM_STALL_MS - 1);
    expect(drops()).toEqual({});
    await pass(1);
    expect(drops()).toEqual({ streamDestinationStalled: 1 });
    eve.client.session.release();
    await settle();
    expect(eve.client.streams.map(({ end }) => end)).toEqual([{ resetCode: ResetCode.quotaExceeded }]);
    expect(bob.client.streams.map(({ end }) => end)).toEqual(['finished']);
  });

  it('MH-4 leaves no timer behind', async () => {
    const before = vi.getTimerCount();
    const stream = await ada.client.session.openSendStream();
    await stream.write(STREAM);
    await stream.close();
    await settle();
    expect(bob.client.streams.map(({ end }) => end)).toEqual(['finished']);
    expect(vi.getTimerCount()).toBe(before);
  });
});
