// Nodes of one kind, an item each; nothing spans two items. The order of the index and why it is so: registry/INDEX.md.
import { ApiError } from '../../shared/api/error.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import { type CapacityRule, freeUnits, unitsNeeded } from '../registry/capacity.ts';
import { healthWeight, type NodeHealth, nextHealth, SILENCE_LIMIT_MS } from '../registry/health.ts';
import type { MediaNode } from '../registry/MediaNode.ts';
import type {
  HealthChange,
  IndexedNode,
  NodeQuery,
  NodeReport,
  NodeStore,
  Place,
  Reservation,
} from '../registry/NodeStore.ts';
import { chanceOf, positionAfter, positionOf, stepOf } from '../registry/position.ts';
import { rankOf } from '../registry/rank.ts';
import { isOutdated, settledBefore } from '../registry/report.ts';
import type { Item, Value } from './attributes.ts';
import { keys, type NodeKind } from './keys.ts';
import {
  LOAD_PREFIX,
  type NodeItemSchemas,
  readNode,
  type StoredNode,
  slotOf,
  slotsBefore,
} from './nodeItem.ts';
import { type Expression, expiryAttribute, type Table } from './Table.ts';

/** A node that has been silent for so long is forgotten; it registers again if it comes back. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
/** A write that finds the item changed since it was read reads again; each time takes somebody else's write. */
const MAX_ATTEMPTS = 5;
const RETRY_AFTER_SECONDS = 1;

type Registered = { readonly region: string } & Readonly<Record<string, Value>>;
type Figures = Readonly<Record<string, number>>;

export interface DynamoNodeStoreOptions<Registration, Load> extends NodeItemSchemas<Registration, Load> {
  readonly table: Table;
  readonly kind: NodeKind;
  readonly capacity: CapacityRule<Registration, Load>;
}

export class DynamoNodeStore<Registration extends Registered, Load extends Figures>
  implements NodeStore<Registration, Load>
{
  readonly #options: DynamoNodeStoreOptions<Registration, Load>;

  constructor(options: DynamoNodeStoreOptions<Registration, Load>) {
    this.#options = options;
  }

  async register(
    {
      id,
      registrationId,
      registration,
    }: Pick<MediaNode<Registration, Load>, 'id' | 'registrationId' | 'registration'>,
    atMs: EpochMs,
  ): Promise<HealthChange> {
    const { table, kind } = this.#options;
    return await this.#untilUnchanged(id, async () => {
      const before = (await this.#read(id))?.node;
      const after = nextHealth(before?.health, { type: 'registered', atMs });
      const item: Item = {
        node_id: id,
        registration_id: registrationId,
        registration,
        health: after.state,
        drained: after.drained,
        heard_at_ms: atMs,
        reserved: 0,
        kind_pk: keys.nodePlace(kind, registration.region, placeOf(after)),
        kind_sk: positionOf(0, chanceOf(id), id),
        ...expiryAttribute(atMs + FORGOTTEN_AFTER_MS),
      };
      const unchanged = before === undefined ? table.absent() : asRead(before);
      return (await table.put(keys.node(kind, id), item, unchanged))
        ? { before: before?.health, after }
        : undefined;
    });
  }

  async report(id: string, report: NodeReport<Load>): Promise<HealthChange | undefined> {
    const { table, kind } = this.#options;
    return await this.#untilUnchanged(id, async () => {
      const item = await table.get(keys.node(kind, id));
      if (item === undefined) return GONE;
      const stored = readNode(item, this.#options);
      const { health } = stored.node;
      if (isOutdated(stored.sentAtMs, report.sentAtMs)) return { before: health, after: health };
      const before = nextHealth(health, { type: 'time_passed', atMs: report.atMs });
      const after = nextHealth(health, { type: 'reported', state: report.state, atMs: report.atMs });
      return (await this.#write(item, stored, report, after)) ? { before, after } : undefined;
    });
  }

  async drain(id: string, drained: boolean): Promise<HealthChange | undefined> {
    const { table, kind } = this.#options;
    return await this.#untilUnchanged(id, async () => {
      const node = await this.get(id);
      if (node === undefined) return GONE;
      const after = nextHealth(node.health, { type: drained ? 'drained' : 'undrained' });
      const written = await table.update(keys.node(kind, id), {
        update: {
          text: `SET #health = :next, #kind_pk = :place${drained ? ', #drained = :drained' : ' REMOVE #drained'}`,
          values: {
            next: after.state,
            place: keys.nodePlace(kind, node.registration.region, placeOf(after)),
            ...(drained && { drained: true }),
          },
        },
        condition: asRead(node),
      });
      return written && { before: node.health, after };
    });
  }

  async markSilent(node: MediaNode<Registration, Load>): Promise<boolean> {
    const { table, kind } = this.#options;
    const written = await table.update(keys.node(kind, node.id), {
      update: {
        text: 'SET #health = :next, #kind_pk = :place',
        values: { next: 'UNHEALTHY', place: keys.nodePlace(kind, node.registration.region, 'closed') },
      },
      condition: asRead(node),
    });
    return written !== undefined;
  }

  async get(id: string): Promise<MediaNode<Registration, Load> | undefined> {
    return (await this.#read(id))?.node;
  }

  async list({ region, place, from, limit }: NodeQuery): Promise<readonly IndexedNode<Registration, Load>[]> {
    const { table, kind } = this.#options;
    const items = await table.queryIndex({
      kind: keys.nodePlace(kind, region, place),
      ...(from !== undefined && { to: from }),
      limit,
    });
    return items.map((item) => readNode(item, this.#options));
  }

  async reserve(node: MediaNode<Registration, Load>, reservation: Reservation): Promise<boolean> {
    const { table, kind } = this.#options;
    const { reserved: seen = 0 } = node;
    const { units, atMs, reservationId } = reservation;
    const key = keys.node(kind, node.id);
    const slot = slotOf(atMs);
    const chance = chanceOf(reservationId);
    const expected = this.#position({ ...node, reserved: seen + units }, chance);
    const before = await table.update(key, {
      update: {
        text: `SET #reserved = #reserved + :units, #kind_sk = :position ADD #${slot} :units`,
        values: { units, position: expected },
      },
      condition: {
        text: '#registration_id = :registration AND #health IN (:healthy, :degraded) AND #heard_at_ms > :freshSince AND #reserved <= #room_for_one',
        values: {
          registration: reservation.registrationId,
          healthy: 'HEALTHY',
          degraded: 'DEGRADED',
          freshSince: atMs - SILENCE_LIMIT_MS,
        },
      },
    });
    if (before === undefined) return false;
    // Others reserved since the node was read: it would stand where it looks freer than it is.
    const reserved = Number(before['reserved']) + units;
    const actual = this.#position({ ...node, reserved }, chance);
    if (stepOf(actual) !== stepOf(expected))
      await table.update(key, {
        update: { text: 'SET #kind_sk = :position', values: { position: actual } },
        condition: { text: '#reserved = :reserved', values: { reserved } },
      });
    return true;
  }

  async release({ nodeId, registrationId, reservationId, units, atMs }: Reservation): Promise<void> {
    const { table, kind } = this.#options;
    const slot = slotOf(atMs);
    // The id of the last one makes a call that the SDK repeats, having lost its answer, count once.
    await table.update(keys.node(kind, nodeId), {
      update: {
        text: `SET #reserved = #reserved - :units, #last_released = :id ADD #${slot} :minusUnits`,
        values: { units, minusUnits: -units, id: reservationId },
      },
      condition: {
        text: `#registration_id = :registration AND #${slot} >= :units AND (attribute_not_exists(#last_released) OR #last_released <> :id)`,
        values: { registration: registrationId },
      },
    });
  }

  async #write(
    item: Item,
    { node, position, sentAtMs }: StoredNode<Registration, Load>,
    report: NodeReport<Load>,
    after: NodeHealth,
  ): Promise<boolean> {
    const { table, kind, capacity } = this.#options;
    const { atMs } = report;
    const settled = slotsBefore(item, settledBefore(capacity, node.registration, report));
    const settledUnits = settled.reduce((sum, [, units]) => sum + units, 0);
    const load = { ...node.load, ...report.load };
    const next = { ...node, health: after, load, reserved: node.reserved - settledUnits };
    const free = freeUnits(capacity, { ...next, reserved: 0 });
    const set: Record<string, Value | undefined> = {
      health: after.state,
      heard_at_ms: atMs,
      sent_at_ms: report.sentAtMs,
      kind_pk: keys.nodePlace(kind, node.registration.region, placeOf(after)),
      kind_sk: positionAfter(position, rankOf(capacity, next), chanceOf(node.id), node.id),
      room_for_one: free === undefined ? undefined : free - unitsNeeded(capacity, node.registration),
      ...expiryAttribute(atMs + FORGOTTEN_AFTER_MS),
      ...Object.fromEntries(
        Object.entries(report.load).map(([name, value]) => [`${LOAD_PREFIX}${name}`, value]),
      ),
    };
    const assignments = Object.entries(set).filter(
      (entry): entry is [string, Value] => entry[1] !== undefined,
    );
    const read = asRead(node);
    const written = await table.update(keys.node(kind, node.id), {
      update: {
        text: [
          `SET #reserved = #reserved - :settled`,
          ...assignments.map(([name]) => `, #${name} = :${name}`),
          ...(settled.length > 0 ? [` REMOVE ${settled.map(([slot]) => `#${slot}`).join(', ')}`] : []),
        ].join(''),
        values: { settled: settledUnits, ...Object.fromEntries(assignments) },
      },
      // New reservations do not disturb: only the slots that go must be as they were read.
      condition: {
        text: [
          read.text,
          sentAtMs === undefined ? 'attribute_not_exists(#sent_at_ms)' : '#sent_at_ms = :lastSentAt',
          ...settled.map(([slot]) => `#${slot} = :${slot}`),
        ].join(' AND '),
        values: {
          ...read.values,
          ...(sentAtMs !== undefined && { lastSentAt: sentAtMs }),
          ...Object.fromEntries(settled),
        },
      },
    });
    return written !== undefined;
  }

  async #read(id: string): Promise<StoredNode<Registration, Load> | undefined> {
    const item = await this.#options.table.get(keys.node(this.#options.kind, id));
    return item && readNode(item, this.#options);
  }

  #position(node: MediaNode<Registration, Load>, chance: number): string {
    return positionOf(rankOf(this.#options.capacity, node), chance, node.id);
  }

  async #untilUnchanged<T>(id: string, attempt: () => Promise<T | typeof GONE | undefined>): Promise<T> {
    for (let i = 0; i < MAX_ATTEMPTS; i++) {
      const outcome = await attempt();
      if (outcome === GONE) return undefined as T;
      if (outcome !== undefined) return outcome;
    }
    throw new ApiError('INTERNAL_ERROR', `Node "${id}" is being changed by others: try again`, {
      status: 503,
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    });
  }
}

const GONE = Symbol('node is not registered');

function placeOf({ state }: NodeHealth): Place {
  return healthWeight(state) > 0 ? 'open' : 'closed';
}

/** Holds while the registration and the health are what was read. */
function asRead<Registration, Load>({
  registrationId,
  health,
}: MediaNode<Registration, Load>): Required<Expression> {
  return {
    text: `#registration_id = :registrationRead AND #health = :healthRead AND #heard_at_ms = :heardAtRead AND ${health.drained === true ? 'attribute_exists' : 'attribute_not_exists'}(#drained)`,
    values: { registrationRead: registrationId, healthRead: health.state, heardAtRead: health.atMs },
  };
}
