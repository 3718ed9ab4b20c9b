// The global controller as the process that the launcher starts.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENV, type GlobalControllerInfo, type LauncherMessage } from '../../shared/base/env.ts';
import { isRunning } from '../support/processes.ts';
import {
  controllerRegistration,
  handlerRegistration,
  loadReport,
  NODE_TOKEN,
} from '../unit/functions/support/ControlPlane.ts';

const STOP_LIMIT_MS = 2_000;
let directory: string;
const running = new Set<ChildProcess>();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-gc-'));
});

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true });
});

function start(environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = fork('functions/entry/local.ts', {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      [ENV.nodeToken]: NODE_TOKEN,
      [ENV.region]: 'test-1',
      [ENV.dataDirectory]: join(directory, 'state'),
      ...environment,
    },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

async function firstMessage(child: ChildProcess): Promise<LauncherMessage<GlobalControllerInfo>> {
  const [message] = await once(child, 'message');
  return message;
}

async function ready(child: ChildProcess): Promise<string> {
  const message = await firstMessage(child);
  if (message.type === 'failed') throw new Error(message.reason);
  return message.info.url;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
  child.kill(signal);
  const [code] = await exited;
  return code;
}

function post(url: string, path: string, body: unknown): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // The public API is open; a token that it does not know is refused all the same.
      ...(!path.startsWith('/api/v1/meetings') && { authorization: `Bearer ${NODE_TOKEN}` }),
    },
    body: JSON.stringify(body),
  });
}

describe('the local global controller', () => {
  it('GC-14 says where it serves, keeps meetings and its signing key over a restart, and stops cleanly', async () => {
    const first = start();
    const firstUrl = await ready(first);
    expect((await post(firstUrl, '/api/v1/meetings', { meeting_id: 'standup' })).status).toBe(201);
    const registered = await post(firstUrl, '/api/v1/media-handlers', handlerRegistration('mh-1'));
    const before = (await registered.json()) as { signing_keys_json: string };
    expect(await stop(first)).toBe(0);
    await expect(fetch(firstUrl)).rejects.toThrow();

    const second = start();
    const secondUrl = await ready(second);
    expect((await fetch(`${secondUrl}/api/v1/meetings/standup`)).status).toBe(200);
    const again = await post(secondUrl, '/api/v1/media-handlers', handlerRegistration('mh-1'));
    const after = (await again.json()) as { signing_keys_json: string };
    expect(JSON.parse(after.signing_keys_json)).toEqual(JSON.parse(before.signing_keys_json));
    expect(await stop(second)).toBe(0);
  });

  it('GC-6 tries the next controller when one of the earlier run is gone, within its 30 s', async () => {
    const first = start();
    const url = await ready(first);
    await post(url, '/api/v1/media-handlers', handlerRegistration('mh-1'));
    await post(url, '/api/v1/media-handlers/mh-1/load-reports', loadReport('mh-1'));
    // Nobody listens on port 1: a controller whose process is gone.
    const gone = controllerRegistration('mc-gone', { internal_url: 'https://127.0.0.1:1' });
    await post(url, '/api/v1/meeting-controllers', gone);
    const beat = { controller_id: 'mc-gone', health: 'HEALTHY', meetings: 0 };
    await post(url, '/api/v1/meeting-controllers/mc-gone/heartbeats', beat);
    await post(url, '/api/v1/meetings', { meeting_id: 'standup' });
    first.kill('SIGKILL');
    await once(first, 'exit');

    const second = start();
    const secondUrl = await ready(second);
    const response = await post(secondUrl, '/api/v1/meetings/standup/join', { display_name: 'Ada' });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      error: { message: 'No meeting controller can take the meeting: none of 1 is free: 1 not answering' },
    });
    await stop(second);
  });

  it('says that the port is taken, and how to take another', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const child = start({ [ENV.httpPort]: String(port) });
    const exited = once(child, 'exit');
    const message = await firstMessage(child);
    expect(message).toEqual({
      type: 'failed',
      reason: `Port ${port} on 127.0.0.1 is taken: choose another with --port N, or any free one with --port 0`,
    });
    expect((await exited)[0]).toBe(1);
    holder.close();
  });

  it('says that another process uses its state', async () => {
    const owner = start();
    const url = await ready(owner);
    const second = start();
    const exited = once(second, 'exit');
    const message = await firstMessage(second);
    expect(message).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('another Dark Tower may be using it'),
    });
    expect((await exited)[0]).toBe(1);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    await stop(owner);
  });

  it('says what is wrong with its configuration', async () => {
    const child = start({ [ENV.nodeToken]: 'short' });
    expect(await firstMessage(child)).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining(`${ENV.nodeToken} must have at least 16 characters`),
    });
  });

  it('leaves Ctrl-C to its launcher, and ends when the launcher is gone', async () => {
    const child = start();
    const url = await ready(child);
    child.kill('SIGINT');
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
    child.disconnect();
    await exited;
    expect(child.pid !== undefined && isRunning(child.pid)).toBe(false);
  });

  it('stops within its time while a client keeps a request open', async () => {
    const child = start();
    const url = await ready(child);
    const request = fetch(`${url}/api/v1/meetings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
      duplex: 'half',
    } as RequestInit);
    request.catch(() => undefined);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    expect(await stop(child)).toBe(0);
    await expect(request).rejects.toThrow();
  });
});
