// `npm start` as a person types it.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { boundPorts, descendants, isRunning } from '../support/processes.ts';

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

const running = new Set<ChildProcess>();
/** What the README promises for Ctrl-C. */
const STOP_LIMIT_MS = 5_000;

afterEach(async () => {
  for (const child of running) {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
});

function npmStart(...args: string[]): { child: ChildProcess; output: () => string } {
  let output = '';
  // A process group of its own, as a terminal makes for a command: Ctrl-C is a signal to the whole group.
  const child = spawn('npm', ['start', '--', ...args], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return { child, output: () => output };
}

async function startAndWait(...args: string[]): Promise<Started> {
  const { child, output } = npmStart(...args);
  const exited = once(child, 'exit').then(() => {
    throw new Error(`npm start ended:\n${output()}`);
  });
  const printed = expect
    .poll(output, { timeout: 30_000 })
    .toMatch(/Dark Tower is running: +http:\/\/localhost:\d+/);
  await Promise.race([printed, exited]);
  exited.catch(() => undefined);
  const url = /http:\/\/localhost:\d+/.exec(output())?.[0] ?? '';
  return { child, url, output };
}

/** Rejects when somebody still holds the port, by TCP or UDP. */
async function bindAgain(port: number): Promise<void> {
  const tcp = createServer().listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  await new Promise((resolve) => tcp.close(resolve));
  const udp = createSocket('udp4').bind(port, '127.0.0.1');
  await once(udp, 'listening');
  await new Promise<void>((resolve) => udp.close(resolve));
}

async function pressCtrlC(child: ChildProcess): Promise<number | null> {
  const { pid } = child;
  if (pid === undefined) throw new Error('npm start has no process id');
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) });
  process.kill(-pid, 'SIGINT');
  const [code] = await exited;
  return code;
}

describe('npm start', () => {
  it('serves the page and the API, and Ctrl-C ends every process and frees every port within 5 s', async () => {
    const { child, url } = await startAndWait('--port', '0', '--ephemeral');
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<!doctype html>');
    expect((await fetch(`${url}/api/v1/openapi.json`)).status).toBe(200);

    const pids = descendants(child.pid ?? 0);
    const ports = boundPorts(pids);
    // npm, launcher, global controller, two agents, one controller worker and at least two handler workers.
    expect(pids.length).toBeGreaterThanOrEqual(6);
    expect(ports.length).toBeGreaterThanOrEqual(5);

    await pressCtrlC(child);
    expect(pids.filter(isRunning)).toEqual([]);
    for (const port of ports) await bindAgain(port);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('leaves nothing behind when the launcher itself is killed', async () => {
    const { child } = await startAndWait('--port', '0', '--ephemeral');
    const pids = descendants(child.pid ?? 0);
    // npm, its shell and the launcher share the group; the parts have groups of their own.
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await expect.poll(() => pids.filter(isRunning), { timeout: STOP_LIMIT_MS + 3_000 }).toEqual([]);
  });

  it('says which port is taken and how to take another', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { child, output } = npmStart('--port', String(port), '--ephemeral');
    const [code] = await once(child, 'exit');
    holder.close();
    expect(code).not.toBe(0);
    expect(output()).toContain(String(port));
    expect(output()).toContain('--port');
  });

  it('refuses unknown options with its usage', async () => {
    const { child, output } = npmStart('--nonsense');
    const [code] = await once(child, 'exit');
    expect(code).not.toBe(0);
    expect(output()).toContain('--ephemeral');
  });

  it('keeps meetings over a restart in its data directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'dark-tower-'));
    const first = await startAndWait('--port', '0', '--data', directory);
    const created = await fetch(`${first.url}/api/v1/meetings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ meeting_id: 'standup' }),
    });
    expect(created.status).toBe(201);
    await pressCtrlC(first.child);
    const second = await startAndWait('--port', '0', '--data', directory);
    expect((await fetch(`${second.url}/api/v1/meetings/standup`)).status).toBe(200);
    await pressCtrlC(second.child);
    rmSync(directory, { recursive: true });
  });
});
