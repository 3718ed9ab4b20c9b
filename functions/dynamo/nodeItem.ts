// Attributes of a node's item, and the node that they make.
import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { NodeHealth } from '../registry/health.ts';
import type { MediaNode } from '../registry/MediaNode.ts';
import type { Item } from './attributes.ts';

export const LOAD_PREFIX = 'load_';
/** Units reserved in one second, by its number since the epoch: what a report accounts for goes, second by second. */
export const SLOT_PREFIX = 'slot_';

const itemSchema = z.looseObject({
  node_id: z.string(),
  registration_id: z.string(),
  health: z.enum(['PENDING', 'HEALTHY', 'DEGRADED', 'DRAINING', 'UNHEALTHY']),
  drained: z.boolean().optional(),
  heard_at_ms: z.number(),
  sent_at_ms: z.number().optional(),
  reserved: z.number(),
  kind_sk: z.string(),
});

export interface NodeItemSchemas<Registration, Load> {
  readonly registrationSchema: z.ZodType<Registration>;
  readonly loadSchema: z.ZodType<{ readonly [Name in keyof Load]?: Load[Name] | undefined }>;
}

/** A node with what the store alone needs. */
export interface StoredNode<Registration, Load> {
  readonly node: MediaNode<Registration, Load> & { readonly reserved: number };
  readonly position: string;
  readonly sentAtMs: EpochMs | undefined;
}

export function readNode<Registration, Load>(
  item: Item,
  { registrationSchema, loadSchema }: NodeItemSchemas<Registration, Load>,
): StoredNode<Registration, Load> {
  const stored = itemSchema.parse(item);
  const health: NodeHealth = {
    state: stored.health,
    atMs: stored.heard_at_ms as EpochMs,
    ...(stored.drained === true && { drained: true }),
  };
  const figures = Object.entries(item)
    .filter(([name]) => name.startsWith(LOAD_PREFIX))
    .map(([name, value]) => [name.slice(LOAD_PREFIX.length), value]);
  return {
    node: {
      id: stored.node_id,
      registrationId: stored.registration_id,
      registration: registrationSchema.parse(item['registration']),
      health,
      // Figures that are not there are not there: the item has no undefined ones.
      load: loadSchema.parse(Object.fromEntries(figures)) as Partial<Load>,
      reserved: stored.reserved,
    },
    position: stored.kind_sk,
    sentAtMs: stored.sent_at_ms as EpochMs | undefined,
  };
}

export function slotOf(atMs: EpochMs): string {
  return `${SLOT_PREFIX}${Math.floor(atMs / 1_000)}`;
}

/** Slots whose second has passed by then, with their units. */
export function slotsBefore(item: Item, atMs: number): [name: string, units: number][] {
  return Object.entries(item).flatMap(([name, units]): [string, number][] => {
    if (!name.startsWith(SLOT_PREFIX) || typeof units !== 'number') return [];
    const endsAtMs = (Number(name.slice(SLOT_PREFIX.length)) + 1) * 1_000;
    return endsAtMs <= atMs ? [[name, units]] : [];
  });
}
