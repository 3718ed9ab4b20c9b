// A subscriber of a shared screen and of a camera behind a path that is too narrow for both, on a real worker with real
// clients. What the others get is in adaptation.test.ts; how a budget is shared out, in test/unit/handler/sharedScreen.test.ts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Meeting, type Sent } from '../bench/adaptation/Meeting.ts';
import { LAYERS, SCREEN_LAYERS } from '../bench/adaptation/plan.ts';

const EVERYTHING = { rung: 2 * LAYERS.length - 1, screenRung: 2 * SCREEN_LAYERS.length - 1 };
/** Both want 2.7 Mbit/s, the screen 1.2 of them. */
const NARROW = { rateBps: 2_000_000, queueBytes: 50_000 };
/** Of the camera: nothing of its high layer. */
const MAX_LOW_RUNG = 3;
const WAIT = { timeout: 40_000, interval: 50 };
const TEST_TIMEOUT_MS = 130_000;

let meeting: Meeting;

beforeAll(async () => {
  meeting = await Meeting.start({ viewers: 1, sharesScreen: true, seed: 1 });
});
afterAll(async () => {
  await meeting?.stop();
});

async function sent(): Promise<Sent | undefined> {
  return (await meeting.sent())[0];
}

it(
  'MH-5 lowers the camera first, and leaves the screen all that it has',
  async () => {
    await expect.poll(sent, WAIT).toMatchObject(EVERYTHING);
    meeting.proxy.impair('toClient', NARROW);
    // While the queue in front of the path is let go, the least of both is sent.
    await expect.poll(async () => (await sent())?.rung, WAIT).toBeLessThanOrEqual(MAX_LOW_RUNG);
    const isSettled = async (): Promise<boolean> => {
      const { rung = EVERYTHING.rung, screenRung = 0 } = (await sent()) ?? {};
      return rung <= MAX_LOW_RUNG && screenRung === EVERYTHING.screenRung;
    };
    await expect.poll(isSettled, WAIT).toBe(true);
    meeting.proxy.impair('toClient', {});
    await expect.poll(sent, WAIT).toMatchObject(EVERYTHING);
  },
  TEST_TIMEOUT_MS,
);
