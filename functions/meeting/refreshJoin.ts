// A new join token for a participant that stays (ledger GC-15): the same participant id, without leaving the meeting.
import type { JWTVerifyGetKey } from 'jose';
import { ApiError } from '../../shared/api/error.ts';
import type { JoinAnswerBody } from '../../shared/api/meeting.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import { type JoinClaims, REFRESH_GRACE_SECONDS, verifyJoinToken } from '../../shared/token/joinToken.ts';
import type { TraceContext } from '../base/trace.ts';
import type { AccessStores } from '../token/AccessStores.ts';
import type { Join } from './join.ts';
import type { MeetingStore } from './MeetingStore.ts';

export interface RefreshOptions {
  readonly meetings: Pick<MeetingStore, 'get'>;
  readonly access: Pick<AccessStores, 'denylist' | 'removedParticipants'>;
  readonly keys: JWTVerifyGetKey;
  readonly clock: Clock;
  readonly join: Join;
}

/**
 * The participant of a token that may be refreshed: good, or expired a moment ago.
 * @throws ApiError UNAUTHORIZED, which does not say why
 */
export async function checkRefresh(
  { keys, clock }: Pick<RefreshOptions, 'keys' | 'clock'>,
  meetingId: MeetingId,
  joinToken: string,
  log: Logger,
): Promise<JoinClaims> {
  const verified = await verifyJoinToken(joinToken, keys, new Date(clock.epochMs()), {
    expiredForSeconds: REFRESH_GRACE_SECONDS,
  });
  if (verified.ok && verified.value.meeting_id === meetingId) return verified.value;
  log.info('Join token refused', {
    reason: verified.ok ? 'Token is for another meeting' : verified.reason,
    meeting_id: meetingId,
  });
  throw new ApiError('UNAUTHORIZED', 'Invalid or expired join token');
}

/**
 * @throws ApiError FORBIDDEN for whoever was removed or may no longer join, NOT_FOUND when the meeting has ended,
 * NO_CAPACITY as for a join
 */
export async function refreshJoin(
  { meetings, access, join }: RefreshOptions,
  claims: JoinClaims,
  log: Logger,
  trace: TraceContext,
): Promise<JoinAnswerBody> {
  const meetingId = claims.meeting_id as MeetingId;
  const participantId = claims.sub as ParticipantId;
  const { user } = claims;
  const [meeting, removed, denied] = await Promise.all([
    meetings.get(meetingId),
    access.removedParticipants.has(meetingId, participantId),
    user !== undefined &&
      access.denylist.denies({
        orgId: user.org_id,
        subject: user.subject,
        issuedAtSeconds: user.joined_at,
      }),
  ]);
  if (removed) throw new ApiError('FORBIDDEN', 'Participant was removed from the meeting');
  if (denied) throw new ApiError('FORBIDDEN', 'Participant may no longer join: its user tokens were revoked');
  if (meeting === undefined) throw new ApiError('NOT_FOUND', 'Meeting has ended');
  return await join(meeting, { participantId, displayName: claims.name, ...(user && { user }) }, log, trace);
}
