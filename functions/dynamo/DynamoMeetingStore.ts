import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { ActiveMeetingRecord, Meeting, MeetingRecord, MeetingStatus } from '../meeting/Meeting.ts';
import type { MeetingEvent } from '../meeting/MeetingEvent.ts';
import type {
  MeetingListQuery,
  MeetingPage,
  MeetingPosition,
  MeetingStore,
} from '../meeting/MeetingStore.ts';
import type { MeetingChange } from '../meeting/meetingChanges.ts';
import { DUE_SHARDS, keys } from './keys.ts';
import {
  ABSENT_AT_END,
  dueAttributes,
  eventPageSchema,
  toEvent,
  toEventValue,
  toMeetingItem,
  toMeetingRecord,
} from './meetingItem.ts';
import { expiryAttribute, type Table } from './Table.ts';

/** Events that the record itself holds. When they are so many, they move to a page and the record starts over. */
export const EVENTS_PER_PAGE = 16;
/** Pages of a meeting that never ends go some day; those of one that ends go with it. */
const PAGE_LIFETIME_MS = 400 * 24 * 3_600_000;

/** One item a meeting; see functions/meeting/TRAIL.md for why its trail is complete. */
export class DynamoMeetingStore implements MeetingStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async create({ state, event }: MeetingChange): Promise<boolean> {
    const item = toMeetingItem(state, 1, [{ ...event, sequence: 1 }]);
    return await this.#table.put(keys.meeting(state.meetingId), item, this.#table.absent());
  }

  async get(meetingId: MeetingId): Promise<MeetingRecord | undefined> {
    const item = await this.#table.get(keys.meeting(meetingId));
    return item && toMeetingRecord(item);
  }

  async list({ orgId, status, limit, after }: MeetingListQuery): Promise<MeetingPage> {
    const statuses: readonly MeetingStatus[] = status === undefined ? ['active', 'ended'] : [status];
    const startAt = after === undefined ? 0 : Math.max(0, statuses.indexOf(after.status));
    const meetings: Meeting[] = [];
    for (const current of statuses.slice(startAt)) {
      // One more than asked for tells whether there is a next page.
      const wanted = limit + 1 - meetings.length;
      if (wanted <= 0) break;
      meetings.push(...(await this.#listStatus(orgId, current, wanted, after)));
    }
    const page = meetings.slice(0, limit);
    const last = page.at(-1);
    return {
      meetings: page,
      ...(meetings.length > limit &&
        last && {
          next: { status: last.status, createdAtMs: last.createdAtMs, meetingId: last.meetingId },
        }),
    };
  }

  async change(record: MeetingRecord, { state, event }: MeetingChange): Promise<MeetingRecord | undefined> {
    const sequence = record.sequence + 1;
    const kept = await this.#makeRoom(record);
    const recentEvents = [...kept, { ...event, sequence }];
    const item = toMeetingItem(state, sequence, recentEvents);
    const names = Object.keys(item);
    const removed = state.status === 'ended' ? ` REMOVE ${ABSENT_AT_END.map((name) => `#${name}`)}` : '';
    const before = await this.#table.update(keys.meeting(record.meetingId), {
      update: {
        text: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}${removed}`,
        values: item,
      },
      condition: isRecord(record),
    });
    if (before === undefined) return undefined;
    if (state.status === 'ended') await this.#expirePages(record, state.expiresAtMs);
    return { ...state, sequence, recentEvents };
  }

  async eventsAfter(record: MeetingRecord, after: number, limit: number): Promise<readonly MeetingEvent[]> {
    const last = Math.min(record.sequence, after + limit);
    const firstRecent = record.recentEvents[0]?.sequence ?? record.sequence + 1;
    const pages: Promise<readonly MeetingEvent[]>[] = [];
    for (let first = pageStart(after + 1); first <= last && first < firstRecent; first += EVENTS_PER_PAGE)
      pages.push(this.#page(record, first));
    return [...(await Promise.all(pages)).flat(), ...record.recentEvents].filter(
      ({ sequence }) => sequence > after && sequence <= last,
    );
  }

  async due(nowMs: EpochMs, limit: number): Promise<readonly MeetingId[]> {
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) =>
      this.#table.queryDue({ kind: keys.dueShard(shard), to: justAfter(nowMs), limit }),
    );
    return (await Promise.all(shards))
      .flat()
      .sort((a, b) => (a < b ? -1 : 1))
      .slice(0, limit)
      .map(keys.meetingOfDue);
  }

  async postpone(record: ActiveMeetingRecord, dueAtMs: EpochMs): Promise<boolean> {
    const { due_at_ms, due_sk } = dueAttributes(record.meetingId, dueAtMs);
    const before = await this.#table.update(keys.meeting(record.meetingId), {
      update: { text: 'SET #due_at_ms = :due_at_ms, #due_sk = :due_sk', values: { due_at_ms, due_sk } },
      condition: isRecord(record),
    });
    return before !== undefined;
  }

  async setAside(meetingId: MeetingId, dueAtMs: EpochMs): Promise<void> {
    const { due_sk } = dueAttributes(meetingId, dueAtMs);
    await this.#table.update(keys.meeting(meetingId), {
      update: { text: 'SET #due_sk = :due_sk', values: { due_sk } },
      condition: { text: 'attribute_exists(#due_sk)' },
    });
  }

  async #listStatus(
    orgId: string,
    status: MeetingStatus,
    wanted: number,
    after: MeetingPosition | undefined,
  ): Promise<Meeting[]> {
    const last = after?.status === status ? keys.inTime(after.createdAtMs, after.meetingId) : undefined;
    const items = await this.#table.queryIndex({
      kind: keys.meetingKind(orgId, status),
      ...(last !== undefined && { to: last }),
      // The bound is included: the last page's last meeting comes once more, unless it has moved meanwhile.
      limit: wanted + (last === undefined ? 0 : 1),
    });
    return items
      .filter((item) => item['kind_sk'] !== last)
      .slice(0, wanted)
      .map(toMeetingRecord);
  }

  /** The record's events, or none after they have been written as a page. A page is only ever written alike. */
  async #makeRoom(record: MeetingRecord): Promise<readonly MeetingEvent[]> {
    const [first] = record.recentEvents;
    const latest = record.recentEvents.at(-1);
    if (first === undefined || latest === undefined || record.recentEvents.length < EVENTS_PER_PAGE)
      return record.recentEvents;
    await this.#table.put(keys.meetingEvents(record.meetingId, record.createdAtMs, first.sequence), {
      events: record.recentEvents.map(toEventValue),
      ...expiryAttribute(latest.atMs + PAGE_LIFETIME_MS),
    });
    return [];
  }

  async #page(record: MeetingRecord, first: number): Promise<readonly MeetingEvent[]> {
    const item = await this.#table.get(keys.meetingEvents(record.meetingId, record.createdAtMs, first));
    return item === undefined ? [] : eventPageSchema.parse(item).events.map(toEvent);
  }

  async #expirePages(record: MeetingRecord, expiresAtMs: EpochMs): Promise<void> {
    const updates: Promise<unknown>[] = [];
    for (let first = 1; first + EVENTS_PER_PAGE <= record.sequence + 1; first += EVENTS_PER_PAGE)
      updates.push(
        this.#table.update(keys.meetingEvents(record.meetingId, record.createdAtMs, first), {
          update: {
            text: 'SET #expires_at = :expires_at',
            values: { ...expiryAttribute(expiresAtMs) },
          },
          condition: { text: 'attribute_exists(#pk)' },
        }),
      );
    await Promise.all(updates);
  }
}

/** Pages hold EVENTS_PER_PAGE events each, the first of them 1 and what follows. */
function pageStart(sequence: number): number {
  return Math.floor((sequence - 1) / EVENTS_PER_PAGE) * EVENTS_PER_PAGE + 1;
}

/** Holds while the item is the record that was read: same meeting, same number. */
function isRecord({ sequence, createdAtMs }: MeetingRecord) {
  return {
    text: '#sequence = :seen AND #created_at_ms = :created',
    values: { seen: sequence, created: createdAtMs },
  };
}

/** Bound of a sort key of time and id that takes in every id of this time. */
function justAfter(atMs: EpochMs): string {
  return new Date(atMs + 1).toISOString();
}
