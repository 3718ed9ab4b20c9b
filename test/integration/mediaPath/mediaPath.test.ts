// The path between one participant and its media handler, under a whole system: it turns bad, and it breaks. Signaling takes
// another path and stays as it is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleForDeno } from '../../../infra/build/bundles.ts';
import { LocalSystem } from '../../../infra/local/LocalSystem.ts';
import { systemClock } from '../../../shared/base/clock.ts';
import { LineProcess } from '../../bench/forward/LineProcess.ts';
import { seededRandom } from '../../bench/placement/seededRandom.ts';
import { UdpProxy } from '../../support/UdpProxy.ts';
import type { PathCommand, PathLine, SeenParticipant } from './plan.ts';

type Seen = Extract<PathLine, { type: 'seen' }>;

const WAIT = { timeout: 30_000, interval: 50 };
const TEST_TIMEOUT_MS = 90_000;

let directory: string;
let system: LocalSystem;
let clients: LineProcess;
let proxy: UdpProxy | undefined;
/** UDP port of the worker that has the meeting. */
let mediaPort: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-path-'));
  system = await LocalSystem.start({ port: 0, dataDirectory: directory, logLevel: 'error', workers: 1 });
  await bundleForDeno({ client: 'test/integration/mediaPath/client.ts' }, directory);
  clients = new LineProcess(join(directory, 'client.js'), false);
  mediaPort = (await ask('dialling', { command: 'join', apiUrl: system.url })).port;
  proxy = await UdpProxy.start({ serverPort: mediaPort, clock: systemClock, random: seededRandom(1) });
  await ask('together', { command: 'dial', port: proxy.port });
});
afterEach(async () => {
  clients?.stop();
  await proxy?.close();
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function ask<Type extends PathLine['type']>(
  type: Type,
  command: PathCommand,
): Promise<Extract<PathLine, { type: Type }>> {
  return expectLine(type, await clients.ask<PathLine>(command));
}

function expectLine<Type extends PathLine['type']>(type: Type, line: PathLine) {
  expect(line.type).toBe(type);
  return line as Extract<PathLine, { type: Type }>;
}

const look = async (): Promise<Seen> => await ask('seen', { command: 'look' });

/** Who it was about, and what it said. */
function words({ quality }: SeenParticipant) {
  return quality.map(({ userId, reason }) => [userId, reason]);
}

describe('a participant’s path to its media handler', { timeout: TEST_TIMEOUT_MS }, () => {
  it('MH-5 is told of to everybody in the meeting when it turns bad, and again when it is good', async () => {
    const ben = (await look()).ben.userId;
    proxy?.impair('toClient', { lossRatio: 0.2 });
    for (const who of ['ada', 'ben'] as const)
      await expect.poll(async () => words((await look())[who]), WAIT).toContainEqual([ben, 'loss']);
    const [first] = (await look()).ada.quality;
    expect(first?.lossRatio).toBeGreaterThan(0.05);
    expect(first?.lossRatio).toBeLessThan(0.5);

    proxy?.impair('toClient', {});
    for (const who of ['ada', 'ben'] as const)
      await expect.poll(async () => words((await look())[who]).at(-1), WAIT).toEqual([ben, 'recovered']);
    const { ada, ended } = await look();
    expect(new Set(ada.quality.map(({ userId }) => userId))).toEqual(new Set([ben]));
    expect(ended).toEqual([]);
  });

  it('SFU-9 MC-7 that is cut alone is replaced: with the same ids both hear each other again', async () => {
    const before = await look();
    for (const direction of ['toServer', 'toClient'] as const) proxy?.impair(direction, { lossRatio: 1 });
    // Both ends find out by themselves; the controller then names a server and a connection token anew.
    const { port } = expectLine('dialling', await clients.hear<PathLine>());
    clients.tell({ command: 'dial', port } satisfies PathCommand);
    await expect.poll(async () => (await look()).ben.reconnections, WAIT).toBe(1);
    const replaced = await look();
    await expect
      .poll(async () => (await look()).ada.received, WAIT)
      .toBeGreaterThan(replaced.ada.received + 10);
    await expect
      .poll(async () => (await look()).ben.received, WAIT)
      .toBeGreaterThan(replaced.ben.received + 10);

    const after = await look();
    const identity = ({ userId, streamId, others }: SeenParticipant) => ({ userId, streamId, others });
    expect([after.ada, after.ben].map(identity)).toEqual([before.ada, before.ben].map(identity));
    expect(after.ada.reconnections).toBe(0);
    expect(after.ended).toEqual([]);
  });
});
