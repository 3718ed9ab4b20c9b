// Three people in one meeting, each a real Chromium page, through every part of a real system.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserMeetingClient } from '../../client/media/BrowserMeetingClient.ts';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { launchChromium } from '../support/browser.ts';
import { type DeviceMark, markDevices } from '../support/markedDevices.ts';

const PEOPLE: readonly (DeviceMark & { name: string; rgb: readonly [number, number, number] })[] = [
  { name: 'Ada', color: 'rgb(200, 30, 30)', rgb: [200, 30, 30], toneHz: 440 },
  { name: 'Ben', color: 'rgb(30, 160, 30)', rgb: [30, 160, 30], toneHz: 660 },
  { name: 'Cleo', color: 'rgb(30, 30, 200)', rgb: [30, 30, 200], toneHz: 880 },
];
/** VP8 keeps a flat colour within 3 per channel; decoded in another colour space it is off by 13 and more. */
const COLOR_TOLERANCE = 8;
const AUDIBLE_LEVEL = 0.02;
/** Tones are 220 Hz apart; the analysis is exact to 6 Hz. */
const TONE_TOLERANCE_HZ = 20;

let system: LocalSystem;
let browser: Browser;
const pages: Page[] = [];
const pageErrors: string[] = [];

beforeAll(async () => {
  [system, browser] = await Promise.all([LocalSystem.start({ port: 0, logLevel: 'warn' }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

async function openPage(name: string, path: string, mark?: DeviceMark): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(`${name}: ${error.message}`));
  if (mark) await markDevices(page, mark);
  await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
  await page.getByTestId('name').fill(name);
  return page;
}

/** Red, green and blue at the left of what the tile of this name shows; undefined before it shows anything. */
function tilePixel(page: Page, name: string): Promise<readonly number[] | undefined> {
  return page.evaluate((name) => {
    const tile = document.querySelector(`[data-testid="tile"][data-display-name="${name}"]`);
    const canvas = tile?.querySelector<HTMLCanvasElement>('[data-testid="tile-canvas"]');
    const context = new OffscreenCanvas(1, 1).getContext('2d');
    if (!canvas || canvas.width < 2 || !context) return undefined;
    context.drawImage(canvas, canvas.width / 8, canvas.height / 3, 1, 1, 0, 0, 1, 1);
    const pixel = [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    return pixel.some((value) => value > 0) ? pixel : undefined;
  }, name);
}

/** Waits for the tile of this name to show this colour. */
async function seesColor(page: Page, name: string, rgb: readonly number[]): Promise<void> {
  await expect
    .poll(() => tilePixel(page, name), { timeout: 20_000 })
    .toEqual(rgb.map((value) => expect.toSatisfy((got: number) => Math.abs(got - value) <= COLOR_TOLERANCE)));
}

function framesDecoded(page: Page, name: string): Promise<number> {
  return page.evaluate((name) => {
    const client = globalThis.darkTower?.client;
    const userId = client?.participants.find((participant) => participant.displayName === name)?.userId;
    return userId === undefined ? -1 : (client?.stats(userId).framesDecoded ?? 0);
  }, name);
}

/** Waits until this many more frames of the named participant were decoded. */
async function framesGrow(page: Page, name: string, by: number): Promise<void> {
  const before = await framesDecoded(page, name);
  await expect.poll(() => framesDecoded(page, name), { timeout: 15_000 }).toBeGreaterThanOrEqual(before + by);
}

async function hears(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    ({ name, audible }) => {
      const client = globalThis.darkTower?.client;
      const userId = client?.participants.find((participant) => participant.displayName === name)?.userId;
      return userId !== undefined && client !== undefined && client.audioLevel(userId) > audible;
    },
    { name, audible: AUDIBLE_LEVEL },
    { timeout: 15_000 },
  );
}

/** Waits for what is played of the named participant to have this pitch. */
async function hearsTone(page: Page, name: string, toneHz: number): Promise<void> {
  const playedHz = (): Promise<number> =>
    page.evaluate((name) => {
      const client = globalThis.darkTower?.client as BrowserMeetingClient | undefined;
      const userId = client?.participants.find((participant) => participant.displayName === name)?.userId;
      return (userId !== undefined && client?.dominantFrequencyForTesting(userId)) || 0;
    }, name);
  await expect
    .poll(playedHz, { timeout: 15_000 })
    .toSatisfy((hz: number) => Math.abs(hz - toneHz) <= TONE_TOLERANCE_HZ);
}

describe('a real meeting of three Chromium pages', () => {
  it('MC-2 lets three people meet: the first makes the meeting, the others follow its link', async () => {
    const [ada, ben, cleo] = PEOPLE;
    if (!ada || !ben || !cleo) throw new Error('Three people are needed');
    const first = await openPage(ada.name, '/', ada);
    pages.push(first);
    await first.getByTestId('new-meeting').click();
    await first.getByTestId('tile').first().waitFor();
    const path = new URL(first.url()).pathname;
    expect(path).toMatch(/^\/m\/[A-Za-z0-9._-]{1,64}$/);
    for (const person of [ben, cleo]) {
      const page = await openPage(person.name, path, person);
      pages.push(page);
      await page.getByTestId('join').click();
    }
    for (const page of pages)
      await expect.poll(() => page.getByTestId('tile').count(), { timeout: 15_000 }).toBe(3);
  });

  it('MH-1 MC-3 SFU-5 shows each the picture of both others, decoded from what crossed the media handler', async () => {
    for (const [index, page] of pages.entries()) {
      for (const [other, person] of PEOPLE.entries()) {
        if (other === index) continue;
        await seesColor(page, person.name, person.rgb);
        await framesGrow(page, person.name, 20);
      }
    }
  });

  it('MH-1 lets each hear both others, and each of them as who it is', async () => {
    for (const [index, page] of pages.entries()) {
      for (const [other, person] of PEOPLE.entries()) {
        if (other === index) continue;
        await hears(page, person.name);
        await hearsTone(page, person.name, person.toneHz);
      }
    }
  });

  it('MC-3 tells the others when one leaves: the tile goes, the rest goes on', async () => {
    const leaver = pages[2];
    if (!leaver) throw new Error('The third page is missing');
    await leaver.getByTestId('leave').click();
    await leaver.getByTestId('ended-message').waitFor();
    for (const page of pages.slice(0, 2)) {
      await expect.poll(() => page.getByTestId('tile').count(), { timeout: 10_000 }).toBe(2);
      expect(await page.locator('[data-testid="tile"][data-display-name="Cleo"]').count()).toBe(0);
    }
    const [first] = pages;
    if (first) await framesGrow(first, 'Ben', 10);
  });

  it('MC-3 tells the others at once when a tab is closed', async () => {
    await pages[1]?.close();
    const [first] = pages;
    await expect.poll(() => first?.getByTestId('tile').count(), { timeout: 10_000 }).toBe(1);
  });

  it('MH-1 shows a camera in the colours of its own preview, whatever its colour space', async () => {
    const [first] = pages;
    if (!first) throw new Error('The first page is missing');
    // Chromium's made-up camera: SMPTE 170M, limited range, where the others' are sRGB, full range.
    const dora = await openPage('Dora', new URL(first.url()).pathname);
    await dora.getByTestId('join').click();
    await expect.poll(() => tilePixel(dora, 'Dora'), { timeout: 20_000 }).toBeDefined();
    await seesColor(first, 'Dora', (await tilePixel(dora, 'Dora')) ?? []);
  });

  it('raises no error in any page', () => {
    expect(pageErrors).toEqual([]);
  });
});
