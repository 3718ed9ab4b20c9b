// Creating a meeting under an idempotency key (draft-ietf-httpapi-idempotency-key-header): the same request again has the
// same answer for a day, and makes no second meeting. The id is settled in the record of the key before the meeting is
// made, so that a request that died half way is finished by the next one of the key.
import { ApiError } from '../../shared/api/error.ts';
import { IDEMPOTENCY_KEY_HEADER, IDEMPOTENCY_KEY_PATTERN } from '../../shared/api/idempotency.ts';
import { type CreateMeeting, type MeetingBody, meetingSchema } from '../../shared/api/meeting.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import { CLOCK_SKEW_SECONDS } from '../../shared/token/joinToken.ts';
import type { Random } from '../base/random.ts';
import { type Caller, principalOf } from '../http/Access.ts';
import type { IdempotencyStore } from '../http/IdempotencyStore.ts';
import { sha256Hex } from '../token/ApiClients.ts';
import { toMeetingBody } from './Meeting.ts';
import type { Meetings } from './Meetings.ts';
import { makeMeetingId } from './meetingId.ts';

const KEPT_MS = 24 * 3_600_000;

export interface IdempotentCreateOptions {
  readonly meetings: Meetings;
  readonly idempotency: IdempotencyStore;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The meeting as it was when it was created.
 * @throws ApiError as Meetings.create; 422 when the key was used for another request, 400 when it is none
 */
export async function createOnce(
  { meetings, idempotency, clock, random }: IdempotentCreateOptions,
  caller: Caller,
  key: string,
  request: CreateMeeting,
): Promise<MeetingBody> {
  if (!IDEMPOTENCY_KEY_PATTERN.test(key))
    throw new ApiError(
      'INVALID_REQUEST',
      `${IDEMPOTENCY_KEY_HEADER} must be 1 to 255 printable ASCII characters`,
    );
  // Of the organisation and the client: nobody meets the keys of somebody else.
  const storedKey = await sha256Hex(
    JSON.stringify(['createMeeting', caller.orgId, principalOf(caller), key]),
  );
  const nowMs = clock.epochMs();
  const ours = {
    fingerprint: await sha256Hex(JSON.stringify(Object.entries(request).sort())),
    resourceId: request.meeting_id ?? makeMeetingId(random),
    claimedAtMs: nowMs,
  };
  const record = await idempotency.claim(storedKey, ours, (nowMs + KEPT_MS) as EpochMs);
  if (record.fingerprint !== ours.fingerprint)
    throw new ApiError(
      'INVALID_REQUEST',
      `${IDEMPOTENCY_KEY_HEADER} was used for another request: take a new one`,
      { status: 422 },
    );
  if (record.answer !== undefined) return meetingSchema.parse(JSON.parse(record.answer));
  const body = await createOrFind();
  await idempotency.complete(storedKey, JSON.stringify(body));
  return body;

  async function createOrFind(): Promise<MeetingBody> {
    const meetingId = record.resourceId as MeetingId;
    try {
      return toMeetingBody(await meetings.create(caller, { ...request, meeting_id: meetingId }));
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'CONFLICT') throw error;
      // Another request of this key may have made it, and may have died before it said so. What is older than the key, or
      // is not what was asked for, is somebody else's.
      const meeting = await meetings.get(caller.orgId, meetingId).catch(() => undefined);
      if (meeting === undefined || meeting.createdBy !== principalOf(caller)) throw error;
      if (meeting.createdAtMs < record.claimedAtMs - CLOCK_SKEW_SECONDS * 1_000) throw error;
      const asked = { ...request, meeting_id: meetingId, display_name: request.display_name ?? meetingId };
      const body = toMeetingBody(meeting);
      if (Object.entries(asked).some(([name, value]) => body[name as keyof MeetingBody] !== value))
        throw error;
      return body;
    }
  }
}
