// A subscriber that stops reading, over paired sessions: what it costs the others (nothing) and the process (no memory).
import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_WINDOW_DATAGRAMS } from '../../../media-node/quality/SendWindow.ts';
import { encodeAck } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import type { FrameHeader } from '../../../shared/frame/write.ts';
import {
  frame,
  join,
  publish,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

const IN_FLIGHT = 16;
const STREAM = 10;

describe('a destination that stops reading', () => {
  let test: TestWorker;
  let ada: Seat;
  let bob: Seat;
  let eve: Seat;
  let sequence = 0;

  beforeEach(async () => {
    test = await startTestWorker();
    [ada, bob, eve] = [
      await join(test, 1),
      await join(test, 2),
      await join(test, 3, { maxDatagramsInFlight: IN_FLIGHT }),
    ];
    const producer = await publish(test, ada, STREAM);
    for (const seat of [bob, eve]) await subscribe(test, seat, producer);
    sequence = 0;
  });

  async function send(count: number, change: Partial<FrameHeader> = {}): Promise<void> {
    for (let index = 0; index < count; index++) {
      ada.client.sendDatagram(frame(1, STREAM, { sequence: sequence++, ...change }));
      await settle();
    }
  }
  const drops = (): Record<string, number> => test.worker.counters.dropsByName();

  it('MH-4 holds up nobody else and keeps no more than the bound', async () => {
    eve.client.session.hold();
    await send(200);
    expect(bob.client.datagrams).toHaveLength(200);
    expect(eve.client.datagrams).toHaveLength(0);
    expect(eve.client.server.datagramsInFlight).toBeLessThanOrEqual(IN_FLIGHT);
  });

  it('MH-4 gets a stream that can be decoded again: nothing between what was lost and a key frame', async () => {
    eve.client.session.hold();
    await send(50);
    eve.client.session.release();
    await settle();
    const before = eve.client.datagrams.length;
    await send(5);
    expect(ada.client.messages.some(({ payload }) => payload === 'keyFrameRequest')).toBe(true);
    await send(1, { type: FrameType.videoKey });
    await send(3);
    const after = eve.client.datagrams.slice(before);
    expect(after.map((bytes) => bytes[1])).toEqual([
      FrameType.videoKey,
      FrameType.videoDelta,
      FrameType.videoDelta,
      FrameType.videoDelta,
    ]);
    expect(drops()['destinationUndecodable']).toBeGreaterThan(0);
  });

  it('MH-4 is bounded by what it has acknowledged, whatever the engine still takes', async () => {
    const [sender, slow] = [await join(test, 4), await join(test, 5, { maxDatagramsInFlight: 100_000 })];
    const producer = await publish(test, sender, 1, 'audio');
    await subscribe(test, slow, producer);
    const offer = async (from: number, to: number): Promise<void> => {
      for (let next = from; next < to; next++) {
        sender.client.sendDatagram(frame(4, 1, { type: FrameType.audio, sequence: next }));
        if (next % 50 === 0) await settle();
      }
      await settle();
    };
    await offer(0, 10);
    const acknowledge = (highestSequence: number): void =>
      slow.client.sendDatagram(encodeAck([{ userId: 4, streamId: 1, highestSequence }]));
    acknowledge(9);
    await settle();
    await offer(10, 10 + 3 * MAX_WINDOW_DATAGRAMS);
    // The bound, and the probes that go out beyond it.
    const heldBack = drops()['destinationCongested'] ?? 0;
    expect(slow.client.datagrams.length).toBe(10 + 3 * MAX_WINDOW_DATAGRAMS - heldBack);
    expect(heldBack).toBeGreaterThan(1.8 * MAX_WINDOW_DATAGRAMS);

    acknowledge(10 + 3 * MAX_WINDOW_DATAGRAMS);
    await settle();
    const before = slow.client.datagrams.length;
    await offer(5_000, 5_100);
    expect(slow.client.datagrams.length - before).toBe(100);
  });
});
