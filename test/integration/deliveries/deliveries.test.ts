// A whole system, with a publisher of one stream in each mode and subscribers who want them in each delivery, over real QUIC.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Delivery, SendMode } from '../../../client/core/index.ts';
import { LocalSystem } from '../../../infra/local/LocalSystem.ts';
import { runDenoScript } from '../../support/denoScript.ts';
import { workerAt } from '../../support/workerAt.ts';
import type { DeliveriesEvent, DeliveriesPlan } from './plan.ts';

const MODES: readonly SendMode[] = ['mixed', 'stream', 'datagram'];
const DELIVERIES: readonly Delivery[] = ['publishers_choice', 'streams', 'datagrams'];
const FRAMES = 100;

const FORMS: Readonly<Record<SendMode | 'sound', Readonly<Record<Delivery, readonly string[]>>>> = {
  mixed: {
    publishers_choice: ['datagrams delta chosen', 'stream key chosen'],
    streams: ['stream delta on demand', 'stream key chosen'],
    datagrams: ['datagrams delta chosen', 'datagrams key on demand'],
  },
  stream: {
    publishers_choice: ['stream delta chosen', 'stream key chosen'],
    streams: ['stream delta chosen', 'stream key chosen'],
    datagrams: ['datagrams delta on demand', 'datagrams key on demand'],
  },
  datagram: {
    publishers_choice: ['datagrams delta chosen', 'datagrams key chosen'],
    streams: ['stream delta on demand', 'stream key on demand'],
    datagrams: ['datagrams delta chosen', 'datagrams key chosen'],
  },
  sound: {
    publishers_choice: ['datagrams sound chosen'],
    streams: ['stream sound on demand'],
    datagrams: ['datagrams sound chosen'],
  },
};

let directory: string;
let system: LocalSystem;
let running: Promise<void>;
const events: DeliveriesEvent[] = [];
const stopping = Promise.withResolvers<void>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'dark-tower-deliveries-'));
  system = await LocalSystem.start({ port: 0, dataDirectory: directory, logLevel: 'error', workers: 1 });
  const plan: DeliveriesPlan = { apiUrl: system.url, modes: MODES, deliveries: DELIVERIES, frames: FRAMES };
  running = runDenoScript(
    {
      name: 'deliveries',
      entry: 'test/integration/deliveries/client.ts',
      input: plan,
      inputOpenUntil: stopping.promise,
    },
    (event) => void events.push(event as DeliveriesEvent),
  );
  running.catch(() => undefined);
});
afterAll(async () => {
  stopping.resolve();
  await running?.catch(() => undefined);
  await system?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Everybody got each stream in the form that was asked for, and nothing else; answers the port that it came from. */
async function expectFlowing(round: number, subscribers: number): Promise<number> {
  const flowing = () => events.filter((event) => event.type === 'flowing')[round - 1];
  await expect.poll(flowing, { timeout: 40_000 }).toBeDefined();
  expect(events.filter(({ type }) => type === 'ended')).toEqual([]);
  const { watched, mediaPort } = flowing() ?? { watched: [], mediaPort: 0 };
  expect(watched).toHaveLength(subscribers * (MODES.length + 1));
  for (const { delivery, stream, forms, spoilt } of watched)
    expect({ delivery, stream, forms, spoilt }).toEqual({
      delivery,
      stream,
      forms: FORMS[stream][delivery],
      spoilt: 0,
    });
  return mediaPort;
}

it('MH-1 MC-3 sends each subscriber every stream in the form that it asks for, whatever mode its publisher chose', async () => {
  await expectFlowing(1, DELIVERIES.length);
});

it('MH-1 sends late joiners what they ask for, from a key frame on', async () => {
  await expectFlowing(2, 2 * DELIVERIES.length);
});

it('SFU-9 goes on in the same forms after the worker was killed', async () => {
  const mediaPort = await expectFlowing(2, 2 * DELIVERIES.length);
  process.kill(workerAt(system, mediaPort), 'SIGKILL');
  await expectFlowing(3, 2 * DELIVERIES.length);
});
