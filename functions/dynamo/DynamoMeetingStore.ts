import * as z from 'zod';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { ActiveMeeting, Meeting, MeetingStatus } from '../meeting/Meeting.ts';
import type {
  MeetingChanges,
  MeetingListQuery,
  MeetingPage,
  MeetingPosition,
  MeetingStore,
} from '../meeting/MeetingStore.ts';
import type { Item, Value } from './attributes.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

const facts = {
  meeting_id: z.string(),
  org_id: z.string(),
  display_name: z.string(),
  max_participants: z.number(),
  allow_guests: z.boolean().default(false),
  created_at_ms: z.number(),
};
const itemSchema = z.discriminatedUnion('status', [
  z.object({ ...facts, status: z.literal('active') }),
  z.object({ ...facts, status: z.literal('ended'), ended_at_ms: z.number() }),
]);

export class DynamoMeetingStore implements MeetingStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async create(meeting: ActiveMeeting): Promise<boolean> {
    const item: Item = {
      meeting_id: meeting.meetingId,
      org_id: meeting.orgId,
      display_name: meeting.displayName,
      max_participants: meeting.maxParticipants,
      allow_guests: meeting.allowGuests,
      created_at_ms: meeting.createdAtMs,
      status: 'active',
      kind_pk: keys.meetingKind(meeting.orgId, 'active'),
      kind_sk: keys.inTime(meeting.createdAtMs, meeting.meetingId),
    };
    return await this.#table.put(keys.meeting(meeting.meetingId), item, this.#table.absent());
  }

  async get(meetingId: MeetingId): Promise<Meeting | undefined> {
    const item = await this.#table.get(keys.meeting(meetingId));
    return item && toMeeting(item);
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

  async update(meetingId: MeetingId, changes: MeetingChanges): Promise<ActiveMeeting | undefined> {
    const values: Record<string, Value> = {
      ...(changes.displayName !== undefined && { display_name: changes.displayName }),
      ...(changes.maxParticipants !== undefined && { max_participants: changes.maxParticipants }),
      ...(changes.allowGuests !== undefined && { allow_guests: changes.allowGuests }),
    };
    const before = await this.#table.update(keys.meeting(meetingId), {
      update: {
        text: `SET ${Object.keys(values)
          .map((name) => `#${name} = :${name}`)
          .join(', ')}`,
        values,
      },
      condition: { text: '#status = :active', values: { active: 'active' } },
    });
    const after = before && toMeeting({ ...before, ...values });
    return after?.status === 'active' ? after : undefined;
  }

  async end(meetingId: MeetingId, endedAtMs: EpochMs, expiresAtMs: EpochMs): Promise<boolean> {
    const meeting = await this.get(meetingId);
    if (meeting?.status !== 'active') return false;
    const before = await this.#table.update(keys.meeting(meetingId), {
      update: {
        text: 'SET #status = :ended, #ended_at_ms = :endedAt, #expires_at = :expiresAt, #kind_pk = :kind',
        values: {
          ended: 'ended',
          endedAt: endedAtMs,
          expiresAt: expiryAttribute(expiresAtMs).expires_at,
          kind: keys.meetingKind(meeting.orgId, 'ended'),
        },
      },
      condition: { text: '#status = :active', values: { active: 'active' } },
    });
    return before !== undefined;
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
      .map(toMeeting);
  }
}

function toMeeting(item: Item): Meeting {
  const stored = itemSchema.parse(item);
  const common = {
    meetingId: stored.meeting_id as MeetingId,
    orgId: stored.org_id,
    displayName: stored.display_name,
    maxParticipants: stored.max_participants,
    allowGuests: stored.allow_guests,
    createdAtMs: stored.created_at_ms as EpochMs,
  };
  return stored.status === 'active'
    ? { ...common, status: 'active' }
    : { ...common, status: 'ended', endedAtMs: stored.ended_at_ms as EpochMs };
}
