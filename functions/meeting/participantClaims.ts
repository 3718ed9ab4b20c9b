// What a join token that is shown to the API counts for: who its participant is, and whether it may still act.
import type { JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../shared/api/error.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import { type JoinClaims, verifyJoinToken } from '../../shared/token/joinToken.ts';
import type { AccessStores } from '../token/AccessStores.ts';

export interface ClaimsOptions {
  readonly keys: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** Claims of a good join token of this meeting, also of one that has expired for so long; why not is for the log alone. */
export async function readClaims(
  { keys, clock }: ClaimsOptions,
  meetingId: MeetingId,
  joinToken: string,
  log: Logger,
  expiredForSeconds = 0,
): Promise<JoinClaims | undefined> {
  const verified = await verifyJoinToken(joinToken, keys, new Date(clock.epochMs()), { expiredForSeconds });
  if (verified.ok && verified.value.meeting_id === meetingId) return verified.value;
  log.info('Join token refused', {
    reason: verified.ok ? 'Token is for another meeting' : verified.reason,
    meeting_id: meetingId,
  });
  return undefined;
}

/** @throws ApiError FORBIDDEN for whoever was removed, or joined on the word of a user whose tokens were revoked since */
export async function checkParticipant(
  { removedParticipants, denylist }: Pick<AccessStores, 'denylist' | 'removedParticipants'>,
  { meeting_id, sub, user }: JoinClaims,
): Promise<void> {
  const [removed, denied] = await Promise.all([
    removedParticipants.has(meeting_id as MeetingId, sub as ParticipantId),
    user !== undefined &&
      denylist.denies({ orgId: user.org_id, subject: user.subject, issuedAtSeconds: user.joined_at }),
  ]);
  if (removed) throw new ApiError('FORBIDDEN', 'Participant was removed from the meeting');
  if (denied) throw new ApiError('FORBIDDEN', 'Participant may no longer join: its user tokens were revoked');
}
