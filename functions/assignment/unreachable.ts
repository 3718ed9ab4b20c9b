// Participants that cannot reach their meeting's controller (ledger GC-17): when a majority says so, or the controller is
// found gone from here too, the meeting gets another one at once, without waiting for its heartbeats to be missed.

import type { UnreachableAnswer } from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { JoinClaims } from '../../shared/token/joinToken.ts';
import type { MeetingRecord } from '../meeting/Meeting.ts';
import { checkParticipant } from '../meeting/participantClaims.ts';
import { sha256Hex } from '../token/ApiClients.ts';
import type { Assignment } from './Assignment.ts';
import { type AssignOptions, assign, meetingEnded, SUPERSEDED } from './assign.ts';
import { isFoundGone } from './foundGone.ts';

/**
 * One participant alone may be the one whose network is broken: where the controller is there, it takes others to say so.
 * What the controller has said may be of before others joined.
 */
const NEEDED_AT_LEAST = 2;

/**
 * Participants that must say so: a majority of those that the controller has last said are there, and at least two, also
 * where it has said fewer or nothing yet.
 */
export function reportsNeeded(participants = 0): number {
  return Math.max(NEEDED_AT_LEAST, Math.floor(participants / 2) + 1);
}

export interface UnreachableContext {
  readonly log: Logger;
  readonly trace: TraceContext;
}

/**
 * Whose voice a report is. Every join makes a new participant, which need not ever have been in the meeting: so a user of an
 * issuer has one, however often it joined, and all guests have one together, as all have whom the holder of a key lets in.
 * Where everyone is let in each participant has its own.
 */
async function reporterOf({ sub, user }: JoinClaims): Promise<string> {
  if (user === undefined) return 'guests:';
  if (user.anyone) return `participant:${sub}`;
  return `user:${await sha256Hex(JSON.stringify([user.org_id, user.principal ?? user.subject]))}`;
}

/**
 * Counts one participant's report, and moves the meeting when it is the one that makes a majority, or when its controller
 * is found gone. Reports of an assignment that is over, whoever makes them, count for nothing.
 * @param claims of the join token that the participant has shown, verified
 * @throws ApiError NOT_FOUND when the meeting has ended; FORBIDDEN for a token of another meeting, and for whoever was
 *   removed or whose user tokens were revoked since; NO_CAPACITY (503) when no other controller takes the meeting
 */
export async function reportUnreachable(
  options: AssignOptions,
  meeting: MeetingRecord,
  claims: JoinClaims,
  { log, trace }: UnreachableContext,
): Promise<UnreachableAnswer> {
  const { region, stores, clock } = options;
  if (claims.meeting_id !== meeting.meetingId)
    throw new ApiError('FORBIDDEN', 'Join token must be of the meeting that it is shown for');
  if (meeting.status === 'ended') throw meetingEnded();
  const assignment = meeting.assignments[region];
  if (assignment === undefined || !isOf(claims, assignment))
    return { outcome: 'obsolete', reports: 0, needed: NEEDED_AT_LEAST };
  await checkParticipant(stores.access, claims);
  const [reports, presence] = await Promise.all([
    stores.unreachable.report(assignment, await reporterOf(claims), clock.epochMs()),
    stores.presence.get(assignment.controllerId, meeting.meetingId),
  ]);
  const isHeard = presence?.generation === assignment.generation;
  const needed = reportsNeeded(isHeard ? presence.participants : undefined);
  const fields = { meeting_id: meeting.meetingId, controller_id: assignment.controllerId, reports, needed };
  log.info('Participant cannot reach the meeting controller', fields);
  const isMajority = reports >= needed;
  if (!isMajority && !(await isFoundGone(options, assignment.controllerId, { log, trace })))
    return { outcome: 'counted', reports, needed };
  log.warn(
    `Meeting moves: ${isMajority ? 'a majority cannot reach its controller' : 'its controller is gone'}`,
    fields,
  );
  const served = await assign(options, meeting, { log, trace, unreachable: assignment });
  // One that is gone hears of it when it comes back, with its first notice of presence.
  if (isMajority && served.assignment.generation !== assignment.generation)
    await tellFormer(options, assignment, { log, trace });
  return { outcome: 'moved', reports, needed };
}

function isOf({ controller_id, generation }: JoinClaims, assignment: Assignment): boolean {
  return controller_id === assignment.controllerId && generation === assignment.generation;
}

/** Those who still reach it are sent to the new one. If it does not hear of it, it does with its next notice of presence. */
async function tellFormer(
  { stores, controllerClient }: AssignOptions,
  { meetingId, controllerId, generation }: Assignment,
  { log, trace }: UnreachableContext,
): Promise<void> {
  const controller = await stores.controllers.get(controllerId);
  if (controller === undefined) return;
  const request = { meeting_id: meetingId, generation, reason: SUPERSEDED, moved: true };
  const told = await controllerClient.endMeeting(controller, request, trace);
  if (!told.ok)
    log.info('Former meeting controller could not be told', {
      meeting_id: meetingId,
      controller_id: controllerId,
      reason: told.reason,
    });
}
