// A real browser against the QUIC transport: what our own client cannot tell about our reading of the specifications.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../../infra/build/bundles.ts';
import { createCertificate } from '../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { launchChromium } from '../../support/browser.ts';
import { type DenoProcess, startDeno } from '../../support/deno.ts';
import { Arrivals } from './harness.ts';
import type { ContractInput, PeerEvent } from './report.ts';

const START_TIMEOUT_MS = 60_000;

type EventOf<Type extends PeerEvent['type']> = Extract<PeerEvent, { type: Type }>;

describe('Chromium and the QUIC transport', () => {
  let directory = '';
  let pages: Server;
  let browser: Browser;
  let page: Page;
  let deno: DenoProcess;
  let serverUrl = '';
  let hash: number[] = [];
  const closes = new Arrivals<EventOf<'closed'>>();
  const sessions = new Arrivals<EventOf<'session'>>();
  const streams = new Arrivals<EventOf<'stream'>>();
  const streamEnds = new Arrivals<EventOf<'streamEnded'>>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dark-tower-chromium-'));
    const [certificate, chromium] = await Promise.all([
      createCertificate(['127.0.0.1'], systemClock.epochMs()),
      launchChromium(),
      bundleForDeno({ peer: 'test/contract/transport/denoPeer.ts' }, directory),
    ]);
    browser = chromium;
    hash = [...Buffer.from(certificate.hash, 'base64')];
    const { certificatePem, privateKeyPem } = certificate;
    const input: ContractInput = { certificatePem, privateKeyPem, hash: certificate.hash, port: 0 };
    deno = startDeno(join(directory, 'peer.js'), { allowNet: '127.0.0.1:0', input: JSON.stringify(input) });
    const listening = JSON.parse((await deno.lines.next()).value ?? '{}') as EventOf<'listening'>;
    serverUrl = `https://127.0.0.1:${listening.port}`;
    void sortEvents();
    pages = createServer((_request, response) => response.end('<!doctype html><title>test</title>'));
    await new Promise<void>((resolve) => pages.listen(0, 'localhost', resolve));
    page = await browser.newPage();
    await page.goto(`http://localhost:${(pages.address() as AddressInfo).port}/`);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await browser?.close();
    deno?.stop();
    await deno?.exited;
    pages?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function sortEvents(): Promise<void> {
    for await (const line of deno.lines) {
      const event = JSON.parse(line) as PeerEvent;
      if (event.type === 'closed') closes.push(event);
      if (event.type === 'session') sessions.push(event);
      if (event.type === 'stream') streams.push(event);
      if (event.type === 'streamEnded') streamEnds.push(event);
    }
  }

  it('MH-1 echoes a hundred datagrams of 1,100 bytes', async () => {
    const echoed = await page.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        await transport.ready;
        const writer = transport.datagrams.writable.getWriter();
        const reader = transport.datagrams.readable.getReader();
        let count = 0;
        for (let index = 0; index < 100; index++) {
          await writer.write(new Uint8Array(1_100).fill(index));
          const { value } = await reader.read();
          if (value?.length === 1_100 && value[0] === index && value[1_099] === index) count++;
        }
        transport.close({ closeCode: 7, reason: 'bye' });
        const { closeCode, reason } = await transport.closed;
        return { count, closeCode, reason };
      },
      { url: `${serverUrl}/echo?name=x`, hash },
    );
    expect(echoed).toEqual({ count: 100, closeCode: 7, reason: 'bye' });
    expect(await sessions.next()).toMatchObject({
      path: '/echo?name=x',
      origin: expect.stringContaining('http://localhost:'),
    });
    expect((await closes.next()).close).toEqual({ code: 7, reason: 'bye', by: 'remote' });
  });

  it('MH-1 carries streams of both kinds that either side opened, each to its end', async () => {
    const seen = await page.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        await transport.ready;
        const readAll = async (readable: ReadableStream<Uint8Array>) => {
          let total = 0;
          for await (const chunk of readable) total += chunk.length;
          return total;
        };
        const both = await transport.createBidirectionalStream();
        const writer = both.writable.getWriter();
        await writer.write(new Uint8Array(200_000));
        await writer.close();
        const echoed = await readAll(both.readable);

        const alone = (await transport.createUnidirectionalStream()).getWriter();
        await alone.write(new Uint8Array(50_000));
        await alone.close();
        const uni = await transport.incomingUnidirectionalStreams.getReader().read();
        const answered = await readAll(uni.value);
        const bidi = await transport.incomingBidirectionalStreams.getReader().read();
        const reader = bidi.value.readable.getReader();
        const first = await reader.read();
        await reader.cancel(new WebTransportError({ source: 'stream', streamErrorCode: 40 } as never));
        transport.close();
        return { echoed, answered, beganWith: (first.value?.length ?? 0) > 0 };
      },
      { url: `${serverUrl}/streams`, hash },
    );
    expect(seen).toEqual({ echoed: 200_000, answered: 50_000, beganWith: true });
    expect(await streamEnds.next()).toEqual({ type: 'streamEnded', path: '/streams', code: 40 });
    expect((await closes.next()).close).toEqual({ code: 0, reason: '', by: 'remote' });
  });

  it('learns the code with which a browser resets a stream', async () => {
    await page.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        await transport.ready;
        const writer = (await transport.createUnidirectionalStream()).getWriter();
        await writer.write(new Uint8Array(10));
        Object.assign(globalThis, { writer });
      },
      { url: `${serverUrl}/reset`, hash },
    );
    // A reset that overtakes the stream's first bytes leaves nothing to tell whose stream it was.
    while ((await streams.next()).path !== '/reset');
    await page.evaluate(async () => {
      const { writer } = globalThis as unknown as { writer: WritableStreamDefaultWriter };
      await writer.abort(new WebTransportError({ source: 'stream', streamErrorCode: 3 } as never));
    });
    expect(await streamEnds.next()).toEqual({ type: 'streamEnded', path: '/reset', code: 3 });
  });

  it('tells a page the code and reason of a close by the server', async () => {
    const info = await page.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        await transport.ready;
        await transport.datagrams.writable.getWriter().write(Uint8Array.of(1));
        const { closeCode, reason } = await transport.closed;
        return { closeCode, reason };
      },
      { url: `${serverUrl}/closed-by-server`, hash },
    );
    expect(info).toEqual({ closeCode: 4403, reason: 'Removed by the host' });
    expect((await closes.next()).close).toEqual({ code: 4403, reason: 'Removed by the host', by: 'local' });
  });

  it('fails a session that the server refuses', async () => {
    const outcome = await page.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        transport.closed.catch(() => undefined);
        return await transport.ready.then(
          () => 'ready',
          (error: Error) => error.name,
        );
      },
      { url: `${serverUrl}/refused`, hash },
    );
    expect(outcome).toBe('WebTransportError');
  });

  it('MH-4 notices when the page goes away without a word', async () => {
    const tab = await browser.newPage();
    await tab.goto(page.url());
    await tab.evaluate(
      async ({ url, hash }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: Uint8Array.from(hash) }],
        });
        await transport.ready;
        Object.assign(globalThis, { transport });
      },
      { url: `${serverUrl}/tab`, hash },
    );
    await tab.goto('about:blank');
    expect(await closes.next()).toMatchObject({ path: '/tab', close: { by: 'remote' } });
    await tab.close();
  });

  it('SFU-5 fails a session whose certificate is not the one that was announced', async () => {
    const outcome = await page.evaluate(
      async ({ url }) => {
        const transport = new WebTransport(url, {
          serverCertificateHashes: [{ algorithm: 'sha-256', value: new Uint8Array(32) }],
        });
        transport.closed.catch(() => undefined);
        return await transport.ready.then(
          () => 'ready',
          (error: Error) => error.name,
        );
      },
      { url: `${serverUrl}/echo` },
    );
    expect(outcome).toBe('WebTransportError');
  });
});
