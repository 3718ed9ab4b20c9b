// Hostile bytes on a client's control stream: a counter, a code or silence, never a throw, and the other participants go on.
import { describe, expect, it } from 'vitest';
import { frameMediaClientMessage } from '../../../shared/media-session/messages.ts';
import {
  frame,
  join,
  publish,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from '../../unit/handler/meeting.ts';
import { hostileInput, Random } from '../shared/inputs.ts';

const ROUNDS = 300;
const MAX_NOISE_BYTES = 300;
const CLOSE_CODES = [0, 4400, 4401, 4429];

const MESSAGES = [
  frameMediaClientMessage({ auth: { connectionToken: 'id-1~1001000~AAAA' } }),
  frameMediaClientMessage({ keyFrameRequest: { userId: 1, streamId: 10 } }),
  frameMediaClientMessage({ layerChange: { userId: 1, streamId: 10, maxTemporalLayer: 1, priority: 2 } }),
  frameMediaClientMessage({
    receiverReport: { intervalMs: 1_000, roundTripUs: 5, streams: [{ userId: 1, streamId: 10, lost: 1 }] },
  }),
];

interface Meeting {
  readonly test: TestWorker;
  readonly ada: Seat;
  readonly bob: Seat;
}

async function startMeeting(): Promise<Meeting> {
  const test = await startTestWorker({ maxTransports: ROUNDS + 10 });
  const [ada, bob] = [await join(test, 1), await join(test, 2)];
  await subscribe(test, bob, await publish(test, ada, 10));
  return { test, ada, bob };
}

async function expectMeetingGoesOn({ ada, bob }: Meeting): Promise<void> {
  const before = bob.client.datagrams.length;
  ada.client.sendDatagram(frame(1, 10));
  await settle();
  expect(bob.client.datagrams.length).toBe(before + 1);
  expect([ada.client.close, bob.client.close]).toEqual([undefined, undefined]);
}

/** Cuts bytes into chunks of 1 to 64. */
function* chunksOf(bytes: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(64);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('control streams of a client that lies', () => {
  it('MH-10 MC-7 takes whatever comes on a control stream, before and after authentication', async () => {
    const meeting = await startMeeting();
    const random = new Random(7);
    for (let round = 0; round < ROUNDS; round++) {
      const mallory = await join(meeting.test, 100 + round);
      const input = Buffer.concat(
        Array.from({ length: 1 + random.below(4) }, () => hostileInput(random, MESSAGES, MAX_NOISE_BYTES)),
      );
      for (const chunk of chunksOf(input, random))
        await mallory.client.sayBytes(chunk).catch(() => undefined);
      await settle();
      if (mallory.client.close) expect(CLOSE_CODES).toContain(mallory.client.close.code);
      mallory.client.session.close(0, 'next');
      await settle();
    }
    await expectMeetingGoesOn(meeting);
    expect(meeting.test.worker.stats().sessions).toBe(2);
  }, 60_000);
});
