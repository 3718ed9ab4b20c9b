import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { NodeHealth } from '../registry/health.ts';
import type { MediaNode } from '../registry/MediaNode.ts';
import { MAX_CANDIDATES, type NodeStore } from '../registry/NodeStore.ts';
import type { Item, Value } from './attributes.ts';
import { keys, type NodeKind } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

/** A node that has been silent for so long is forgotten; it registers again if it comes back. */
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
const LOAD_PREFIX = 'load_';

const itemSchema = z.looseObject({
  node_id: z.string(),
  registration_id: z.string(),
  health: z.enum(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING', 'UNHEALTHY']),
  heard_at_ms: z.number(),
});

type Registered = { readonly region: string } & Readonly<Record<string, Value>>;
type Figures = Readonly<Record<string, number>>;

export interface DynamoNodeStoreOptions<Registration, Load> {
  readonly table: Table;
  readonly kind: NodeKind;
  readonly registrationSchema: z.ZodType<Registration>;
  readonly loadSchema: z.ZodType<Partial<Load>>;
}

export class DynamoNodeStore<Registration extends Registered, Load extends Figures>
  implements NodeStore<Registration, Load>
{
  readonly #options: DynamoNodeStoreOptions<Registration, Load>;

  constructor(options: DynamoNodeStoreOptions<Registration, Load>) {
    this.#options = options;
  }

  async register(node: Omit<MediaNode<Registration, Load>, 'load'>): Promise<void> {
    const { table, kind } = this.#options;
    await table.put(keys.node(kind, node.id), {
      node_id: node.id,
      registration_id: node.registrationId,
      registration: node.registration,
      health: node.health.state,
      heard_at_ms: node.health.atMs,
      // Becomes the key of the index with the first report, which does not say the region.
      reported_kind: keys.nodeKind(kind, node.registration.region),
      ...expiryAttribute(node.health.atMs + FORGOTTEN_AFTER_MS),
    });
  }

  async report(id: string, health: NodeHealth, load: Partial<Load>): Promise<boolean> {
    const { table, kind } = this.#options;
    const figures = Object.entries(load).filter((entry): entry is [string, number] => entry[1] !== undefined);
    const figureUpdates = figures.map(([name]) => `, #${LOAD_PREFIX}${name} = :${name}`).join('');
    const before = await table.update(keys.node(kind, id), {
      update: {
        text: `SET #health = :health, #heard_at_ms = :heardAt, #expires_at = :expiresAt, #kind_pk = #reported_kind, #kind_sk = :inTime${figureUpdates}`,
        values: {
          health: health.state,
          heardAt: health.atMs,
          expiresAt: expiryAttribute(health.atMs + FORGOTTEN_AFTER_MS).expires_at,
          inTime: keys.inTime(health.atMs, id),
          ...Object.fromEntries(figures),
        },
      },
      condition: { text: 'attribute_exists(#pk)' },
    });
    return before !== undefined;
  }

  async get(id: string): Promise<MediaNode<Registration, Load> | undefined> {
    const item = await this.#options.table.get(keys.node(this.#options.kind, id));
    return item && this.#toNode(item);
  }

  async reportedSince(region: string, sinceMs: EpochMs): Promise<MediaNode<Registration, Load>[]> {
    const items = await this.#options.table.queryIndex({
      kind: keys.nodeKind(this.#options.kind, region),
      from: new Date(sinceMs).toISOString(),
      limit: MAX_CANDIDATES,
    });
    return items.map((item) => this.#toNode(item));
  }

  #toNode(item: Item): MediaNode<Registration, Load> {
    const stored = itemSchema.parse(item);
    const figures = Object.entries(item)
      .filter(([name]) => name.startsWith(LOAD_PREFIX))
      .map(([name, value]) => [name.slice(LOAD_PREFIX.length), value]);
    return {
      id: stored.node_id,
      registrationId: stored.registration_id,
      registration: this.#options.registrationSchema.parse(item['registration']),
      health: { state: stored.health, atMs: stored.heard_at_ms as EpochMs },
      load: this.#options.loadSchema.parse(Object.fromEntries(figures)),
    };
  }
}
