// A new join token for a participant that stays (ledger GC-15): the same participant id, without leaving the meeting.
import { ApiError } from '../../shared/api/error.ts';
import type { JoinAnswerBody } from '../../shared/api/meeting.ts';
import type { MeetingId, ParticipantId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import { type JoinClaims, REFRESH_GRACE_SECONDS } from '../../shared/token/joinToken.ts';
import type { AccessStores } from '../token/AccessStores.ts';
import type { Join } from './join.ts';
import type { MeetingStore } from './MeetingStore.ts';
import { type ClaimsOptions, checkParticipant, readClaims } from './participantClaims.ts';

export interface RefreshOptions extends ClaimsOptions {
  readonly meetings: Pick<MeetingStore, 'get'>;
  readonly access: Pick<AccessStores, 'denylist' | 'removedParticipants'>;
  readonly join: Join;
}

/**
 * The participant of a token that may be refreshed: good, or expired a moment ago.
 * @throws ApiError UNAUTHORIZED, which does not say why
 */
export async function checkRefresh(
  options: ClaimsOptions,
  meetingId: MeetingId,
  joinToken: string,
  log: Logger,
): Promise<JoinClaims> {
  const claims = await readClaims(options, meetingId, joinToken, log, REFRESH_GRACE_SECONDS);
  if (claims === undefined) throw new ApiError('UNAUTHORIZED', 'Invalid or expired join token');
  return claims;
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
  const [meeting] = await Promise.all([
    meetings.get(claims.meeting_id as MeetingId),
    checkParticipant(access, claims),
  ]);
  if (meeting === undefined) throw new ApiError('NOT_FOUND', 'Meeting has ended');
  const { name: displayName, role, user } = claims;
  const participantId = claims.sub as ParticipantId;
  return await join(
    meeting,
    { participantId, displayName, ...(role && { role }), ...(user && { user }) },
    log,
    trace,
  );
}
