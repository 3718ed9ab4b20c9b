// A participant's way into a meeting: where it is served, and a token that lets in there (ledger GC-15).
import type { JoinAnswerBody } from '../../shared/api/meeting.ts';
import type { ParticipantId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import { JOIN_TOKEN_LIFETIME_SECONDS, type JoinClaims, signJoinToken } from '../../shared/token/joinToken.ts';
import { type AssignOptions, assign, meetingEnded, type ServedAssignment } from '../assignment/assign.ts';
import { SingleFlight } from '../base/SingleFlight.ts';
import type { SigningKeys } from '../token/SigningKeys.ts';
import type { MeetingRecord } from './Meeting.ts';

export interface JoinOptions extends AssignOptions {
  readonly signingKeys: SigningKeys;
}

/** Who joins. */
export interface Joining {
  readonly displayName: string;
  /** Of a participant that has joined before and stays; made up for a new one. */
  readonly participantId?: ParticipantId;
  /** A host may mute and remove others; absent for anybody else. */
  readonly role?: JoinClaims['role'];
  /** On whose word; absent for guests. */
  readonly user?: JoinClaims['user'];
}

/**
 * Joins participants to meetings that exist. Rejects with ApiError: NOT_FOUND "Meeting has ended", NO_CAPACITY (503,
 * Retry-After).
 */
export type Join = (
  meeting: MeetingRecord,
  joining: Joining,
  log: Logger,
  trace: TraceContext,
) => Promise<JoinAnswerBody>;

export function createJoin(options: JoinOptions): Join {
  // Joins that arrive together in this process ask for the assignment once.
  const assigning = new SingleFlight<string, ServedAssignment>();

  return async function join(meeting, { displayName, participantId: known, role, user }, log, trace) {
    if (meeting.status === 'ended') throw meetingEnded();
    const { assignment, controller } = await assigning.run(meeting.meetingId, () =>
      assign(options, meeting, { log, trace }),
    );
    const participantId = known ?? crypto.randomUUID();
    log.info(known === undefined ? 'Participant let in' : 'Participant stays', {
      meeting_id: meeting.meetingId,
      participant_id: participantId,
      controller_id: assignment.controllerId,
      generation: assignment.generation,
    });
    const issuedAtSeconds = Math.floor(options.clock.epochMs() / 1_000);
    return {
      meeting_id: meeting.meetingId,
      meeting_controller_url: controller.registration.webtransport_url,
      certificate_hashes: [...controller.registration.certificate_hashes],
      join_token: await signJoinToken(options.signingKeys.current(), {
        participantId,
        meetingId: meeting.meetingId,
        displayName,
        ...(role && { role }),
        ...(user && { user }),
        controllerId: assignment.controllerId,
        generation: assignment.generation,
        issuedAtSeconds,
      }),
      expires_at: new Date((issuedAtSeconds + JOIN_TOKEN_LIFETIME_SECONDS) * 1_000).toISOString(),
      expires_in: JOIN_TOKEN_LIFETIME_SECONDS,
    };
  };
}
