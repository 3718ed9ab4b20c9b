import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, MeetingId } from '../../shared/base/ids.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import {
  MAX_SUPERSEDED,
  SUPERSEDED_LIFETIME_MS,
  type SupersededStore,
} from '../assignment/SupersededStore.ts';
import { ControllerList } from './ControllerList.ts';
import { keys } from './keys.ts';
import type { Table } from './Table.ts';

/** Entries are `<meeting id> <generation>`. */
export class DynamoSupersededStore implements SupersededStore {
  readonly #list: ControllerList;

  constructor(table: Table) {
    this.#list = new ControllerList({
      table,
      key: keys.superseded,
      lifetimeMs: SUPERSEDED_LIFETIME_MS,
      maxEntries: MAX_SUPERSEDED,
    });
  }

  async add(former: ControllerId, { meetingId, generation }: Assignment, atMs: EpochMs): Promise<void> {
    await this.#list.add(former, `${meetingId} ${generation}`, atMs);
  }

  async of(former: ControllerId): Promise<ReadonlyMap<MeetingId, Generation>> {
    const entries = await this.#list.of(former);
    return new Map(
      entries.map((entry): [MeetingId, Generation] => {
        const [meetingId, generation] = entry.split(' ');
        return [meetingId as MeetingId, Number(generation) as Generation];
      }),
    );
  }
}
