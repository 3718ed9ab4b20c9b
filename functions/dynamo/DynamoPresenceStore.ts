import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';
import type { Presence, PresenceStore } from '../meeting/PresenceStore.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

/** What a controller said counts for this long: three full heartbeats, so that one that is lost changes nothing. */
export const PRESENCE_LIFETIME_MS = 90_000;

const entrySchema = z.object({
  generation: z.int().min(1),
  participants: z.int().min(0),
  empty_since_ms: z.number().optional(),
});
const itemSchema = z.object({ meetings: z.record(z.string(), entrySchema) });

/** A notice of 500 meetings takes about 40 kB, a tenth of what an item may have. */
export class DynamoPresenceStore implements PresenceStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async put(
    controllerId: ControllerId,
    meetings: ReadonlyMap<MeetingId, Presence>,
    atMs: EpochMs,
  ): Promise<void> {
    const entries = [...meetings].map(([meetingId, { generation, participants, emptySinceMs }]) => [
      meetingId,
      { generation, participants, empty_since_ms: emptySinceMs },
    ]);
    await this.#table.put(keys.presence(controllerId), {
      meetings: Object.fromEntries(entries),
      ...expiryAttribute(atMs + PRESENCE_LIFETIME_MS),
    });
  }

  async get(controllerId: ControllerId, meetingId: MeetingId): Promise<Presence | undefined> {
    const item = await this.#table.get(keys.presence(controllerId));
    if (item === undefined) return undefined;
    const { meetings } = itemSchema.parse(item);
    const entry = Object.hasOwn(meetings, meetingId) ? meetings[meetingId] : undefined;
    return (
      entry && {
        generation: entry.generation as Generation,
        participants: entry.participants,
        emptySinceMs: entry.empty_since_ms as EpochMs | undefined,
      }
    );
  }
}
