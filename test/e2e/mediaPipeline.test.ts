// The browser SDK's media path in a real Chromium: camera and microphone to pictures and sound, over a path that loses,
// doubles and reorders. The servers are loopbacks in the page; test/e2e/meeting.test.ts has the real ones.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium } from '../support/browser.ts';
import { type DeviceMark, markDevices } from '../support/markedDevices.ts';
import type { PathOptions, Pixel } from './mediaPipelinePage.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MARK = { color: 'rgb(30, 60, 200)', toneHz: 440 } as const;
const MARK_PIXEL = { red: 30, green: 60, blue: 200 } as const;
/** A flat colour is within 3 per channel; decoded in another colour space it is off by 14 and more (Chromium 156). */
const COLOR_TOLERANCE = 8;
const AUDIBLE_LEVEL = 0.05;
const CLEAN: PathOptions = { loss: 0, duplicates: 0, reordered: 0 };
const BAD: PathOptions = { loss: 0.05, duplicates: 0.05, reordered: 0.1 };
/** As the meeting page is served. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self' https: wss:; worker-src 'self' blob:";

let server: Server;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  const { outputFiles } = await build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform: 'browser',
    mainFields: ['module', 'main'],
    outdir: '/',
    entryPoints: {
      page: 'test/e2e/mediaPipelinePage.ts',
      playoutWorklet: 'client/media/audio/playoutWorklet.ts',
    },
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  server = createServer((request, response) => {
    const script = scripts.get(request.url ?? '');
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? '<!doctype html><meta charset=utf-8><script type=module src=/page.js></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
});

afterEach(async () => {
  await page.close();
});

async function open(mark: DeviceMark | null = MARK): Promise<void> {
  if (mark !== null) await markDevices(page, mark);
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => globalThis.pipeline !== undefined);
}

/** Two clients: the first sends, the second only watches and listens. */
async function joinBoth(path: PathOptions): Promise<{ readonly sender: number; readonly watcher: number }> {
  return await page.evaluate(async (path) => {
    globalThis.pipeline.path = path;
    const sender = await globalThis.pipeline.join('Ada', { microphone: true, camera: true });
    const watcher = await globalThis.pipeline.join('Bob', { microphone: false, camera: false });
    globalThis.pipeline.show(1, sender);
    return { sender, watcher };
  }, path);
}

async function seesColor(userId: number, expected: Pixel = MARK_PIXEL): Promise<void> {
  await page.waitForFunction(
    ({ userId, expected, tolerance }) => {
      const pixel = globalThis.pipeline.pixel(1, userId);
      if (pixel === undefined) return false;
      return (['red', 'green', 'blue'] as const).every(
        (channel) => Math.abs(pixel[channel] - expected[channel]) <= tolerance,
      );
    },
    { userId, expected, tolerance: COLOR_TOLERANCE },
  );
}

async function hears(userId: number): Promise<void> {
  await page.waitForFunction(({ userId, audible }) => globalThis.pipeline.level(1, userId) > audible, {
    userId,
    audible: AUDIBLE_LEVEL,
  });
}

/** Waits until this many more frames were decoded. */
async function framesGrow(userId: number, by: number): Promise<void> {
  const before = await page.evaluate(
    (userId) => globalThis.pipeline.stats(1, userId).framesDecoded ?? 0,
    userId,
  );
  await page.waitForFunction(
    ({ userId, target }) => (globalThis.pipeline.stats(1, userId).framesDecoded ?? 0) >= target,
    { userId, target: before + by },
    { timeout: 40_000 },
  );
}

describe('the media path in Chromium', () => {
  it('shows the camera and plays the microphone of another participant, under a strict policy', async () => {
    await open();
    const { sender } = await joinBoth(CLEAN);
    await seesColor(sender);
    await hears(sender);
    await framesGrow(sender, 30);
    // The audio thread has its script, and samples to play.
    await page.waitForFunction(
      (userId) => (globalThis.pipeline.audioStats(1, userId)?.bufferedMs ?? 0) > 0,
      sender,
    );
    await page.waitForFunction(
      (userId) =>
        globalThis.pipeline.clients[1]?.client.participants.some(
          (participant) => participant.userId === userId && participant.hasVideo && participant.speaking,
        ),
      sender,
    );
    expect(await page.evaluate((userId) => globalThis.pipeline.stats(1, userId), sender)).toMatchObject({
      width: 640,
      height: 360,
      codec: 'vp8',
      lossRatio: 0,
    });
    expect(complaints).toEqual([]);
  });

  it('shows a dark, saturated colour as it was sent', async () => {
    await open({ ...MARK, color: 'rgb(0, 135, 0)' });
    const { sender } = await joinBoth(CLEAN);
    await seesColor(sender, { red: 0, green: 135, blue: 0 });
  });

  it('shows a camera in the colours of its own preview, whatever its colour space', async () => {
    // Chromium's made-up camera is SMPTE 170M, limited range, where a canvas is sRGB, full range.
    await open(null);
    const { sender } = await joinBoth(CLEAN);
    await page.evaluate((sender) => globalThis.pipeline.show(0, sender), sender);
    await page.waitForFunction((sender) => (globalThis.pipeline.pixel(0, sender)?.green ?? 0) > 0, sender);
    const preview = await page.evaluate((sender) => globalThis.pipeline.pixel(0, sender), sender);
    if (preview === undefined) throw new Error('The preview is missing');
    await seesColor(sender, preview);
    expect(complaints).toEqual([]);
  });

  it('keeps picture and sound going over a path that loses, doubles and reorders, by key frames', async () => {
    await open();
    const { sender } = await joinBoth(BAD);
    await seesColor(sender);
    await framesGrow(sender, 80);
    await hears(sender);
    await seesColor(sender);
    expect(complaints).toEqual([]);
    expect(await page.evaluate(() => globalThis.pipeline.warnings)).toEqual([]);
  });

  it('gets a picture back after nothing came through for a while', async () => {
    await open();
    const { sender } = await joinBoth(CLEAN);
    await framesGrow(sender, 10);
    await page.evaluate((path) => {
      globalThis.pipeline.path = { ...path, loss: 1 };
    }, CLEAN);
    await page.waitForFunction(
      (userId) => globalThis.pipeline.stats(1, userId).framesPerSecond === 0,
      sender,
    );
    await page.evaluate((path) => {
      globalThis.pipeline.path = path;
    }, CLEAN);
    await framesGrow(sender, 30);
    await seesColor(sender);
  });

  it('keeps the capture times of sound right over pauses, in which the encoder sends nothing', async () => {
    // Chromium's own made-up microphone beeps once a second and is silent in between.
    await open(null);
    const { sender } = await joinBoth(CLEAN);
    await page.waitForFunction(
      (userId) => (globalThis.pipeline.audioStats(1, userId)?.framesDecoded ?? 0) >= 200,
      sender,
    );
    // Left alone, Chromium's times are 300 ms behind after the first pause; the youngest frame tells, on a busy machine too.
    const ages = await page.evaluate(() => globalThis.pipeline.audioAgesMs);
    expect(Math.min(...ages)).toBeLessThan(200);
  });

  it('MC-10 stops sending when muted, tells the others, and comes back', async () => {
    await open();
    const { sender } = await joinBoth(CLEAN);
    await hears(sender);
    await seesColor(sender);
    await page.evaluate(async () => {
      const client = globalThis.pipeline.clients[0]?.client;
      await client?.setMicrophone(false);
      await client?.setCamera(false);
    });
    await page.waitForFunction((userId) => {
      const view = globalThis.pipeline.clients[1]?.client.participants.find((view) => view.userId === userId);
      return (
        view?.audioMuted && view.videoMuted && !view.hasVideo && globalThis.pipeline.level(1, userId) === 0
      );
    }, sender);
    await page.evaluate(async () => {
      const client = globalThis.pipeline.clients[0]?.client;
      await Promise.all([client?.setMicrophone(true), client?.setCamera(true)]);
    });
    await hears(sender);
    await page.waitForFunction(
      (userId) =>
        globalThis.pipeline.clients[1]?.client.participants.some(
          (view) => view.userId === userId && view.hasVideo && !view.audioMuted,
        ),
      sender,
    );
  });

  it('goes on without a device that may not be used, and says what to do', async () => {
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('No', 'NotAllowedError'));
    });
    await open(null);
    await joinBoth(CLEAN);
    const { problems, state } = await page.evaluate(() => ({
      problems: globalThis.pipeline.clients[0]?.problems,
      state: globalThis.pipeline.clients[0]?.client.state,
    }));
    expect(problems?.map(({ device }) => device).toSorted()).toEqual(['camera', 'microphone']);
    expect(problems?.[0]?.message).toContain('Allow it');
    expect(state).toBe('connected');
  });

  it('disappears from the others when it leaves, and lets go of its devices', async () => {
    await open();
    const { sender } = await joinBoth(CLEAN);
    await seesColor(sender);
    await page.evaluate(() => globalThis.pipeline.clients[0]?.client.leave());
    await page.waitForFunction(() => globalThis.pipeline.clients[1]?.client.participants.length === 1);
    const left = await page.evaluate(() => ({
      ends: globalThis.pipeline.clients[0]?.ends,
      camera: globalThis.pipeline.clients[0]?.client.cameraOn,
    }));
    expect(left).toEqual({ ends: [{ code: 'left', message: 'You left the meeting.' }], camera: false });
    expect(complaints).toEqual([]);
  });
});
