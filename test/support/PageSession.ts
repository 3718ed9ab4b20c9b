// One Chromium on the page over a fake meeting, for the page's own tests. Call `usePageSession` once in a test file.
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { JoinError } from '../../client/media/MeetingClient.ts';
import { launchChromium } from './browser.ts';
import type {} from './fakePage.ts';
import { type FakePageServer, startFakePageServer } from './fakePageServer.ts';

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** A fresh page for each test. A test fails when its page throws or breaks the content security policy. */
export class PageSession {
  #server: FakePageServer | undefined;
  #browser: Browser | undefined;
  #page: Page | undefined;
  #problems: string[] = [];

  async start(): Promise<void> {
    [this.#server, this.#browser] = await Promise.all([startFakePageServer(), launchChromium()]);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.close();
  }

  async begin(): Promise<void> {
    const context = await this.#browser?.newContext({ viewport: DESKTOP });
    if (!context) throw new Error('The browser is not started');
    this.#page = await context.newPage();
    this.#problems = [];
    this.#page.on('pageerror', (error) => this.#problems.push(error.message));
    this.#page.on('console', (message) => {
      if (/Content Security Policy/i.test(message.text())) this.#problems.push(message.text());
    });
  }

  async end(): Promise<void> {
    await this.#page?.context().close();
    expect(this.#problems).toEqual([]);
  }

  get page(): Page {
    if (!this.#page) throw new Error('The page is not open');
    return this.#page;
  }

  get url(): string {
    if (!this.#server) throw new Error('The server is not started');
    return this.#server.url;
  }

  /** Opens the lobby and fills in the name. */
  async open(path: string, name = 'Ada Lovelace'): Promise<void> {
    await this.page.goto(this.url + path);
    await this.page.getByTestId('name').fill(name);
  }

  /** Joins a meeting of this many people, Ada Lovelace included, of whom some others share a screen. */
  async enter(people: number, screens = 0): Promise<void> {
    await this.open(`/m/abc?people=${people}&screens=${screens}`);
    await this.page.getByTestId('join').click();
    await expect.poll(() => this.page.getByTestId('tile').count()).toBe(people);
  }

  /** Makes joining fail from now on, or pass again. */
  async failJoins(code: JoinError['code'] | undefined): Promise<void> {
    await this.page.evaluate((failure) => {
      globalThis.joinFailure = failure;
    }, code);
  }

  tile(name: string): Locator {
    return this.page.locator(`[data-testid="tile"][data-display-name="${name}"]`);
  }

  /** The shared screen of this participant. */
  screen(name: string): Locator {
    return this.page.locator(`[data-testid="screen-tile"][data-display-name="${name}"]`);
  }

  /** Texts of the toasts that are shown. */
  toasts(): Promise<string[]> {
    return this.page.getByTestId('toast').allTextContents();
  }
}

export function usePageSession(): PageSession {
  const session = new PageSession();
  beforeAll(() => session.start());
  afterAll(() => session.stop());
  beforeEach(() => session.begin());
  afterEach(() => session.end());
  return session;
}
