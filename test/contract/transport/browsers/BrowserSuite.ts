// A server that browsers try themselves on, the page that does it, and what both have seen.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleForDeno } from '../../../../infra/build/bundles.ts';
import { createCertificate } from '../../../../media-node/agent/certificate.ts';
import { systemClock } from '../../../../shared/base/clock.ts';
import { type DenoProcess, startDeno } from '../../../support/deno.ts';
import type { ContractInput } from '../report.ts';
import type { PageConfig, PageResult, PeerEvent } from './report.ts';

export type EventOf<Type extends PeerEvent['type']> = Extract<PeerEvent, { type: Type }>;

const PAGE =
  '<!doctype html><meta charset=utf-8><title>test</title><body><script type=module src=/page.js></script>';

export class BrowserSuite {
  /** Where a browser finds the page. */
  readonly url: string;
  /** Of the server under test, for pages that a test drives itself. */
  readonly config: PageConfig;
  readonly #directory: string;
  readonly #deno: DenoProcess;
  readonly #pages: Server;
  readonly #events: PeerEvent[] = [];
  readonly #results: PageResult[] = [];
  #waiters: (() => void)[] = [];

  private constructor(directory: string, deno: DenoProcess, pages: Server, config: PageConfig) {
    this.#directory = directory;
    this.#deno = deno;
    this.#pages = pages;
    this.config = config;
    this.url = `http://localhost:${(pages.address() as AddressInfo).port}/`;
    pages.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#answer(request, response).catch(() => response.writeHead(500).end());
    });
    void this.#readEvents();
  }

  static async start(): Promise<BrowserSuite> {
    const directory = await mkdtemp(join(tmpdir(), 'dark-tower-browsers-'));
    const [certificate] = await Promise.all([
      createCertificate(['127.0.0.1'], systemClock.epochMs()),
      bundleForDeno(
        {
          peer: 'test/contract/transport/browsers/denoPeer.ts',
          page: 'test/contract/transport/browsers/page.ts',
        },
        directory,
      ),
    ]);
    const { certificatePem, privateKeyPem, hash } = certificate;
    const input: ContractInput = { certificatePem, privateKeyPem, hash, port: 0 };
    const deno = startDeno(join(directory, 'peer.js'), {
      allowNet: '127.0.0.1:0',
      input: JSON.stringify(input),
    });
    const { value } = await deno.lines.next();
    if (value === undefined) throw new Error(`The server did not start: ${(await deno.exited).errors}`);
    const { port } = JSON.parse(value) as EventOf<'listening'>;
    const pages = createServer();
    await new Promise<void>((resolve) => pages.listen(0, 'localhost', resolve));
    return new BrowserSuite(directory, deno, pages, {
      url: `https://127.0.0.1:${port}`,
      hash: [...Buffer.from(hash, 'base64')],
    });
  }

  /** The first event of its type on the path, as soon as there is one. */
  async event<Type extends PeerEvent['type']>(type: Type, path: string): Promise<EventOf<Type>> {
    const found = await this.#wait(() =>
      this.#events.find((event) => event.type === type && 'path' in event && event.path === path),
    );
    return found as EventOf<Type>;
  }

  /** What the page found on the path, as soon as it has said so. */
  async result(path: string): Promise<PageResult> {
    return await this.#wait(() => this.#results.find((result) => result.path === path));
  }

  async stop(): Promise<void> {
    this.#deno.stop();
    await this.#deno.exited;
    this.#pages.closeAllConnections();
    this.#pages.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #wait<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  async #readEvents(): Promise<void> {
    for await (const line of this.#deno.lines) {
      this.#events.push(JSON.parse(line) as PeerEvent);
      this.#wake();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    if (pathname === '/config') response.end(JSON.stringify(this.config));
    else if (pathname === '/page.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(await readFile(join(this.#directory, 'page.js')));
    } else if (pathname === '/result') {
      this.#results.push(JSON.parse(await text(request)) as PageResult);
      this.#wake();
      response.end();
    } else if (pathname === '/seen') {
      const type = searchParams.get('type') as PeerEvent['type'];
      await this.event(type, searchParams.get('path') ?? '');
      response.end();
    } else {
      response.setHeader('content-type', 'text/html');
      response.end(PAGE);
    }
  }
}
