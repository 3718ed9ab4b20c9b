import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import {
  MAX_SUPERSEDED,
  SUPERSEDED_LIFETIME_MS,
  type SupersededStore,
} from '../assignment/SupersededStore.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

/** `<meeting id> <generation>`, the latest last. */
const itemSchema = z.object({ meetings: z.array(z.string()) });

/** One item a controller: its list grows by appending, so that many meetings may move at once. */
export class DynamoSupersededStore implements SupersededStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async add(former: ControllerId, { meetingId, generation }: Assignment, atMs: EpochMs): Promise<void> {
    const key = keys.superseded(former);
    const entry = `${meetingId} ${generation}`;
    const expiry = expiryAttribute(atMs + SUPERSEDED_LIFETIME_MS);
    const append = async (): Promise<boolean> => {
      const before = await this.#table.update(key, {
        update: {
          text: 'SET #meetings = list_append(#meetings, :one), #expires_at = :expiresAt',
          values: { one: [entry], expiresAt: expiry.expires_at },
        },
        condition: {
          text: '#expires_at > :nowSeconds AND size(#meetings) < :most',
          values: { nowSeconds: Math.floor(atMs / 1_000), most: MAX_SUPERSEDED },
        },
      });
      return before !== undefined;
    };
    if (await append()) return;
    const first = { meetings: [entry], ...expiry };
    // Somebody else may have begun it at the same time; a full one begins anew.
    if ((await this.#table.put(key, first, this.#table.absent())) || (await append())) return;
    await this.#table.put(key, first);
  }

  async of(former: ControllerId): Promise<ReadonlyMap<MeetingId, Generation>> {
    const item = await this.#table.get(keys.superseded(former));
    if (item === undefined) return new Map();
    return new Map(
      itemSchema.parse(item).meetings.map((entry): [MeetingId, Generation] => {
        const [meetingId, generation] = entry.split(' ');
        return [meetingId as MeetingId, Number(generation) as Generation];
      }),
    );
  }
}
