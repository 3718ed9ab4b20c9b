// People in one meeting, of whom one has a network that swallows QUIC and one a browser without WebTransport: their pages come
// in over TCP by themselves, and all see and hear each other. Real Chromium pages and a real system; what swallows QUIC is a UDP
// socket that never answers.
import { createSocket, type Socket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import { createCertificate } from '../../media-node/agent/certificate.ts';
import { systemClock } from '../../shared/base/clock.ts';
import { ENV } from '../../shared/base/env.ts';
import { launchChromium } from '../support/browser.ts';

const AUDIBLE_LEVEL = 0.02;

let directory = '';
let blackHole: Socket;
let system: LocalSystem;
let browser: Browser;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-tcp-'));
  const { certificatePem, privateKeyPem } = await createCertificate(['127.0.0.1'], systemClock.epochMs());
  const certificateFile = join(directory, 'certificate.pem');
  const privateKeyFile = join(directory, 'key.pem');
  await writeFile(certificateFile, certificatePem);
  await writeFile(privateKeyFile, privateKeyPem);
  blackHole = createSocket('udp4');
  await new Promise<void>((resolve) => blackHole.bind(0, '127.0.0.1', resolve));
  [system, browser] = await Promise.all([
    LocalSystem.start({
      port: 0,
      logLevel: 'warn',
      workers: 1,
      tcpEnvironment: {
        [ENV.tcpCertificateFile]: certificateFile,
        [ENV.tcpPrivateKeyFile]: privateKeyFile,
      },
    }),
    // The certificate is nobody's: a real node has one of an authority.
    launchChromium(['--ignore-certificate-errors']),
  ]);
});

afterAll(async () => {
  await browser?.close();
  await system?.stop();
  blackHole?.close();
  await rm(directory, { recursive: true, force: true });
});

/** What stands between a page and QUIC: a WebTransport whose packets go where nobody answers, or none at all. */
type Hindrance = 'nothing' | 'network' | 'browser';

/** The WebSockets that the page opens are noted. */
async function openPage(name: string, path: string, hindrance: Hindrance): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(
    ({ deadPort, hindrance }) => {
      const opened: string[] = [];
      Object.assign(globalThis, { openedWebSockets: opened });
      globalThis.WebSocket = class extends WebSocket {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(url, protocols);
          opened.push(String(url));
        }
      };
      if (hindrance === 'browser') Reflect.deleteProperty(globalThis, 'WebTransport');
      if (hindrance !== 'network') return;
      globalThis.WebTransport = class extends WebTransport {
        constructor(url: string | URL, options?: WebTransportOptions) {
          const dead = new URL(url);
          dead.port = String(deadPort);
          super(dead, options);
        }
      };
    },
    { deadPort: (blackHole.address() as AddressInfo).port, hindrance },
  );
  await page.goto(system.url.replace('127.0.0.1', 'localhost') + path);
  await page.getByTestId('name').fill(name);
  return page;
}

/** Waits until pictures and sound of the named participant come out of the decoders. */
async function seesAndHears(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    ({ name, audible }) => {
      const client = globalThis.darkTower?.client;
      const userId = client?.participants.find(({ displayName }) => displayName === name)?.userId;
      if (client === undefined || userId === undefined) return false;
      return (client.stats(userId)?.framesDecoded ?? 0) >= 30 && client.audioLevel(userId) > audible;
    },
    { name, audible: AUDIBLE_LEVEL },
    { timeout: 30_000 },
  );
}

function openedWebSockets(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { openedWebSockets: string[] }).openedWebSockets);
}

describe('a meeting over TCP, in Chromium', () => {
  it('MH-1 MC-1 lets somebody in whose network swallows QUIC, and both see and hear each other', async () => {
    const ada = await openPage('Ada', '/', 'nothing');
    await ada.getByTestId('new-meeting').click();
    await ada.getByTestId('tile').first().waitFor();
    const ben = await openPage('Ben', new URL(ada.url()).pathname, 'network');
    await ben.getByTestId('join').click();
    await seesAndHears(ben, 'Ada');
    await seesAndHears(ada, 'Ben');
    expect(await openedWebSockets(ada)).toEqual([]);
    expect((await openedWebSockets(ben)).map((url) => new URL(url).pathname)).toEqual([
      '/signaling',
      '/media',
    ]);
  });

  it('MH-1 MC-1 lets somebody in whose browser has no WebTransport', async () => {
    const [ada] = browser.contexts().flatMap((context) => context.pages());
    if (ada === undefined) throw new Error('The first page is missing');
    const cleo = await openPage('Cleo', new URL(ada.url()).pathname, 'browser');
    await cleo.getByTestId('join').click();
    await seesAndHears(cleo, 'Ada');
    await seesAndHears(ada, 'Cleo');
    expect(await openedWebSockets(cleo)).toHaveLength(2);
    await cleo.close();
    await expect.poll(() => ada.getByTestId('tile').count(), { timeout: 10_000 }).toBe(2);
  });

  it('MC-3 tells the others at once when a tab on TCP is closed', async () => {
    const [ada, ben] = browser.contexts().flatMap((context) => context.pages());
    if (ben === undefined) throw new Error('The second page is missing');
    await ben.close();
    await expect.poll(() => ada?.getByTestId('tile').count(), { timeout: 10_000 }).toBe(1);
  });
});
