// The global controller of one machine at its real port, as programs and web pages reach it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalGlobalController } from '../../../../functions/local/LocalGlobalController.ts';
import { readLocalConfig } from '../../../../functions/local/localConfig.ts';
import { errorBodySchema } from '../../../../shared/api/error.ts';
import { ENV } from '../../../../shared/base/env.ts';
import { createLogger } from '../../../../shared/base/log.ts';
import { NODE_TOKEN } from '../support/ControlPlane.ts';

let page: string;
let running: LocalGlobalController;
let port: string;

beforeAll(async () => {
  page = mkdtempSync(join(tmpdir(), 'dark-tower-page-'));
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Dark Tower</title>');
  const config = readLocalConfig({ [ENV.nodeToken]: NODE_TOKEN, [ENV.pageDirectory]: page });
  if (!config.ok) throw new Error(config.reason);
  running = await LocalGlobalController.start(
    config.value,
    createLogger({ level: 'error', write: () => undefined }),
  );
  port = new URL(running.url).port;
  expect((await call('POST', '/api/v1/meetings', {}, { meeting_id: 'standup' })).status).toBe(201);
});

afterAll(async () => {
  await running.stop();
  rmSync(page, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** With node:http, because fetch lets nobody choose these headers. */
async function call(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body?: unknown,
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(
      `${running.url}${path}`,
      { method, headers: { ...type, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode, body: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const PATHS = ['/', '/api/v1/meetings', '/api/v1/openapi.json', '/health'];

describe('the global controller of one machine', () => {
  it.each(['localhost', 'LOCALHOST:1', '127.0.0.1', '[::1]:65535'])(
    'GC-14 answers programs that name it %s',
    async (host) => {
      for (const path of PATHS) expect((await call('GET', path, { host })).status).toBe(200);
    },
  );

  it('answers programs that name no origin, and the page that is served with it', async () => {
    expect((await call('GET', '/api/v1/meetings')).status).toBe(200);
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const origin = `http://${host}:${port}`;
      expect((await call('GET', '/api/v1/meetings', { origin })).status).toBe(200);
    }
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '192.168.0.1', '127.0.0.2'])(
    'refuses a name of somebody else that leads here: %s',
    async (name) => {
      for (const host of [name, `${name}:${port}`])
        for (const path of PATHS) expectForbidden(await call('GET', path, { host }));
    },
  );

  it('refuses pages of other sites and other ports, a POST that needs no preflight included, without effect', async () => {
    const other = Number(port) - 1;
    const origins = [
      'null',
      'https://evil.example',
      `http://evil.example:${port}`,
      `http://localhost.evil.example:${port}`,
      `https://localhost:${port}`,
      `http://localhost:${other}`,
      'http://localhost',
      'file://',
    ];
    for (const origin of origins) {
      expectForbidden(await call('POST', '/api/v1/meetings/standup/end', { origin }));
      for (const path of PATHS) expectForbidden(await call('GET', path, { origin }));
    }
    const meeting = await call('GET', '/api/v1/meetings/standup');
    expect(JSON.parse(meeting.body)).toMatchObject({ status: 'active' });
  });
});

function expectForbidden({ status, body }: Answer): void {
  expect(status).toBe(403);
  expect(errorBodySchema.parse(JSON.parse(body)).error.code).toBe('FORBIDDEN');
}
