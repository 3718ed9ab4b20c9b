// A meeting controller that dies for good, machine and all, under three real Chromium pages: they say so, nobody is found
// at its address, the meeting moves to another one, and everybody is in it again without touching anything.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MeetingEventListBody, meetingEventListSchema } from '../../shared/api/meetingEvent.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { launchChromium } from '../support/browser.ts';
import { Fleet } from '../support/Fleet.ts';

const NAMES = ['Ada', 'Ben', 'Cleo'];

let fleet: Fleet;
let browser: Browser;
const pages: Page[] = [];
/** Paths of POST requests that the pages made, below the meeting. */
const posted: string[] = [];
let meetingId: string;

beforeAll(async () => {
  [fleet, browser] = await Promise.all([
    Fleet.start([
      { id: 'mc-1', roles: 'controller' },
      { id: 'mc-2', roles: 'controller', zone: 'local-b' },
      { id: 'mh-1', roles: 'handler' },
    ]),
    launchChromium(),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await fleet?.stop();
});

async function openPage(name: string, path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  pages.push(page);
  page.on('request', (request) => {
    if (request.method() === 'POST')
      posted.push(new URL(request.url()).pathname.split('/').slice(5).join('/'));
  });
  await page.goto(fleet.url.replace('127.0.0.1', 'localhost') + path);
  await page.getByTestId('name').fill(name);
  return page;
}

async function events(): Promise<MeetingEventListBody['events']> {
  const answer = await fetch(fleet.url + gcPaths.meetingEvents(meetingId));
  return meetingEventListSchema.parse(await answer.json()).events;
}

/** Waits until each page shows everybody, and pictures of both others move. */
async function everybodyMeets(): Promise<void> {
  for (const [index, page] of pages.entries()) {
    await expect.poll(() => page.getByTestId('tile').count(), { timeout: 30_000 }).toBe(NAMES.length);
    for (const name of NAMES.filter((_, other) => other !== index)) {
      const decoded = (): Promise<number> =>
        page.evaluate((name) => {
          const client = globalThis.darkTower?.client;
          const userId = client?.participants.find(({ displayName }) => displayName === name)?.userId;
          return userId === undefined ? 0 : (client?.stats(userId).framesDecoded ?? 0);
        }, name);
      const before = await decoded();
      await expect.poll(decoded, { timeout: 30_000 }).toBeGreaterThan(before + 10);
    }
  }
}

describe('a meeting whose controller dies', () => {
  it('MC-2 is held by three people', async () => {
    const [first = '', ...others] = NAMES;
    const page = await openPage(first, '/');
    await page.getByTestId('new-meeting').click();
    await page.getByTestId('tile').first().waitFor();
    const path = new URL(page.url()).pathname;
    meetingId = path.split('/').at(-1) ?? '';
    for (const name of others) await (await openPage(name, path)).getByTestId('join').click();
    await everybodyMeets();
  });

  it('MC-10 has a host, who mutes somebody', async () => {
    const [host, , muted] = pages as [Page, Page, Page];
    const tile = host.locator(`[data-testid="tile"][data-display-name="${NAMES[2]}"]`);
    await tile.getByTestId('host-menu').focus();
    await host.keyboard.press('Enter');
    await tile.getByTestId('host-mute-audio').click();
    await muted.getByText(`${NAMES[0]} muted you for everyone.`).waitFor();
  });

  it('GC-17 moves to another one on the word of a participant; all are back by themselves, under their names', async () => {
    const controllerId = (await events()).findLast(({ type }) => type === 'assigned')?.controller_id ?? '';
    const spare = controllerId === 'mc-1' ? 'mc-2' : 'mc-1';
    posted.length = 0;
    fleet.signal(controllerId, 'SIGKILL');
    const moves = async () => (await events()).filter(({ type }) => type === 'reassigned');
    await expect.poll(async () => (await moves()).length, { timeout: 40_000 }).toBe(1);
    for (const page of pages)
      await expect
        .poll(() => page.getByTestId('connection-state').getAttribute('data-state'), { timeout: 30_000 })
        .toBe('connected');
    await everybodyMeets();
    for (const page of pages)
      expect((await page.getByTestId('tile-name').allTextContents()).toSorted()).toEqual(
        NAMES.map((name, index) => (pages[index] === page ? `${name} (you)` : name)).toSorted(),
      );
    expect(await moves()).toMatchObject([
      { previous_controller_id: controllerId, controller_id: spare, reason: 'controller_unreachable' },
    ]);
    expect(posted.filter((path) => path === 'unreachable').length).toBeGreaterThanOrEqual(1);
    // With the tokens that they had: nobody was asked for anything.
    expect(posted.filter((path) => path === 'join')).toEqual([]);
  });

  it('MC-10 MC-8 keeps its host and whom that has muted, and tells nobody that others left', async () => {
    const menus = await Promise.all(pages.map((page) => page.getByTestId('host-menu').count()));
    expect(menus).toEqual([2, 0, 0]);
    const [host, , muted] = pages as [Page, Page, Page];
    await muted.getByText('A host muted you for everyone.').waitFor();
    // Not what the page offers: a client that does as it likes.
    await muted.evaluate(() => globalThis.darkTower?.client?.setMicrophone(true));
    const sound = (page: Page) =>
      page.evaluate((name) => {
        const client = globalThis.darkTower?.client;
        const userId = client?.participants.find(({ displayName }) => displayName === name)?.userId;
        return (userId === undefined ? undefined : client?.stats(userId)?.audioBitrateBps) ?? 0;
      }, NAMES[2]);
    await expect.poll(() => sound(muted), { timeout: 15_000 }).toBeGreaterThan(10_000);
    expect(await sound(host)).toBe(0);
    for (const page of pages) {
      const toasts = await page.getByTestId('toast').allTextContents();
      expect(toasts.filter((text) => / left$/.test(text))).toEqual([]);
    }
  });
});
