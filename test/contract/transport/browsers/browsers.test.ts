// Real browsers against the QUIC transport: what our own client cannot tell about our reading of the specifications.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, openInFirefox } from '../../../support/browser.ts';
import { BrowserSuite } from './BrowserSuite.ts';

const START_TIMEOUT_MS = 60_000;

const BROWSERS = [
  {
    name: 'Chromium',
    /** Opens a page and answers how to end the browser at once. */
    open: async (url: string): Promise<() => Promise<void>> => {
      const browser = await launchChromium();
      await (await browser.newPage()).goto(url);
      return () => browser.close();
    },
    sendsStopSending: true,
  },
  {
    name: 'Firefox',
    open: async (url: string): Promise<() => Promise<void>> => {
      const firefox = await openInFirefox(url);
      return () => firefox.close();
    },
    // Firefox ESR 153 keeps a cancelled stream open and reads no more of it: who writes it stalls, and has to give it up.
    sendsStopSending: false,
  },
];

describe.each(BROWSERS)('$name and the QUIC transport', ({ open, sendsStopSending }) => {
  let suite: BrowserSuite;
  let end: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    suite = await BrowserSuite.start();
    end = await open(suite.url);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await end?.();
    await suite?.stop();
  });

  it('MH-1 echoes a hundred datagrams of up to 1,100 bytes, and shows path and origin to the server', async () => {
    expect(await suite.result('/datagrams?name=x')).toMatchObject({ value: { count: 100, largest: 1_100 } });
    expect(await suite.event('session', '/datagrams')).toMatchObject({
      query: '?name=x',
      origin: suite.url.slice(0, -1),
    });
    expect((await suite.event('closed', '/datagrams')).close).toEqual({ code: 0, reason: '', by: 'remote' });
  });

  it('MH-1 carries streams of both kinds that the page opened, each to its end', async () => {
    expect(await suite.result('/page-streams')).toMatchObject({
      value: { bidirectional: 200_000, unidirectional: 50_000 },
    });
  });

  it('MH-1 carries streams of both kinds that the server opened, each to its end', async () => {
    expect(await suite.result('/server-streams')).toMatchObject({
      value: { unidirectional: 50_000, bidirectional: 1_000, answered: 3_000 },
    });
  });

  it('MH-10 learns the code with which a page resets a stream', async () => {
    expect(await suite.result('/reset')).toMatchObject({ value: 'reset' });
    expect(await suite.event('streamEnded', '/reset')).toMatchObject({ code: 3 });
  });

  it('MH-10 lets a page stop reading a stream, and learns its code where the browser tells it', async () => {
    expect(await suite.result('/endless')).toMatchObject({ value: 'stopped' });
    if (!sendsStopSending) return;
    expect(await suite.event('streamEnded', '/endless')).toMatchObject({ code: 40 });
  });

  it('ends a stream that the server abandons early and without a code, for want of RESET_STREAM in Deno', async () => {
    expect(await suite.result('/abandoned')).toMatchObject({ value: 100 });
  });

  it('tells the server code and reason of a close by the page', async () => {
    expect(await suite.result('/closed-by-page')).toMatchObject({
      value: { closeCode: 7, reason: 'bye: Zoë' },
    });
    const { close } = await suite.event('closed', '/closed-by-page');
    expect(close).toEqual({ code: 7, reason: 'bye: Zoë', by: 'remote' });
  });

  it('tells a page code and reason of a close by the server', async () => {
    expect(await suite.result('/closed-by-server')).toMatchObject({
      value: { closeCode: 4403, reason: 'Removed by the host' },
    });
    const { close } = await suite.event('closed', '/closed-by-server');
    expect(close).toEqual({ code: 4403, reason: 'Removed by the host', by: 'local' });
  });

  it('fails a session that the server refuses with a status', async () => {
    expect(await suite.result('/refused')).toMatchObject({ value: 'WebTransportError' });
  });

  it('MH-10 tells a page why it gets no session', async () => {
    expect(await suite.result('/refused-with-reason')).toMatchObject({
      value: { closeCode: 4429, reason: 'Too many sessions' },
    });
  });

  it('SFU-5 fails a session whose certificate is not the one that was announced', async () => {
    expect(await suite.result('/untrusted')).toMatchObject({ value: 'WebTransportError' });
  });

  it.each([
    ['page', '/frame-gone'],
    ['tab', '/tab-gone'],
  ])('MH-4 notices at once when a %s that says goodbye goes away', async (_, path) => {
    expect(await suite.result(path)).toMatchObject({ value: 'gone' });
    const { close } = await suite.event('closed', path);
    expect(close).toEqual({ code: 1, reason: 'page went away', by: 'remote' });
  });

  it('MH-4 notices when the whole browser goes away', async () => {
    expect(await suite.result('/killed')).toMatchObject({ value: 'open' });
    await end?.();
    end = undefined;
    expect((await suite.event('closed', '/killed')).close.by).not.toBe('local');
  });
});

describe('a tab of Chromium', () => {
  it('MH-4 that says goodbye on pagehide is missed at once when it is closed', async () => {
    const suite = await BrowserSuite.start();
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(`${suite.url}?frame=/tab`);
      await tab.waitForFunction(() => document.title === 'open');
      await tab.close();
      const { close } = await suite.event('closed', '/tab');
      expect(close).toEqual({ code: 1, reason: 'page went away', by: 'remote' });
    } finally {
      await browser.close();
      await suite.stop();
    }
  });
});
