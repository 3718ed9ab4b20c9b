// The answer to a join (ledger MC-2). A message is at most 64 KiB, so in a large meeting the answer names as many
// participants as fit, and the rest follow at once as the notices that a client takes anyway.
import {
  frameServerMessage,
  type ParticipantInfo,
  type ServerMessageInit,
  signaling,
} from '../../shared/signaling/messages.ts';
import { MAX_ROSTER_BYTES } from './limits.ts';
import type { Meeting } from './Meeting.ts';
import { toMediaServer } from './mediaServer.ts';
import type { Participant } from './Participant.ts';

export interface HeartbeatTimes {
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
}

/** Sends the join answer and what of the roster follows it. */
export function sendJoinResponse(
  meeting: Meeting,
  participant: Participant,
  others: readonly Participant[],
  times: HeartbeatTimes,
  replyTo: number,
): void {
  const send = (message: ServerMessageInit): void => participant.connection.send(frameServerMessage(message));
  const roster = others.map((other) => other.toInfo());
  const fitting = countFitting(roster);
  send({
    replyTo,
    joinResponse: {
      meetingId: meeting.id,
      meetingName: meeting.displayName,
      self: participant.toInfo(),
      participants: roster.slice(0, fitting),
      mediaServers: [toMediaServer(participant.media)],
      heartbeatIntervalMs: times.heartbeatIntervalMs,
      heartbeatTimeoutMs: times.heartbeatTimeoutMs,
      maxParticipants: meeting.maxParticipants,
    },
  });
  for (const other of roster.slice(fitting)) {
    send({ participantJoined: { participant: { ...other, streams: [] } } });
    for (const info of other.streams ?? []) send({ streamPublished: { info } });
  }
}

function countFitting(roster: readonly ParticipantInfo[]): number {
  let bytes = 0;
  for (const [index, info] of roster.entries()) {
    bytes += signaling.ParticipantInfo.encode(info).finish().length;
    if (bytes > MAX_ROSTER_BYTES) return index;
  }
  return roster.length;
}
