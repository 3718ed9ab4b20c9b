import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId } from '../../shared/base/ids.ts';
import { expiryAttribute, type ItemKey, type Table } from './Table.ts';

const itemSchema = z.object({ meetings: z.array(z.string()) });

export interface ControllerListOptions {
  readonly table: Table;
  readonly key: (controllerId: ControllerId) => ItemKey;
  /** Kept for this long after the last entry, ms. */
  readonly lifetimeMs: number;
  /** A list of so many begins anew with the next. */
  readonly maxEntries: number;
}

/** Entries about a controller's meetings in one item: a list that grows by appending, so that many may come at once. */
export class ControllerList {
  readonly #options: ControllerListOptions;

  constructor(options: ControllerListOptions) {
    this.#options = options;
  }

  async add(controllerId: ControllerId, entry: string, atMs: EpochMs): Promise<void> {
    const { table, lifetimeMs, maxEntries } = this.#options;
    const key = this.#options.key(controllerId);
    const expiry = expiryAttribute(atMs + lifetimeMs);
    const append = async (): Promise<boolean> => {
      const before = await table.update(key, {
        update: {
          text: 'SET #meetings = list_append(#meetings, :one), #expires_at = :expiresAt',
          values: { one: [entry], expiresAt: expiry.expires_at },
        },
        condition: {
          text: '#expires_at > :nowSeconds AND size(#meetings) < :most',
          values: { nowSeconds: Math.floor(atMs / 1_000), most: maxEntries },
        },
      });
      return before !== undefined;
    };
    if (await append()) return;
    const first = { meetings: [entry], ...expiry };
    // Somebody else may have begun it at the same time; a full one begins anew.
    if ((await table.put(key, first, table.absent())) || (await append())) return;
    await table.put(key, first);
  }

  /** The latest last. */
  async of(controllerId: ControllerId): Promise<readonly string[]> {
    const item = await this.#options.table.get(this.#options.key(controllerId));
    return item === undefined ? [] : itemSchema.parse(item).meetings;
  }

  /** Ends the list where it has this many entries: its time is over then. */
  async clear(controllerId: ControllerId, count: number, atMs: EpochMs): Promise<void> {
    await this.#options.table.update(this.#options.key(controllerId), {
      update: {
        text: 'SET #expires_at = :expiresAt',
        values: { expiresAt: expiryAttribute(atMs).expires_at },
      },
      condition: { text: 'size(#meetings) = :count', values: { count } },
    });
  }
}
