// What is told of a subscriber's path (ledger MH-5), with clients on paired sessions.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PATH_STEP_MS } from '../../../media-node/quality/PathPolicy.ts';
import { qualityAlertSchema } from '../../../shared/api/handler.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
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

const PUBLISHER = 1;
const STREAM = 10;
const FRAMES_PER_STEP = 40;

let test: TestWorker;
let publisher: Seat;
let viewer: Seat;
let sequence: number;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  test = await startTestWorker();
  publisher = await join(test, PUBLISHER);
  viewer = await join(test, 2);
  sequence = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

/** So many steps, in each of which so many of 40 frames arrive and the viewer says that it got so many bytes. */
async function run(steps: number, type: FrameType, received: number, bytes = 2_000): Promise<void> {
  for (let step = 0; step < steps; step++) {
    for (let sent = 0; sent < FRAMES_PER_STEP; sent++)
      publisher.client.sendDatagram(frame(PUBLISHER, STREAM, { type, sequence: sequence++ }));
    await settle();
    const stream = { userId: PUBLISHER, streamId: STREAM, highestSequence: sequence - 1, received, bytes };
    await viewer.client.say({ receiverReport: { intervalMs: PATH_STEP_MS, streams: [stream] } });
    test.clock.nowMs += PATH_STEP_MS;
    await vi.advanceTimersByTimeAsync(PATH_STEP_MS);
    for (const ping of viewer.client.pings.splice(0)) {
      turnPingIntoPong(ping, 0);
      viewer.client.sendDatagram(ping);
    }
    await settle();
  }
}

it('MH-5 MH-10 tells figures that a controller takes, whatever a client reports', async () => {
  await subscribe(test, viewer, await publish(test, publisher, STREAM));
  await run(8, FrameType.videoKey, 30, Number.MAX_SAFE_INTEGER);
  expect(test.alerts).not.toEqual([]);
  for (const alert of test.alerts) expect(qualityAlertSchema.safeParse(alert).error).toBeUndefined();
});

it('MH-5 tells of a bad path over which there is sound alone, once, and when it is well again', async () => {
  await subscribe(test, viewer, await publish(test, publisher, STREAM, 'audio'));
  await run(20, FrameType.audio, 30);
  await run(30, FrameType.audio, FRAMES_PER_STEP);
  expect(test.alerts.map(({ reason }) => reason)).toEqual(['loss', 'recovered']);
  // What it was lowered for, and what is left of that.
  expect(test.alerts.map(({ loss_ratio }) => loss_ratio)).toEqual([0.25, 0]);
});
