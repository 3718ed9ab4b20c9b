// What a store of nodes promises to those who place meetings, held to every implementation: DynamoDB's (databases.ts), and
// the one over maps that the simulation of the benchmark "placement" uses.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoStores } from '../../../functions/dynamo/stores.ts';
import { handlerCapacity } from '../../../functions/registry/capacity.ts';
import type { HealthState } from '../../../functions/registry/health.ts';
import type { HandlerLoad, MediaHandler } from '../../../functions/registry/MediaNode.ts';
import type { NodeStore, Place, Reservation } from '../../../functions/registry/NodeStore.ts';
import type { RegisterMediaHandler } from '../../../shared/api/node.ts';
import { MemoryNodeStore } from '../../bench/placement/MemoryNodeStore.ts';
import { handlerRegistration, TestClock } from '../../unit/functions/support/ControlPlane.ts';
import { DATABASES } from './databases.ts';

type HandlerStore = NodeStore<MediaHandler['registration'], HandlerLoad>;

interface StoreKind {
  readonly name: string;
  start(clock: TestClock): Promise<{ readonly nodes: HandlerStore; stop(): Promise<void> }>;
}

const KINDS: readonly StoreKind[] = [
  ...DATABASES.map(
    ({ name, start }): StoreKind => ({
      name,
      async start(clock) {
        const { client, tableName, stop } = await start();
        return { nodes: createDynamoStores({ client, tableName, clock }).handlers, stop };
      },
    }),
  ),
  {
    name: 'maps',
    async start() {
      return { nodes: new MemoryNodeStore(handlerCapacity), stop: async () => undefined };
    },
  },
];

/** Four streams each. */
const CAPACITY_OF_TEN = { max_streams: 40, max_bandwidth_bps: 1_000_000_000 };

describe.each(KINDS)('the nodes in $name', ({ start }) => {
  const clock = new TestClock();
  let nodes: HandlerStore;
  let stop: () => Promise<void>;
  /** Of this case alone, and in the ids: the maps know one region. */
  let region: string;
  let count = 0;

  beforeAll(async () => {
    ({ nodes, stop } = await start(clock));
  });

  afterAll(async () => {
    await stop();
  });

  beforeEach(() => {
    region = `region-${String(count++).padStart(2, '0')}`;
    clock.advance(3_600_000);
  });

  async function add(name: string, streams = 0): Promise<string> {
    const id = `${name}-${region}`;
    const registration = handlerRegistration(id, { region, capacity: CAPACITY_OF_TEN });
    await nodes.register(
      { id, registrationId: `r-${id}`, registration: registration as unknown as RegisterMediaHandler },
      clock.epochMs(),
    );
    await report(id, streams);
    return id;
  }

  async function report(id: string, streams: number, state: HealthState = 'HEALTHY'): Promise<void> {
    clock.advance(1);
    await reportAgain(id, streams, state);
  }

  /** With the time of the last one. */
  async function reportAgain(id: string, streams: number, state: HealthState = 'HEALTHY'): Promise<void> {
    const atMs = clock.epochMs();
    const load = { streams, cpu_ratio: 0, bandwidth_in_bps: 0, bandwidth_out_bps: 0, packet_loss_ratio: 0 };
    await nodes.report(id, { state, load, atMs, sentAtMs: atMs });
  }

  async function read(id: string) {
    const node = await nodes.get(id);
    if (node === undefined) throw new Error(`There is no node "${id}"`);
    return node;
  }

  /** What was reserved, or undefined when there is no room. */
  async function reserve(id: string, changes: Partial<Reservation> = {}): Promise<Reservation | undefined> {
    const node = await read(id);
    const reservation: Reservation = {
      nodeId: id,
      registrationId: node.registrationId,
      reservationId: crypto.randomUUID(),
      units: 4,
      atMs: clock.epochMs(),
      ...changes,
    };
    return (await nodes.reserve(node, reservation)) ? reservation : undefined;
  }

  /** The ids of those that the case has added, in order. */
  async function inOrder(place: Place): Promise<string[]> {
    const listed = await nodes.list({ region, place, limit: 100 });
    return listed.map(({ node }) => node.id).filter((id) => id.endsWith(region));
  }

  it('GC-4 keep capacity for as many meetings as there is room for, however many ask at once', async () => {
    const id = await add('mh');
    const made = await Promise.all(Array.from({ length: 25 }, () => reserve(id)));
    expect(made.filter((reservation) => reservation !== undefined)).toHaveLength(10);
    expect((await read(id)).reserved).toBe(40);
  });

  it('GC-4 give back what was kept, once, and not what another registration has', async () => {
    const id = await add('mh');
    const [first] = [await reserve(id), await reserve(id)];
    if (first === undefined) throw new Error('There was room');
    await nodes.release(first);
    await nodes.release(first);
    expect((await read(id)).reserved).toBe(4);
    expect(await reserve(id, { registrationId: 'former' })).toBe(undefined);
  });

  it('GC-2 account in a report for the meetings that its figures can show, and for no later one', async () => {
    const id = await add('mh');
    await reserve(id);
    clock.advance(20_000);
    await reserve(id);
    await report(id, 30);
    expect(await read(id)).toMatchObject({ reserved: 4, load: { streams: 30 } });
    // 30 in use, 4 reserved: room for one, and then for none.
    expect(await reserve(id)).not.toBe(undefined);
    expect(await reserve(id)).toBe(undefined);
  });

  it('GC-2 take no report twice, nor one that comes after a later one', async () => {
    const id = await add('mh', 3);
    await reportAgain(id, 30, 'DEGRADED');
    expect(await read(id)).toMatchObject({ health: { state: 'HEALTHY' }, load: { streams: 3 } });
  });

  it('GC-4 GC-5 list those that take meetings, the most headroom first, and the others apart', async () => {
    const busy = await add('busy', 30);
    const idle = await add('idle', 2);
    const half = await add('half', 20);
    const draining = await add('draining', 0);
    await nodes.drain(draining, true);
    await expect.poll(() => inOrder('open')).toEqual([idle, half, busy]);
    expect(await inOrder('closed')).toEqual([draining]);
    await report(idle, 38);
    await expect.poll(() => inOrder('open')).toEqual([half, busy, idle]);
  });

  it('GC-4 move a node down the order with each meeting that is kept for it', async () => {
    const first = await add('a', 0);
    const second = await add('b', 4);
    await expect.poll(() => inOrder('open')).toEqual([first, second]);
    for (let i = 0; i < 3; i++) await reserve(first);
    await expect.poll(() => inOrder('open')).toEqual([second, first]);
  });

  it('GC-3 reserve nothing on a node that is silent, drained or has not reported', async () => {
    const silent = await add('silent');
    clock.advance(30_000);
    expect(await reserve(silent)).toBe(undefined);
    const drained = await add('drained');
    await nodes.drain(drained, true);
    expect(await reserve(drained)).toBe(undefined);
    const pending = await add('pending');
    await report(pending, 0, 'PENDING');
    expect(await reserve(pending)).toBe(undefined);
  });
});
