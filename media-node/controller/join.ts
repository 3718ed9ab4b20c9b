// Joining (ledger MC-2): token, place in the meeting, router and transport, roster. A participant that goes away while
// its join is under way leaves nothing behind: `signal` says so, and what was made for it is closed again.
import type { JWTVerifyGetKey } from 'jose';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { continueTrace, toTraceparent } from '../../shared/base/trace.ts';
import { type JoinClaims, verifyJoinToken } from '../../shared/token/joinToken.ts';
import { type HeartbeatTimes, sendJoinResponse } from './joinResponse.ts';
import type { TransportRequest } from './MediaPlane.ts';
import type { Meeting } from './Meeting.ts';
import type { MediaLink } from './MeetingRouter.ts';
import { type HostMutes, mutedKinds } from './MutedKinds.ts';
import { Participant, type ParticipantConnection } from './Participant.ts';
import { SignalingError } from './SignalingError.ts';

/** Longest join token that is looked at, characters; ours take about 500. */
const MAX_TOKEN_CHARACTERS = 4_096;

/** Routers that may be lost right behind the answer to one join. */
const MAX_LOST_LINKS = 3;

export interface JoinServices {
  readonly controllerId: string;
  readonly times: HeartbeatTimes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Keys that sign join tokens; undefined before the global controller gave them. */
  readonly keys: () => JWTVerifyGetKey | undefined;
  /** The meeting, for somebody to join; throws a SignalingError when there is no room to serve it. */
  readonly findMeeting: (meetingId: string) => Meeting | undefined;
}

export interface JoinAttempt {
  readonly sequence: number;
  readonly joinToken: string;
  /** W3C trace context that the client goes on with; anything else starts one (ledger GC-19). */
  readonly traceparent: string;
  readonly connection: ParticipantConnection;
  /** Aborts when the session ends before it has joined. */
  readonly signal: AbortSignal;
  /** Called in the turn in which the participant enters the roster, before it is told. */
  readonly onAdmitted: (meeting: Meeting, participant: Participant) => void;
}

/** Resolves once the participant is in the roster, or the attempt was aborted. Rejects with a SignalingError. */
export async function joinMeeting(services: JoinServices, attempt: JoinAttempt): Promise<void> {
  const { connection, signal } = attempt;
  const trace = continueTrace(attempt.traceparent);
  const claims = await checkToken(services, attempt.joinToken, trace.traceId);
  if (signal.aborted) return;
  const meeting = services.findMeeting(claims.meeting_id);
  if (meeting === undefined) throw SignalingError.meetingEnded();
  // A token of an earlier assignment to this controller is good; one of a later assignment means that this one is stale.
  if (claims.generation > meeting.generation) throw SignalingError.invalidToken();
  meeting.reserve(claims.sub, connection, signal);
  try {
    const userId = meeting.takeUserId();
    const hostMutes = (): HostMutes =>
      meeting.participants.get(claims.sub)?.hostMutes ?? meeting.mutes.of(claims.sub);
    let mutes = hostMutes();
    const connect = () => {
      const muted = mutedKinds(mutes);
      const request = {
        participant_id: claims.sub,
        user_id: userId,
        muted,
        traceparent: toTraceparent(trace),
      };
      return connectMedia(meeting, request, signal);
    };
    let media = await connect();
    // Muted over its other connection meanwhile: this one is made again, muted.
    while (!signal.aborted && hostMutes() !== mutes) {
      await media.close();
      mutes = hostMutes();
      media = await connect();
    }
    if (signal.aborted) return void (await media.close());
    const participant = new Participant({
      participantId: claims.sub,
      userId,
      displayName: claims.name,
      joinedAtMs: services.clock.epochMs(),
      connection,
      media,
      isHost: claims.role === 'host',
      hostMutes: mutes,
      traceId: trace.traceId,
    });
    meeting.admit(participant, (others) => {
      attempt.onAdmitted(meeting, participant);
      sendJoinResponse(meeting, participant, others, services.times, attempt.sequence);
    });
  } finally {
    meeting.cancel(claims.sub, connection);
  }
}

async function checkToken(services: JoinServices, joinToken: string, traceId: string): Promise<JoinClaims> {
  const refuse = (reason: string): never => {
    services.log.info('Join token refused', { reason, trace_id: traceId });
    throw SignalingError.invalidToken();
  };
  const keys = services.keys();
  if (keys === undefined) return refuse('No signing keys yet');
  if (joinToken.length > MAX_TOKEN_CHARACTERS) return refuse(`Token has ${joinToken.length} characters`);
  const verified = await verifyJoinToken(joinToken, keys, new Date(services.clock.epochMs()));
  if (!verified.ok) return refuse(verified.reason);
  if (verified.value.controller_id !== services.controllerId)
    return refuse(`Token is for controller "${verified.value.controller_id}"`);
  return verified.value;
}

async function connectMedia(
  meeting: Meeting,
  request: TransportRequest,
  signal: AbortSignal,
): Promise<MediaLink> {
  try {
    for (let tries = MAX_LOST_LINKS; ; tries--) {
      const link = await meeting.router.connect(request, signal);
      if (!link.lost || tries <= 1) return link;
      await link.close();
    }
  } catch (error) {
    throw SignalingError.ofJoin(error);
  }
}
