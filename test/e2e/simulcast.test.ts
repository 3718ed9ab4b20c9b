// Layers in a real meeting: three Chromium pages, a whole system, and what is received judged by its resolution.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { launchChromium } from '../support/browser.ts';

/** On a busy machine the pages are slow to encode and decode. */
const WAIT = { timeout: 55_000 };
const TEST_TIMEOUT_MS = 240_000;
const NAMES = ['Ada', 'Ben', 'Cleo'] as const;

let system: LocalSystem;
let browser: Browser;
const pages: Page[] = [];

beforeAll(async () => {
  [system, browser] = await Promise.all([LocalSystem.start({ port: 0, logLevel: 'warn' }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

/** Height of the picture that this page receives of the named participant, now. */
function receivedHeight(page: Page, name: string): Promise<number | undefined> {
  return page.evaluate((name) => {
    const client = globalThis.darkTower?.client;
    const userId = client?.participants.find((participant) => participant.displayName === name)?.userId;
    return userId === undefined ? undefined : client?.stats(userId).height;
  }, name);
}

async function receives(page: Page, name: string, height: number): Promise<void> {
  await expect.poll(() => receivedHeight(page, name), WAIT).toBe(height);
}

function tile(page: Page, name: string) {
  return page.locator(`[data-testid="tile"][data-display-name="${name}"]`);
}

describe('simulcast in a real meeting', { timeout: TEST_TIMEOUT_MS }, () => {
  it('SFU-4 sends every camera in layers, and a viewer the one that its tile needs', async () => {
    let path = '/';
    for (const name of NAMES) {
      const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
      pages.push(page);
      await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
      await page.getByTestId('name').fill(name);
      await page.getByTestId(path === '/' ? 'new-meeting' : 'join').click();
      await page.getByTestId('tile').first().waitFor();
      path = new URL(page.url()).pathname;
    }
    const [ada] = pages;
    if (!ada) throw new Error('No page was opened');
    await receives(ada, 'Ben', 360);
    await receives(ada, 'Cleo', 360);
  });

  it('SFU-4 MH-5 sends an enlarged tile the high layer and a small one the low layer, and back', async () => {
    const [ada] = pages;
    if (!ada) throw new Error('No page was opened');
    await tile(ada, 'Ben').dblclick();
    await receives(ada, 'Cleo', 90);
    await receives(ada, 'Ben', 360);
    await tile(ada, 'Cleo').getByTestId('tile-enlarge').click();
    await receives(ada, 'Cleo', 360);
    await receives(ada, 'Ben', 90);
    await ada.keyboard.press('Escape');
    await receives(ada, 'Ben', 360);
  });

  it('SFU-4 leaves the others what they have when one viewer changes layers', async () => {
    const [ada, ben] = pages;
    if (!ada || !ben) throw new Error('Two pages are needed');
    await tile(ada, 'Ben').dblclick();
    await receives(ada, 'Cleo', 90);
    await receives(ben, 'Cleo', 360);
  });

  it('MH-5 stops encoding the layers that nobody watches, and is back at once when somebody does', async () => {
    const [ada, ben, cleo] = pages;
    if (!ada || !ben || !cleo) throw new Error('Three pages are needed');
    await ada.keyboard.press('Escape');
    for (const page of pages) await tile(page, 'Ada').getByTestId('tile-enlarge').click();
    const encodedLayers = (page: Page) =>
      page.evaluate(() => {
        const self = globalThis.darkTower?.client?.participants.find(({ isSelf }) => isSelf);
        return self && globalThis.darkTower?.client?.stats(self.userId).layers;
      });
    for (const page of pages) await expect.poll(() => encodedLayers(page), WAIT).toBe(1);
    await receives(cleo, 'Ben', 90);
    await cleo.keyboard.press('Escape');
    await receives(cleo, 'Ben', 360);
    await expect.poll(() => encodedLayers(ben), WAIT).toBe(2);
  });
});
