// A host and two others, each a real Chromium page, through every part of a real system.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { launchChromium } from '../support/browser.ts';

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

async function openPage(name: string, path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  pages.push(page);
  await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
  await page.getByTestId('name').fill(name);
  return page;
}

/** What a page receives of somebody now, bit/s of sound and of pictures. */
function received(page: Page, name: string): Promise<{ audio: number; video: number }> {
  return page.evaluate((name) => {
    const client = globalThis.darkTower?.client;
    const userId = client?.participants.find((participant) => participant.displayName === name)?.userId;
    const stats = userId === undefined ? undefined : client?.stats(userId);
    return { audio: stats?.audioBitrateBps ?? 0, video: stats?.videoBitrateBps ?? 0 };
  }, name);
}

async function fromTheMenu(page: Page, name: string, ...items: readonly string[]): Promise<void> {
  const tile = page.locator(`[data-testid="tile"][data-display-name="${name}"]`);
  await tile.getByTestId('host-menu').focus();
  await page.keyboard.press('Enter');
  for (const item of items) await tile.getByTestId(item).click();
}

describe('a real meeting with a host', () => {
  it('MC-10 whoever starts it is its host, and nobody else is', async () => {
    const host = await openPage('Ada', '/');
    await host.getByTestId('new-meeting').click();
    await host.getByTestId('tile').first().waitFor();
    for (const name of ['Ben', 'Cleo']) {
      const page = await openPage(name, new URL(host.url()).pathname);
      await page.getByTestId('join').click();
    }
    for (const page of pages)
      await expect.poll(() => page.getByTestId('tile').count(), { timeout: 15_000 }).toBe(3);
    const menus = await Promise.all(pages.map((page) => page.getByTestId('host-menu').count()));
    expect(menus).toEqual([2, 0, 0]);
  });

  it('MC-10 lets nothing of a muted participant through, though its page goes on sending', async () => {
    const [host, ben, cleo] = pages as [Page, Page, Page];
    const hears = (page: Page) =>
      expect.poll(async () => (await received(page, 'Ben')).audio, { timeout: 15_000 });
    await hears(host).toBeGreaterThan(0);
    await hears(cleo).toBeGreaterThan(0);
    await fromTheMenu(host, 'Ben', 'host-mute-audio');
    await expect
      .poll(() => ben.getByTestId('host-mute-notice').textContent())
      .toBe('Ada muted you for everyone. Ask Ada to let you speak again.');
    await expect.poll(() => ben.getByTestId('toggle-mic').getAttribute('data-on')).toBe('false');
    // Not what the page offers: a client that does as it likes.
    await ben.evaluate(() => globalThis.darkTower?.client?.setMicrophone(true));
    await expect.poll(async () => (await received(ben, 'Ben')).audio).toBeGreaterThan(10_000);
    for (const page of [host, cleo]) {
      await hears(page).toBe(0);
      expect((await received(page, 'Ben')).video).toBeGreaterThan(0);
    }
    expect((await received(ben, 'Ben')).audio).toBeGreaterThan(10_000);
    await fromTheMenu(host, 'Ben', 'host-mute-audio');
    await hears(host).toBeGreaterThan(0);
    await hears(cleo).toBeGreaterThan(0);
    await expect.poll(() => ben.getByTestId('host-mute-notice').isVisible()).toBe(false);
  });

  it('MC-10 GC-15 removes somebody, who is told, and whose token lets in nobody', async () => {
    const [host, ben, cleo] = pages as [Page, Page, Page];
    await fromTheMenu(host, 'Ben', 'host-remove', 'host-remove-confirm');
    await ben.getByText('You were removed from the meeting.').waitFor();
    for (const page of [host, cleo]) await expect.poll(() => page.getByTestId('tile').count()).toBe(2);
  });
});
