// Every media handler worker is killed under two people who see and hear each other in Chromium: they go on by themselves.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { launchChromium } from '../support/browser.ts';
import { isRunning } from '../support/processes.ts';

const PEOPLE = ['Ada', 'Ben'] as const;

let system: LocalSystem;
let browser: Browser;
const pages: Page[] = [];

beforeAll(async () => {
  [system, browser] = await Promise.all([
    LocalSystem.start({ port: 0, logLevel: 'error', workers: 1 }),
    launchChromium(),
  ]);
  let path = '/';
  for (const name of PEOPLE) {
    const page = await (await browser.newContext()).newPage();
    pages.push(page);
    await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
    await page.getByTestId('name').fill(name);
    await page.getByTestId(path === '/' ? 'new-meeting' : 'join').click();
    await page.getByTestId('tile').first().waitFor();
    path = new URL(page.url()).pathname;
  }
});
afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

/** Video frames of the other that were decoded, and whether its sound is heard. */
function received(page: Page): Promise<{ frames: number; heard: boolean }> {
  return page.evaluate(() => {
    const client = globalThis.darkTower?.client;
    const other = client?.participants.find(({ isSelf }) => !isSelf);
    if (client === undefined || other === undefined) return { frames: 0, heard: false };
    return {
      frames: client.stats(other.userId).framesDecoded ?? 0,
      heard: client.audioLevel(other.userId) > 0,
    };
  });
}

async function seesAndHears(page: Page): Promise<void> {
  const { frames } = await received(page);
  await expect
    .poll(async () => (await received(page)).frames, { timeout: 20_000 })
    .toBeGreaterThanOrEqual(frames + 20);
  await expect.poll(async () => (await received(page)).heard, { timeout: 20_000 }).toBe(true);
}

describe('a meeting in Chromium whose media workers die', () => {
  it('SFU-9 MH-7 shows and plays everyone again, without anybody joining again', async () => {
    for (const page of pages) await seesAndHears(page);
    const states = await Promise.all(
      pages.map((page) =>
        page.evaluateHandle(() => {
          const seen: string[] = [];
          const client = globalThis.darkTower?.client;
          client?.on('changed', () => {
            if (seen.at(-1) !== client.state) seen.push(client.state);
          });
          return seen;
        }),
      ),
    );
    const pids = system.handlerPids;
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await expect.poll(() => pids.filter(isRunning)).toEqual([]);
    for (const seen of states)
      await expect
        .poll(async () => (await seen.jsonValue()).filter((state) => state !== 'connected').length, {
          timeout: 10_000,
        })
        .toBeGreaterThan(0);
    for (const page of pages) {
      await seesAndHears(page);
      expect(await page.getByTestId('tile').count()).toBe(2);
      expect(await page.getByTestId('connection-state').getAttribute('data-state')).toBe('connected');
    }
    for (const seen of states) expect(await seen.jsonValue()).toContain('reconnecting');
  });
});
