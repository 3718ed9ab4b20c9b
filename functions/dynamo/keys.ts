// Keys of all items, in one place. Ids have no `#`, so that no two things share a key.
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { MeetingStatus } from '../meeting/Meeting.ts';
import type { Place } from '../registry/NodeStore.ts';
import type { ItemKey } from './Table.ts';

/** Partitions over which meetings that are due are spread: each takes 1,000 writes/s on AWS. */
export const DUE_SHARDS = 4;

export type NodeKind = 'handler' | 'controller';

/** | item | pk | sk | index: kind_pk | kind_sk | */
export const keys = {
  /** A meeting; in the index by organisation and status, in order of creation. */
  meeting: (meetingId: MeetingId): ItemKey => ({ pk: `meeting#${meetingId}`, sk: 'meeting' }),
  meetingKind: (orgId: string, status: MeetingStatus): string => `meeting#${orgId}#${status}`,
  /** A full page of a meeting's trail, by its first number. An id may be used again: creation tells meetings apart. */
  meetingEvents: (meetingId: MeetingId, createdAtMs: EpochMs, first: number): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `events#${createdAtMs}#${String(first).padStart(9, '0')}`,
  }),
  /** Who said that a meeting's controller of this generation cannot be reached. Not in an index. */
  unreachable: (meetingId: MeetingId, region: string, generation: number): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `unreachable#${region}#${generation}`,
  }),
  /** Participants of a controller's meetings, as it last said. Not in an index. */
  presence: (controllerId: string): ItemKey => ({ pk: `controller#${controllerId}`, sk: 'presence' }),
  /** Meetings that a controller has lost to others. Not in an index. */
  superseded: (controllerId: string): ItemKey => ({ pk: `controller#${controllerId}`, sk: 'superseded' }),
  /** Meetings of which a controller could not be told. Not in an index. */
  untold: (controllerId: string): ItemKey => ({ pk: `controller#${controllerId}`, sk: 'untold' }),
  /** Index of what is due: active meetings, spread by their id. */
  meetingDue: (meetingId: MeetingId): string => keys.dueShard(shardOf(meetingId)),
  dueShard: (shard: number): string => `meeting#${shard}`,
  /** The meeting of a sort key of that index. */
  meetingOfDue: (sortKey: string): MeetingId => sortKey.slice(sortKey.indexOf('#') + 1) as MeetingId,
  /** A node; in the index by kind, region and whether it takes meetings, in order of headroom (registry/INDEX.md). */
  node: (kind: NodeKind, id: string): ItemKey => ({ pk: `${kind}#${id}`, sk: 'node' }),
  nodePlace: (kind: NodeKind, region: string, place: Place): string => `${kind}#${region}#${place}`,
  /** Access, none of it in the index. Names that are not ids come last in a key, where a `#` does no harm. */
  deniedToken: (orgId: string, jti: string): ItemKey => ({ pk: `denied#${orgId}`, sk: `token#${jti}` }),
  deniedSubject: (orgId: string, subject: string): ItemKey => ({
    pk: `denied#${orgId}`,
    sk: `subject#${subject}`,
  }),
  usedToken: (id: string): ItemKey => ({ pk: `used#${id}`, sk: 'token' }),
  removedParticipant: (meetingId: MeetingId, participantId: ParticipantId): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `${keys.removedParticipants}${participantId}`,
  }),
  /** What the sort keys of those begin with. */
  removedParticipants: 'removed#',
  /** What a host has muted of a participant. */
  hostMute: (meetingId: MeetingId, participantId: string): ItemKey => ({
    pk: `meeting#${meetingId}`,
    sk: `${keys.hostMutes}${participantId}`,
  }),
  /** What the sort keys of those begin with. */
  hostMutes: 'muted#',
  requests: (client: string, windowEndsAtMs: EpochMs): ItemKey => ({
    pk: `requests#${client}`,
    sk: `until#${windowEndsAtMs}`,
  }),
  idempotency: (key: string): ItemKey => ({ pk: `idempotency#${key}`, sk: 'request' }),
  /** Sort key of the index: ISO 8601 in UTC sorts as time does. */
  inTime: (atMs: EpochMs, id: string): string => `${new Date(atMs).toISOString()}#${id}`,
} as const;

function shardOf(id: string): number {
  let sum = 0;
  for (let i = 0; i < id.length; i++) sum += id.charCodeAt(i);
  return sum % DUE_SHARDS;
}
