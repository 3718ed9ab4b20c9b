// Keys of all items, in one place. Ids have no `#`, so that no two things share a key.
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { MeetingStatus } from '../meeting/Meeting.ts';
import type { ItemKey } from './Table.ts';

export type NodeKind = 'handler' | 'controller';

/** | item | pk | sk | index: kind_pk | kind_sk | */
export const keys = {
  /** A meeting; in the index by organisation and status, in order of creation. */
  meeting: (meetingId: MeetingId): ItemKey => ({ pk: `meeting#${meetingId}`, sk: 'meeting' }),
  meetingKind: (orgId: string, status: MeetingStatus): string => `meeting#${orgId}#${status}`,
  /** A meeting's one assignment in a region. Not in the index. */
  assignment: (meetingId: MeetingId, region: string): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `assignment#${region}`,
  }),
  /** A node; in the index by kind and region in order of its last report, from its first report on. */
  node: (kind: NodeKind, id: string): ItemKey => ({ pk: `${kind}#${id}`, sk: 'node' }),
  nodeKind: (kind: NodeKind, region: string): string => `${kind}#${region}`,
  /** Access, none of it in the index. Names that are not ids come last in a key, where a `#` does no harm. */
  deniedToken: (orgId: string, jti: string): ItemKey => ({ pk: `denied#${orgId}`, sk: `token#${jti}` }),
  deniedSubject: (orgId: string, subject: string): ItemKey => ({
    pk: `denied#${orgId}`,
    sk: `subject#${subject}`,
  }),
  usedToken: (id: string): ItemKey => ({ pk: `used#${id}`, sk: 'token' }),
  removedParticipant: (meetingId: MeetingId, participantId: ParticipantId): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `removed#${participantId}`,
  }),
  requests: (client: string, windowEndsAtMs: EpochMs): ItemKey => ({
    pk: `requests#${client}`,
    sk: `until#${windowEndsAtMs}`,
  }),
  idempotency: (key: string): ItemKey => ({ pk: `idempotency#${key}`, sk: 'request' }),
  /** Sort key of the index: ISO 8601 in UTC sorts as time does. */
  inTime: (atMs: EpochMs, id: string): string => `${new Date(atMs).toISOString()}#${id}`,
} as const;
