import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate, type NodeCertificate } from '../../../media-node/agent/certificate.ts';
import { findDeno } from '../../../media-node/agent/deno.ts';
import { SupervisedWorker } from '../../../media-node/agent/SupervisedWorker.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../media-node/agent/WorkerProcess.ts';
import { DEFAULT_TRANSPORT_LIMITS } from '../../../media-node/transport/MediaSession.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLogger } from '../../../shared/base/log.ts';

type TinyCalls = {
  permissions: { request: null; answer: Record<string, string> };
  certificate: { request: null; answer: string };
  crash: { request: null; answer: null };
  shutdown: { request: { reason: string }; answer: null };
};
type Tiny = WorkerProcess<TinyCalls>;

const script = fileURLToPath(new URL('fixtures/tinyWorker.js', import.meta.url));
let certificate: NodeCertificate;
const running: { stop(reason: string, graceMs: number): Promise<void> }[] = [];

beforeAll(async () => {
  certificate = await createCertificate(['127.0.0.1'], systemClock.epochMs());
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop('The test is over', 0)));
});

const lines: string[] = [];
async function startTiny(mode = 'normal', udpPort = 0, signal = new AbortController().signal): Promise<Tiny> {
  const deno = findDeno(undefined);
  if (!deno.ok) throw new Error(deno.reason);
  const worker = await startWorkerProcess<TinyCalls, Record<never, never>>({
    name: 'Tiny worker',
    denoPath: deno.value,
    script,
    config: {
      workerId: 3,
      logFields: { mode },
      logLevel: 'info',
      hostname: '127.0.0.1',
      udpPort,
      certificatePem: certificate.certificatePem,
      privateKeyPem: certificate.privateKeyPem,
      transport: DEFAULT_TRANSPORT_LIMITS,
    },
    handlers: {},
    log: silentLogger,
    clock: systemClock,
    writeLogLine: (line) => lines.push(line),
    signal,
  });
  running.push(worker);
  return worker;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
    });
  } finally {
    socket.close();
  }
}

describe('worker process', () => {
  it('SFU-1 runs on a UDP port of its own, gets its configuration and passes its log lines on', async () => {
    const worker = await startTiny();
    expect(worker).toMatchObject({ workerId: 3, running: true });
    expect(await isFree(worker.udpPort)).toBe(false);
    expect(await worker.call('certificate', null)).toBe(certificate.certificatePem);
    await expect.poll(() => lines).toContain('{"level":"info","message":"up"}');
  });

  it('SFU-1 may open its own port and nothing else', async () => {
    const worker = await startTiny();
    expect(await worker.call('permissions', null)).toEqual({
      readFile: 'NotCapable',
      environment: 'NotCapable',
      otherPort: 'NotCapable',
      connect: 'NotCapable',
      run: 'NotCapable',
    });
  });

  it('SFU-7 binds the UDP port that is configured', async () => {
    const free = await startTiny();
    await free.stop('Its port is wanted', 2_000);
    expect((await startTiny('normal', free.udpPort)).udpPort).toBe(free.udpPort);
  });

  it('ends when asked to and leaves no process and no port', async () => {
    const worker = await startTiny();
    await worker.stop('Enough', 5_000);
    expect(worker.running).toBe(false);
    expect(isAlive(worker.pid)).toBe(false);
    expect(await isFree(worker.udpPort)).toBe(true);
    expect(await worker.exited).toMatchObject({ code: 0 });
    await expect(worker.call('certificate', null)).rejects.toThrow('Tiny worker ended');
  });

  it('is killed when it does not end by itself', async () => {
    const worker = await startTiny('stubborn');
    await worker.stop('Enough', 50);
    expect(await worker.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(isAlive(worker.pid)).toBe(false);
  });

  it.each([
    ['fails', 'Tiny worker could not start: Error: no luck today'],
    ['throws', 'thrown at the top'],
  ])('says why it could not start when it %s', async (mode, reason) => {
    await expect(startTiny(mode)).rejects.toThrow(reason);
  });

  it('says that a UDP port is taken', async () => {
    const { udpPort } = await startTiny();
    await expect(startTiny('normal', udpPort)).rejects.toThrow(/could not start: .*AddrInUse/);
  });

  it('is killed when it is stopped before it listens', async () => {
    const abort = new AbortController();
    const starting = startTiny('silent', 0, abort.signal);
    abort.abort();
    await expect(starting).rejects.toThrow('was stopped while it started');
  });

  it('SFU-9 is killed within a second when it is stopped by a signal and does not answer any more', async () => {
    const worker = await startTiny();
    process.kill(worker.pid, 'SIGSTOP');
    expect(await worker.exited).toMatchObject({
      signal: 'SIGKILL',
      reason: expect.stringMatching(/^it did not answer for [789]\d\d ms$/),
    });
    expect(isAlive(worker.pid)).toBe(false);
  });

  it('takes another certificate while it runs', async () => {
    const worker = await startTiny();
    const other = await createCertificate(['127.0.0.1'], systemClock.epochMs());
    await worker.replaceCertificate(other);
    expect(await worker.call('certificate', null)).toBe(other.certificatePem);
  });

  it('rejects what waits for an answer when it dies', async () => {
    const worker = await startTiny();
    await expect(worker.call('crash', null)).rejects.toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringContaining('the end is near'),
    });
    expect(await worker.exited).toMatchObject({ code: 7, reason: 'the end is near' });
  });
});

describe('supervised worker', () => {
  function supervise(start: (port: number, signal: AbortSignal) => Promise<Tiny>) {
    const ups: Tiny[] = [];
    const state = { ups, downs: 0 };
    const worker = new SupervisedWorker<TinyCalls>({
      name: 'Tiny worker',
      udpPort: 0,
      start,
      onUp: (up) => ups.push(up),
      onDown: () => state.downs++,
      clock: systemClock,
      log: silentLogger,
      backoff: { firstMs: 1, maxMs: 5 },
    });
    running.push(worker);
    return { worker, state };
  }

  it('SFU-1 puts another worker on the same port in the place of one that died', async () => {
    const { worker, state } = supervise((port, signal) => startTiny('normal', port, signal));
    await worker.start();
    const [first] = state.ups;
    expect(worker.current).toBe(first);
    await first?.call('crash', null).catch(() => undefined);
    await first?.exited;
    await expect.poll(() => state.ups.length).toBe(2);
    const second = worker.current;
    expect(state.downs).toBe(1);
    expect(second?.pid).not.toBe(first?.pid);
    expect(second?.udpPort).toBe(first?.udpPort);
  });

  it('tries again for as long as another worker does not start, on a free port then', async () => {
    const ports: number[] = [];
    const { worker, state } = supervise((port, signal) => {
      ports.push(port);
      return startTiny(ports.length === 2 || ports.length === 3 ? 'fails' : 'normal', port, signal);
    });
    await worker.start();
    await state.ups[0]?.call('crash', null).catch(() => undefined);
    await expect.poll(() => state.ups.length, { timeout: 4_000 }).toBe(2);
    expect(ports).toEqual([0, state.ups[0]?.udpPort, 0, 0]);
  });

  it('fails at once when the first start fails, and starts nothing more', async () => {
    let starts = 0;
    const { worker } = supervise((port, signal) => {
      starts++;
      return startTiny('fails', port, signal);
    });
    await expect(worker.start()).rejects.toThrow('no luck today');
    expect(starts).toBe(1);
    expect(worker.current).toBeUndefined();
  });

  it('does not come back after it was stopped, not even from a restart under way', async () => {
    const { worker, state } = supervise((port, signal) =>
      startTiny(state.ups.length === 0 ? 'normal' : 'silent', port, signal),
    );
    await worker.start();
    await state.ups[0]?.call('crash', null).catch(() => undefined);
    await state.ups[0]?.exited;
    await worker.stop('Enough', 100);
    expect(worker.current).toBeUndefined();
    expect(state.ups).toHaveLength(1);
  });
});
