import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPlacement, type Placement } from '../../../../functions/assignment/Placement.ts';
import { cryptoRandom } from '../../../../functions/base/random.ts';
import { createDynamoStores } from '../../../../functions/dynamo/stores.ts';
import type { Stores } from '../../../../functions/Stores.ts';
import { ControlPlane, REGION } from '../support/ControlPlane.ts';

let plane: ControlPlane;
let placement: Placement;

beforeEach(async () => {
  plane = await ControlPlane.start();
  placement = newPlacement();
});

afterEach(async () => {
  await plane.stop();
});

/** As another process has it. */
function newPlacement(stores: Pick<Stores, 'handlers' | 'controllers'> = plane.stores): Placement {
  return createPlacement({ region: REGION, stores, clock: plane.clock, random: cryptoRandom });
}

/** A client that waits for its turn: hundreds of calls at once take the one process here longer than AWS. */
function patientClient(): DynamoDBClient {
  return new DynamoDBClient({
    region: 'local',
    endpoint: plane.database.endpoint,
    credentials: plane.database.client.config.credentials,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 50_000, requestTimeout: 50_000 },
  });
}

async function reservedOn(id: string): Promise<number> {
  return (await plane.stores.controllers.get(id))?.reserved ?? Number.NaN;
}

async function reserveController() {
  const placed = await placement.reserveController();
  if (!placed.ok) throw new Error(`Nobody is free: ${JSON.stringify(placed.reason)}`);
  return placed.value;
}

describe('a reservation', () => {
  it('GC-4 counts against the node until it is given back, once', async () => {
    await plane.addController('mc-1', { max_meetings: 2 });
    const first = await reserveController();
    const second = await reserveController();
    expect(await reservedOn('mc-1')).toBe(2);
    expect(await placement.reserveController()).toEqual({
      ok: false,
      reason: { considered: 1, excluded: { at_capacity: 1 } },
    });
    await placement.releaseController(first);
    await placement.releaseController(first);
    expect(await reservedOn('mc-1')).toBe(1);
    await placement.releaseController(second);
    expect(await reservedOn('mc-1')).toBe(0);
  });

  it('GC-2 GC-4 is accounted for by the first report whose figures are younger', async () => {
    await plane.addController('mc-1');
    await reserveController();
    const takenAtMs = plane.clock.nowMs - 1;
    plane.clock.advance(4_000);
    const early = await reserveController();
    // A report that was long on its way says nothing of what came after its figures were taken.
    await plane.sendHeartbeat('mc-1', { meetings: 0, participants: 0, cpu_ratio: 0, sent_at_ms: takenAtMs });
    expect(await reservedOn('mc-1')).toBe(2);
    plane.clock.advance(2_000);
    await reserveController();
    await plane.sendHeartbeat('mc-1', {
      meetings: 2,
      participants: 0,
      cpu_ratio: 0,
      sent_at_ms: plane.clock.nowMs,
    });
    expect(await reservedOn('mc-1')).toBe(1);
    // It is in the figures now: there is nothing to give back.
    await placement.releaseController(early);
    expect(await reservedOn('mc-1')).toBe(1);
  });

  it('GC-9 stays through light heartbeats, and expires when no figures come for a minute', async () => {
    await plane.addController('mc-1');
    await reserveController();
    for (let i = 0; i < 6; i++) {
      plane.clock.advance(10_000);
      await plane.sendHeartbeat('mc-1');
      expect(await reservedOn('mc-1')).toBe(1);
    }
    plane.clock.advance(10_000);
    await plane.sendHeartbeat('mc-1');
    expect(await reservedOn('mc-1')).toBe(0);
  });

  it('GC-1 is gone when the node registers anew, and giving it back then takes nothing from others', async () => {
    await plane.addController('mc-1');
    const before = await reserveController();
    await plane.addController('mc-1');
    await reserveController();
    await placement.releaseController(before);
    expect(await reservedOn('mc-1')).toBe(1);
  });

  it('GC-4 GC-3 is refused by a node that has filled up, drained or fallen silent since it was read', async () => {
    await plane.addController('mc-1', { max_meetings: 1 });
    const node = await plane.stores.controllers.get('mc-1');
    if (node === undefined) throw new Error('There is no controller');
    const ask = (reservationId: string) =>
      plane.stores.controllers.reserve(node, {
        nodeId: node.id,
        registrationId: node.registrationId,
        reservationId,
        units: 1,
        atMs: plane.clock.epochMs(),
      });
    await plane.stores.controllers.drain('mc-1', true);
    expect(await ask('drained')).toBe(false);
    await plane.stores.controllers.drain('mc-1', false);
    expect(await ask('pending')).toBe(false);
    await plane.sendHeartbeat('mc-1');
    expect(await ask('fits')).toBe(true);
    expect(await ask('full')).toBe(false);
    await plane.sendHeartbeat('mc-1', { meetings: 0, participants: 0, cpu_ratio: 0 });
    plane.clock.advance(30_000);
    expect(await ask('silent')).toBe(false);
  });

  it('GC-4 never passes capacity: 400 at once, through four clients, on room for 280', {
    timeout: 60_000,
  }, async () => {
    for (let i = 0; i < 7; i++) await plane.addController(`mc-${i}`, { max_meetings: 40 });
    const clients = Array.from({ length: 4 }, patientClient);
    const processes = clients.map((client) =>
      newPlacement(createDynamoStores({ client, tableName: 'test', clock: plane.clock })),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 400 }, (_, i) => processes[i % 4]?.reserveController()),
    );
    const placed = outcomes.flatMap((outcome) => (outcome?.ok ? [outcome.value] : []));
    const perNode = Map.groupBy(placed, ({ node }) => node.id);
    for (const [id, reservations] of perNode) {
      expect(reservations.length).toBeLessThanOrEqual(40);
      expect(await reservedOn(id)).toBe(reservations.length);
    }
    // Some give up while others hold what is left; none of the room stays unused by much.
    expect(placed.length).toBeGreaterThan(260);
    await Promise.all(placed.map((each, i) => processes[i % 4]?.releaseController(each)));
    for (const id of perNode.keys()) expect(await reservedOn(id)).toBe(0);
    for (const client of clients) client.destroy();
  });
});

// Up to a hundred calls one after the other: 2 s on an idle machine.
describe('placing', { timeout: 30_000 }, () => {
  it('GC-4 spreads a burst within one report interval over the fleet', async () => {
    for (let i = 0; i < 10; i++) await plane.addController(`mc-${i}`);
    const counts = new Map<string, number>();
    for (let i = 0; i < 92; i++) {
      const { node } = await reserveController();
      counts.set(node.id, (counts.get(node.id) ?? 0) + 1);
    }
    expect(counts.size).toBe(10);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(18);
  });

  it('GC-5 finds the backup in another zone though the nodes with the most headroom are all of one', async () => {
    for (let i = 0; i < 15; i++) await plane.addHandler(`mh-a${i}`, { zone: 'zone-a' });
    await plane.addHandler('mh-b', { zone: 'zone-b' });
    await plane.reportHandler('mh-b', { streams: 80 });
    const placed = await placement.reserveHandlers();
    expect(placed.ok && placed.value.node.registration.zone).toBe('zone-a');
    expect(placed.ok && placed.value.backup?.id).toBe('mh-b');
  });

  it('GC-5 takes a controller of the zone that is wished for among equals, and before it one with more room', async () => {
    for (let i = 0; i < 10; i++) await plane.addController(`mc-${i}`, { zone: i < 5 ? 'zone-a' : 'zone-b' });
    const zoneTaken = async () => {
      const placed = await placement.reserveController(undefined, 'zone-b');
      if (!placed.ok) throw new Error('Nobody is free');
      await placement.releaseController(placed.value);
      return placed.value.node.registration.zone;
    };
    for (let i = 0; i < 5; i++) expect(await zoneTaken()).toBe('zone-b');
    for (let i = 5; i < 10; i++)
      await plane.sendHeartbeat(`mc-${i}`, { meetings: 20, participants: 0, cpu_ratio: 0 });
    for (let i = 0; i < 5; i++) expect(await zoneTaken()).toBe('zone-a');
  });

  it('GC-4 finds the one node that is free behind many that are not', async () => {
    for (let i = 0; i < 15; i++) await plane.addController(`mc-${i}`, { max_meetings: 1_000 });
    await plane.addController('mc-last', { max_meetings: 10 });
    await plane.sendHeartbeat('mc-last', { meetings: 9, participants: 0, cpu_ratio: 0 });
    const others = new Set(Array.from({ length: 15 }, (_, i) => `mc-${i}`));
    const placed = await placement.reserveController(others);
    expect(placed.ok && placed.value.node.id).toBe('mc-last');
    expect(await placement.reserveController(others)).toEqual({
      ok: false,
      reason: { considered: 16, excluded: { already_asked: 15, at_capacity: 1 } },
    });
  });

  it('GC-4 reads the index once, however many nodes there are', async () => {
    for (let i = 0; i < 40; i++) await plane.addController(`mc-${i}`);
    const commands: string[] = [];
    plane.database.client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        const { Count } = answer.output as { Count?: number };
        commands.push(`${String(context['commandName'])} ${Count ?? ''}`.trim());
        return answer;
      },
      { step: 'initialize' },
    );
    await reserveController();
    expect(commands).toEqual(['QueryCommand 10', 'UpdateItemCommand']);
  });
});
