// What is told of a subscriber's path (ledger MH-5), with clients on paired sessions.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PATH_STEP_MS } from '../../../media-node/quality/PathPolicy.ts';
import { qualityAlertSchema } from '../../../shared/api/handler.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { mediaSession } from '../../../shared/media-session/messages.ts';
import {
  frame,
  join,
  publish,
  ROUTER_ID,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

const PUBLISHER = 1;
const STREAM = 10;
const FRAMES_PER_STEP = 40;
const WINDOW_MS = 125;
/** What the viewer's clock is ahead. */
const AHEAD_MS = 7_000;

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

/**
 * So many steps, in each of which so many of 40 frames arrive and the viewer says that it got so many bytes, and how long after
 * they were captured by its own clock.
 */
async function run(
  steps: number,
  type: FrameType,
  received: number,
  bytes = 2_000,
  transitMsOf?: (sentAtMs: number) => number,
): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const transits: { window: number; leastUs: number }[] = [];
    for (let part = 0; part < PATH_STEP_MS / WINDOW_MS; part++) {
      const { nowMs } = test.clock;
      const timestampUs = nowMs * 1_000;
      for (let sent = 0; sent < (FRAMES_PER_STEP * WINDOW_MS) / PATH_STEP_MS; sent++)
        publisher.client.sendDatagram(frame(PUBLISHER, STREAM, { type, timestampUs, sequence: sequence++ }));
      if (transitMsOf)
        transits.push({ window: Math.floor(nowMs / WINDOW_MS), leastUs: 1_000 * transitMsOf(nowMs) });
      await settle();
      test.clock.nowMs += WINDOW_MS;
      await vi.advanceTimersByTimeAsync(WINDOW_MS);
    }
    const highestSequence = sequence - 1;
    const stream = { userId: PUBLISHER, streamId: STREAM, highestSequence, received, bytes, transits };
    await viewer.client.say({ receiverReport: { intervalMs: PATH_STEP_MS, streams: [stream] } });
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

it('MH-5 lowers a way that fills up before an answer is late or a datagram lost, and tells of both', async () => {
  await subscribe(test, viewer, await publish(test, publisher, STREAM));
  await run(12, FrameType.videoKey, FRAMES_PER_STEP, 2_000, () => AHEAD_MS + 30);
  expect(test.alerts).toEqual([]);
  const fillsFromMs = test.clock.nowMs;
  await run(5, FrameType.videoKey, FRAMES_PER_STEP, 2_000, (sentAtMs) => {
    return AHEAD_MS + 30 + 0.3 * (sentAtMs - fillsFromMs);
  });
  expect(test.alerts).toMatchObject([{ reason: 'congestion', round_trip_ms: 0, loss_ratio: 0 }]);
  const told = viewer.client.messages.at(-1)?.streamQuality;
  expect(told).toMatchObject({ reason: mediaSession.QualityReason.CONGESTION });
  expect(told?.queueDelayMs).toBeGreaterThan(100);
  const transport_id = viewer.transportId;
  const { path } = await test.calls.inspectTransport({ router_id: ROUTER_ID, transport_id });
  expect(path?.delay_slope_ms_per_s).toBeCloseTo(300);
  expect(path?.queue_delay_ms).toBeGreaterThan(200);
  expect(path?.jitter_ms).toBe(0);
});

it('MH-5 lowers and sends everything again where all comes on streams, of which none can be lost', async () => {
  await subscribe(test, viewer, await publish(test, publisher, STREAM), 'streams');
  const step = async (roundTripMs: number): Promise<void> => {
    const stream = { userId: PUBLISHER, streamId: STREAM, bytes: 20_000 };
    await viewer.client.say({ receiverReport: { intervalMs: PATH_STEP_MS, streams: [stream] } });
    test.clock.nowMs += PATH_STEP_MS - roundTripMs;
    await vi.advanceTimersByTimeAsync(PATH_STEP_MS);
    test.clock.nowMs += roundTripMs;
    for (const ping of viewer.client.pings.splice(0)) {
      turnPingIntoPong(ping, 0);
      viewer.client.sendDatagram(ping);
    }
    await settle();
  };
  for (let steps = 0; steps < 8; steps++) await step(10);
  for (let steps = 0; steps < 8; steps++) await step(240);
  for (let steps = 0; steps < 60; steps++) await step(10);
  expect(test.alerts.map(({ reason }) => reason)).toEqual(['round_trip', 'recovered']);
});
