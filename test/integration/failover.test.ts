// Workers that die and workers that hang, under a whole system with participants who talk: the meeting goes on at another
// worker, without anybody joining again, and nobody else notices.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalSystem } from '../../infra/local/LocalSystem.ts';
import {
  type RouterBody,
  routerListSchema,
  type WorkerBody,
  workersSchema,
} from '../../shared/api/handler.ts';
import { handlerPaths } from '../../shared/api/paths.ts';
import { MEDIA_HANDLER_AUDIENCE, signNodeToken } from '../../shared/token/nodeToken.ts';
import { importSigningKey, type SigningKey } from '../../shared/token/signingKey.ts';
import { TalkingClients } from '../bench/failover/TalkingClients.ts';
import { getUnpinned } from '../support/getUnpinned.ts';
import { isRunning } from '../support/processes.ts';
import { workerAt } from '../support/workerAt.ts';

/** Struck; the others sit on other workers. */
const STRUCK = 'struck';
const MEETINGS = { [STRUCK]: 3, first: 2, second: 2, third: 2 };
/** Of each handler: with three, a meeting that is struck twice leaves one alone even where all meetings are on one handler. */
const WORKERS = 3;

let directory: string;
let system: LocalSystem;
let key: SigningKey;
let clients: TalkingClients;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-failover-'));
  system = await LocalSystem.start({
    port: 0,
    dataDirectory: directory,
    logLevel: 'error',
    workers: WORKERS,
  });
  key = await importSigningKey(JSON.parse(readFileSync(join(directory, 'signing-key.json'), 'utf8')));
  clients = new TalkingClients({ url: system.url, meetings: MEETINGS });
  for (const name of Object.keys(MEETINGS)) await clients.until('flowing', name);
});
afterAll(async () => {
  await clients?.stop().catch(() => undefined);
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function ask(path: string): Promise<readonly unknown[]> {
  const token = await signNodeToken(key, {
    subject: 'test',
    audience: MEDIA_HANDLER_AUDIENCE,
    issuedAtSeconds: Math.floor(Date.now() / 1_000),
    lifetimeSeconds: 60,
  });
  return await Promise.all(system.nodes.map(({ internalUrl }) => getUnpinned(internalUrl + path, token)));
}

async function routers(): Promise<RouterBody[]> {
  const answers = await ask(handlerPaths.routers);
  return answers.flatMap((answer) => routerListSchema.parse(answer).routers);
}

async function workers(): Promise<WorkerBody[]> {
  const answers = await ask(handlerPaths.workers);
  return answers.flatMap((answer) => workersSchema.parse(answer).workers);
}

/** Strikes the worker that has the meeting; resolves when its participants have media again. */
async function strike(signal: NodeJS.Signals, mediaPort: number, round: number) {
  const pid = workerAt(system, mediaPort);
  process.kill(pid, signal);
  const recovered = await clients.until('recovered', STRUCK, round);
  return { pid, recovered };
}

/** What the handlers hold is what the meetings need, and not a thing more. */
async function expectNoGhosts(): Promise<void> {
  const everyone = Object.values(MEETINGS);
  const sum = (of: (participants: number) => number): number =>
    everyone.reduce((total, participants) => total + of(participants), 0);
  const held = await routers();
  expect(held.map((router) => router.transports).toSorted()).toEqual(everyone.toSorted());
  expect(held.map((router) => router.producers).toSorted()).toEqual(everyone.toSorted());
  expect(held.map((router) => router.consumers).toSorted()).toEqual(
    everyone.map((participants) => participants * (participants - 1)).toSorted(),
  );
  // The old sessions at a worker that lives end a little later.
  await expect
    .poll(async () => (await workers()).reduce((total, { sessions }) => total + sessions, 0))
    .toBe(sum((participants) => participants));
  const listed = await workers();
  const totals = (pick: (worker: WorkerBody) => number): number =>
    listed.reduce((total, worker) => total + pick(worker), 0);
  expect(totals((worker) => worker.routers)).toBe(everyone.length);
  expect(totals((worker) => worker.producers)).toBe(sum((participants) => participants));
}

describe('a handler worker', () => {
  let mediaPort: number;

  it('SFU-2 SFU-9 holds what its meetings need and nothing else', async () => {
    ({ mediaPort } = await clients.until('flowing', STRUCK));
    await expectNoGhosts();
  });

  it('SFU-9 MH-7 that is killed costs its meeting a moment of media, and nobody their place', async () => {
    const { pid, recovered } = await strike('SIGKILL', mediaPort, 1);
    expect(isRunning(pid)).toBe(false);
    expect(recovered.participants.map(({ userId, roster }) => [userId, ...roster].toSorted())).toEqual(
      Array.from({ length: 3 }, () => [1, 2, 3]),
    );
    await expectNoGhosts();
    mediaPort = recovered.mediaPort;
  });

  it('SFU-9 MH-7 that hangs costs its meeting a moment of media, and is ended', async () => {
    const { pid, recovered } = await strike('SIGSTOP', mediaPort, 2);
    expect(isRunning(pid)).toBe(false);
    expect(recovered.participants.map(({ userId, roster }) => [userId, ...roster].toSorted())).toEqual(
      Array.from({ length: 3 }, () => [1, 2, 3]),
    );
    await expectNoGhosts();
  });

  it('SFU-9 is there again, all of them', async () => {
    await expect.poll(async () => (await workers()).length, { timeout: 10_000 }).toBe(2 * WORKERS);
  });

  it('SFU-9 takes no other meeting along: not a session and not a datagram is lost there', async () => {
    const struckPorts = clients.events.flatMap((event) =>
      'mediaPort' in event && event.meeting === STRUCK ? [event.mediaPort] : [],
    );
    await clients.stop();
    let bystanders = 0;
    for (const name of Object.keys(MEETINGS)) {
      const { mediaPort: port } = await clients.until('flowing', name);
      const { expected, received, reconnections } = await clients.until('left', name);
      expect(clients.events.filter((event) => event.type === 'ended')).toEqual([]);
      if (name === STRUCK) expect(reconnections).toBe(6);
      // Those that shared a struck worker recovered as well.
      else if (struckPorts.includes(port)) expect(reconnections % 2).toBe(0);
      else {
        bystanders++;
        expect(reconnections).toBe(0);
        expect(received).toBe(expected);
      }
    }
    expect(bystanders).toBeGreaterThan(0);
    await expect.poll(async () => (await routers()).length).toBe(0);
    const left = await workers();
    expect(left.map((worker) => [worker.routers, worker.producers, worker.consumers])).toEqual(
      left.map(() => [0, 0, 0]),
    );
  });
});
