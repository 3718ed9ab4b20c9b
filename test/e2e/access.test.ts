// A system that asks who one is, with real Chromium pages: who has a token, who is a guest, and who is neither.
import { createHash } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { tokenAnswerSchema } from '../../shared/api/auth.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import { ENV } from '../../shared/base/env.ts';
import { launchChromium } from '../support/browser.ts';

const CLIENT_ID = 'portal';
const SECRET = 'a-secret-of-the-test-0123456789';

let system: LocalSystem;
let browser: Browser;
let token: string;

beforeAll(async () => {
  const client = {
    client_id: CLIENT_ID,
    org: 'acme',
    scopes: ['meetings:read', 'meetings:write', 'meetings:join'],
    secret_sha256: createHash('sha256').update(SECRET).digest('hex'),
  };
  [system, browser] = await Promise.all([
    LocalSystem.start({
      port: 0,
      logLevel: 'error',
      accessEnvironment: {
        [ENV.access]: 'tokens',
        [ENV.clients]: JSON.stringify([client]),
        [ENV.humanCheck]: 'proof-of-work',
      },
    }),
    launchChromium(),
  ]);
  const answer = await fetch(system.url + gcPaths.authToken, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  token = tokenAnswerSchema.parse(await answer.json()).access_token;
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
});

async function openPage(name: string, path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
  await page.getByTestId('name').fill(name);
  return page;
}

async function seesTiles(count: number, ...pages: readonly Page[]): Promise<void> {
  for (const page of pages)
    await expect.poll(() => page.getByTestId('tile').count(), { timeout: 20_000 }).toBe(count);
}

describe('a system that asks who one is', () => {
  it('GC-15 GC-16 lets in a guest who has the link, after some work in the page, where the maker of the meeting allows it', async () => {
    const ada = await openPage('Ada', `/#token=${token}`);
    await ada.getByTestId('allow-guests').check();
    await ada.getByTestId('new-meeting').click();
    await seesTiles(1, ada);
    expect(ada.url()).not.toContain('token');
    const ben = await openPage('Ben', new URL(ada.url()).pathname);
    await ben.getByTestId('join').click();
    await seesTiles(2, ada, ben);
    expect([await ada.getByTestId('host-menu').count(), await ben.getByTestId('host-menu').count()]).toEqual([
      1, 0,
    ]);
  });

  it('GC-15 asks for a token where there are no guests, says when one is not good, and lets in with one that is', async () => {
    const ada = await openPage('Ada', '/');
    await ada.getByTestId('new-meeting').click();
    await ada.getByTestId('access-token').fill('made-up');
    await ada.getByTestId('new-meeting').click();
    await ada.getByText('The server did not accept your token: it may have expired.').waitFor();
    await ada.getByTestId('access-token').fill(token);
    await ada.getByTestId('new-meeting').click();
    await seesTiles(1, ada);
    const ben = await openPage('Ben', new URL(ada.url()).pathname);
    await ben.getByTestId('join').click();
    await ben.getByTestId('access-token').fill(token);
    await ben.getByTestId('join').click();
    await seesTiles(2, ada, ben);
  });
});
