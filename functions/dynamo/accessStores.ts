// Stores of access: small items that expire by themselves, each read or written by one single-item call.
import * as z from 'zod';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import { TABLE } from '../../shared/table/table.ts';
import type { IdempotencyRecord, IdempotencyStore } from '../http/IdempotencyStore.ts';
import type { RequestCounter } from '../http/RequestCounter.ts';
import type { HostMutes } from '../meeting/HostMutes.ts';
import type { AccessStores } from '../token/AccessStores.ts';
import { CachedDenylist } from '../token/CachedDenylist.ts';
import type { Denylist, TokenFacts } from '../token/Denylist.ts';
import { MAX_GIVEN_BACK, type OneTimeTokens } from '../token/OneTimeTokens.ts';
import type { RemovedParticipants } from '../token/RemovedParticipants.ts';
import { keys } from './keys.ts';
import { expiryAttribute, type Table } from './Table.ts';

/** Removed or muted participants of one meeting that are read to find the latest: about 100 kB. */
const MAX_PARTICIPANTS_READ = 1_000;

export function createAccessStores(table: Table, clock: Clock): AccessStores {
  return {
    denylist: new CachedDenylist(denylist(table), clock),
    oneTimeTokens: oneTimeTokens(table),
    removedParticipants: removedParticipants(table),
    hostMutes: hostMutes(table),
    requests: requestCounter(table),
    idempotency: idempotency(table),
  };
}

function denylist(table: Table): Denylist {
  return {
    async denies({ orgId, subject, jti, issuedAtSeconds }: TokenFacts) {
      const [token, ofSubject] = await Promise.all([
        jti === undefined ? undefined : table.get(keys.deniedToken(orgId, jti)),
        table.get(keys.deniedSubject(orgId, subject)),
      ]);
      const untilSeconds = ofSubject?.['until_s'];
      return token !== undefined || (typeof untilSeconds === 'number' && issuedAtSeconds <= untilSeconds);
    },
    async denyToken(orgId, jti, expiresAtMs) {
      await table.put(keys.deniedToken(orgId, jti), expiryAttribute(expiresAtMs));
    },
    async denySubject(orgId, subject, untilSeconds, expiresAtMs) {
      // A later denial stays: it says more. That this one changes nothing then is no failure.
      await table.put(
        keys.deniedSubject(orgId, subject),
        { until_s: untilSeconds, ...expiryAttribute(expiresAtMs) },
        { text: 'attribute_not_exists(#until_s) OR #until_s < :until', values: { until: untilSeconds } },
      );
    },
  };
}

function oneTimeTokens(table: Table): OneTimeTokens {
  return {
    async use(id, expiresAtMs) {
      const { expires_at: expiresAt } = expiryAttribute(expiresAtMs);
      const absent = table.absent();
      const before = await table.update(keys.usedToken(id), {
        update: { text: 'SET #expires_at = :expiresAt, #is_used = :yes', values: { expiresAt, yes: true } },
        condition: { text: `${absent.text} OR #is_used = :no`, values: { ...absent.values, no: false } },
      });
      return before !== undefined;
    },
    // It stays until its time has passed: how often it was given back has to be known for as long.
    async giveBack(id) {
      await table.update(keys.usedToken(id), {
        update: { text: 'SET #is_used = :no ADD #given_back :one', values: { no: false, one: 1 } },
        condition: {
          text: '#is_used = :yes AND (attribute_not_exists(#given_back) OR #given_back < :most)',
          values: { yes: true, most: MAX_GIVEN_BACK },
        },
      });
    },
  };
}

function removedParticipants(table: Table): RemovedParticipants {
  return {
    async add(meetingId: MeetingId, participantId: ParticipantId, expiresAtMs: EpochMs) {
      await table.put(keys.removedParticipant(meetingId, participantId), expiryAttribute(expiresAtMs));
    },
    has: async (meetingId, participantId) =>
      (await table.get(keys.removedParticipant(meetingId, participantId))) !== undefined,
    async list(meetingId, limit) {
      const { pk } = keys.removedParticipant(meetingId, '' as ParticipantId);
      const prefix = keys.removedParticipants;
      // Their order in the table is that of random ids.
      const found = await table.queryPartition({ pk, prefix, limit: MAX_PARTICIPANTS_READ });
      return found
        .sort((a, b) => Number(a[TABLE.timeToLive]) - Number(b[TABLE.timeToLive]))
        .slice(-limit)
        .map((item) => String(item[TABLE.sortKey]).slice(prefix.length) as ParticipantId);
    },
  };
}

const hostMuteSchema = z.object({ audio: z.boolean(), video: z.boolean() });

function hostMutes(table: Table): HostMutes {
  return {
    async put(meetingId, generation, { participant_id: participantId, audio, video }, expiresAtMs) {
      const item = { audio, video, generation, ...expiryAttribute(expiresAtMs) };
      return await table.put(keys.hostMute(meetingId, participantId), item, {
        text: 'attribute_not_exists(#generation) OR #generation <= :generation',
        values: { generation },
      });
    },
    async list(meetingId, limit) {
      const { pk } = keys.hostMute(meetingId, '');
      const prefix = keys.hostMutes;
      const found = await table.queryPartition({ pk, prefix, limit: MAX_PARTICIPANTS_READ });
      return found
        .sort((a, b) => Number(a[TABLE.timeToLive]) - Number(b[TABLE.timeToLive]))
        .map((item) => ({
          participant_id: String(item[TABLE.sortKey]).slice(prefix.length),
          ...hostMuteSchema.parse(item),
        }))
        .filter(({ audio, video }) => audio || video)
        .slice(-limit);
    },
  };
}

function requestCounter(table: Table): RequestCounter {
  return {
    async count(client, windowEndsAtMs) {
      const { expires_at: expiresAt } = expiryAttribute(windowEndsAtMs);
      const before = await table.update(keys.requests(client, windowEndsAtMs), {
        update: { text: 'SET #expires_at = :expiresAt ADD #requests :one', values: { expiresAt, one: 1 } },
      });
      const counted = before?.['requests'];
      return (typeof counted === 'number' ? counted : 0) + 1;
    },
  };
}

const recordSchema = z.object({
  fingerprint: z.string(),
  resource_id: z.string(),
  claimed_at_ms: z.number(),
  answer: z.string().optional(),
});

function idempotency(table: Table): IdempotencyStore {
  return {
    async claim(key, record, expiresAtMs) {
      const item = {
        fingerprint: record.fingerprint,
        resource_id: record.resourceId,
        claimed_at_ms: record.claimedAtMs,
        ...expiryAttribute(expiresAtMs),
      };
      if (await table.put(keys.idempotency(key), item, table.absent())) return record;
      const there = await table.get(keys.idempotency(key));
      return there === undefined ? record : toRecord(recordSchema.parse(there));
    },
    async complete(key, answer) {
      await table.update(keys.idempotency(key), {
        update: { text: 'SET #answer = :answer', values: { answer } },
        condition: { text: 'attribute_exists(#pk)' },
      });
    },
  };
}

function toRecord(stored: z.infer<typeof recordSchema>): IdempotencyRecord {
  return {
    fingerprint: stored.fingerprint,
    resourceId: stored.resource_id,
    claimedAtMs: stored.claimed_at_ms as EpochMs,
    answer: stored.answer,
  };
}
