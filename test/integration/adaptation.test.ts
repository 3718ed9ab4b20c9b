// A subscriber behind a bad path, on a real worker with real clients: what it is sent, what the others are sent, and who is
// told. The bench of the same name measures how fast. Paths are simulated in test/unit/quality.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { QualityAlert } from '../../shared/api/handler.ts';
import { Meeting } from '../bench/adaptation/Meeting.ts';
import { LAYERS } from '../bench/adaptation/plan.ts';

const TOP_RUNG = 2 * LAYERS.length - 1;
const VIEWERS = 3;
/** What the kernel may drop on a busy machine, in front of a process that has no core for a moment. */
const MAX_KERNEL_LOSS_RATIO = 0.02;
/** The viewer behind the proxy is the first, the publisher is before it. */
const VIEWER_USER_ID = 2;
const WAIT = { timeout: 40_000, interval: 50 };
const TEST_TIMEOUT_MS = 120_000;

let meeting: Meeting;
let alerts: QualityAlert[];

beforeEach(async () => {
  alerts = [];
  meeting = await Meeting.start({
    viewers: VIEWERS,
    seed: 1,
    onQualityAlert: (alert) => void alerts.push(alert),
  });
  await expect.poll(rungs, WAIT).toEqual(Array.from({ length: VIEWERS }, () => TOP_RUNG));
});
afterEach(async () => {
  await meeting?.stop();
});

async function rungs(): Promise<number[]> {
  return (await meeting.sent()).map(({ rung }) => rung);
}

async function viewerRung(): Promise<number | undefined> {
  return (await rungs())[0];
}

describe('a subscriber whose path turns bad', { timeout: TEST_TIMEOUT_MS }, () => {
  it.each([
    ['loses 10 %', { lossRatio: 0.1 }, 'loss'],
    ['is 300 ms longer', { delayMs: 300 }, 'round_trip'],
    ['takes 400 kbit/s', { rateBps: 400_000, queueBytes: 16_000 }, undefined],
  ] as const)(
    'MH-5 is sent a lower layer when it %s and all again when it is over; the others notice nothing',
    async (_, impaired, reason) => {
      meeting.proxy.impair('toClient', impaired);
      await expect.poll(viewerRung, WAIT).toBeLessThan(TOP_RUNG - 1);
      await expect.poll(() => alerts.length, WAIT).toBeGreaterThan(0);
      const [first] = alerts;
      expect(first?.user_id).toBe(VIEWER_USER_ID);
      if (reason !== undefined) expect(first?.reason).toBe(reason);
      expect(first?.reason).not.toBe('recovered');

      meeting.proxy.impair('toClient', {});
      await expect.poll(viewerRung, WAIT).toBe(TOP_RUNG);
      await expect.poll(() => alerts.at(-1)?.reason, WAIT).toBe('recovered');
      expect(new Set(alerts.map(({ user_id }) => user_id))).toEqual(new Set([VIEWER_USER_ID]));

      const { viewers } = await meeting.finish();
      const sent = await meeting.sent();
      for (let viewer = 1; viewer < VIEWERS; viewer++) {
        const { datagrams = 0, refused = Number.NaN } = sent[viewer] ?? {};
        expect(datagrams).toBeGreaterThan(0);
        const received = viewers[viewer]?.datagramsReceived ?? 0;
        expect(received).toBeLessThanOrEqual(datagrams);
        expect(received).toBeGreaterThanOrEqual(datagrams * (1 - MAX_KERNEL_LOSS_RATIO));
        expect(refused).toBeLessThanOrEqual(datagrams * MAX_KERNEL_LOSS_RATIO);
      }
    },
  );

  it('MH-5 MH-8 is told apart by what waits on the way to it', async () => {
    const queues = async (): Promise<(number | undefined)[]> =>
      (await meeting.sent()).map(({ queueDelayMs }) => queueDelayMs);
    await expect.poll(queues, WAIT).not.toContain(undefined);
    meeting.proxy.impair('toClient', { rateBps: 1_400_000, queueBytes: 150_000 });
    await expect.poll(async () => (await queues())[0], WAIT).toBeGreaterThan(60);
  });
});
