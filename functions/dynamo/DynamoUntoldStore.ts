import type { EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, MeetingId } from '../../shared/base/ids.ts';
import { MAX_UNTOLD, UNTOLD_LIFETIME_MS, type UntoldStore } from '../meeting/UntoldStore.ts';
import { ControllerList } from './ControllerList.ts';
import { keys } from './keys.ts';
import type { Table } from './Table.ts';

/** Entries are ids of meetings. */
export class DynamoUntoldStore implements UntoldStore {
  readonly #list: ControllerList;

  constructor(table: Table) {
    this.#list = new ControllerList({
      table,
      key: keys.untold,
      lifetimeMs: UNTOLD_LIFETIME_MS,
      maxEntries: MAX_UNTOLD,
    });
  }

  async add(controllerId: ControllerId, meetingId: MeetingId, atMs: EpochMs): Promise<void> {
    await this.#list.add(controllerId, meetingId, atMs);
  }

  async of(controllerId: ControllerId): Promise<readonly MeetingId[]> {
    return (await this.#list.of(controllerId)) as readonly MeetingId[];
  }

  async clear(controllerId: ControllerId, count: number, atMs: EpochMs): Promise<void> {
    await this.#list.clear(controllerId, count, atMs);
  }
}
