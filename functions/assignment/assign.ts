// Who serves a meeting (ledger GC-6, GC-7, GC-8): a healthy assignment is used again; else nodes are selected, the
// controller is asked, and what it accepted is written if nobody was faster. The conditional write is the only guarantee.
import { ApiError } from '../../shared/api/error.ts';
import type { AssignMeeting } from '../../shared/api/node.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { ControllerId, Generation, HandlerId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Random } from '../base/random.ts';
import type { TraceContext } from '../base/trace.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { ActiveMeeting } from '../meeting/Meeting.ts';
import { SILENCE_LIMIT_MS } from '../registry/health.ts';
import {
  type ControllerLoad,
  controllerLoadRatio,
  type HandlerLoad,
  handlerLoadRatio,
  type MediaHandler,
  type MediaNode,
  type MeetingController,
} from '../registry/MediaNode.ts';
import type { NodeStore } from '../registry/NodeStore.ts';
import { type Assignment, isServedBy } from './Assignment.ts';
import { type AssignmentStore, isClosed } from './AssignmentStore.ts';
import {
  type Candidate,
  describeShortage,
  type PrimaryAndBackup,
  type Shortage,
  selectNode,
  selectPrimaryAndBackup,
} from './select.ts';

/** Controllers that are asked for one meeting before the caller is told to come back (ledger GC-6). */
export const MAX_CONTROLLERS_ASKED = 3;
/** Times that somebody else's record is found and turns out to be unserved; each takes a controller's death. */
const MAX_ROUNDS = 3;
const RETRY_AFTER_SECONDS = 5;
const REQUESTED_BY = 'global-controller';
const SUPERSEDED = 'Meeting is served by another controller';

export interface AssignOptions {
  readonly region: string;
  readonly assignments: AssignmentStore;
  readonly handlers: NodeStore<MediaHandler['registration'], HandlerLoad>;
  readonly controllers: NodeStore<MeetingController['registration'], ControllerLoad>;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ServedAssignment {
  readonly assignment: Assignment;
  readonly controller: MeetingController;
}

/**
 * The meeting's assignment, made or replaced where there is none that is served.
 * @throws ApiError NO_CAPACITY (503, Retry-After) when nobody takes it; NOT_FOUND when the meeting has ended meanwhile
 */
export async function assign(
  options: AssignOptions,
  meeting: ActiveMeeting,
  log: Logger,
  trace: TraceContext,
): Promise<ServedAssignment> {
  const { assignments, controllers, region, clock } = options;
  const asked = new Set<string>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const record = await assignments.get(meeting.meetingId, region);
    if (record !== undefined && isClosed(record)) throw meetingEnded();
    if (record !== undefined) {
      const controller = await controllers.get(record.controllerId);
      if (isServedBy(record, controller, clock.epochMs())) return { assignment: record, controller };
    }
    const accepted = await findAcceptance(options, meeting, record, asked, log, trace);
    if (await assignments.replace(accepted.assignment, record?.generation)) {
      log.info('Meeting assigned', describe(accepted.assignment));
      return accepted;
    }
    await releaseLoser(options, accepted, log, trace);
  }
  throw noCapacity(`Controllers of meeting "${meeting.meetingId}" keep failing`, {});
}

export function meetingEnded(): ApiError {
  return new ApiError('NOT_FOUND', 'Meeting has ended');
}

/** Asks controllers, the most suitable first, none twice, until one accepts. */
async function findAcceptance(
  options: AssignOptions,
  meeting: ActiveMeeting,
  previous: Assignment | undefined,
  asked: Set<string>,
  log: Logger,
  trace: TraceContext,
): Promise<ServedAssignment> {
  const { region, clock, random, handlers, controllers, controllerClient } = options;
  const sinceMs = (clock.epochMs() - SILENCE_LIMIT_MS) as EpochMs;
  const [handlerList, controllerList] = await Promise.all([
    handlers.reportedSince(region, sinceMs),
    controllers.reportedSince(region, sinceMs),
  ]);
  const selection = { region, nowMs: clock.epochMs(), random };
  const mediaHandlers = selectPrimaryAndBackup(toCandidates(handlerList, handlerLoadRatio), selection);
  if (!mediaHandlers.ok) throw shortage('media handler', mediaHandlers.reason);

  const generation = ((previous?.generation ?? 0) + 1) as Generation;
  const request = toRequest(meeting, generation, mediaHandlers.value);
  const candidates = toCandidates(controllerList, controllerLoadRatio);
  while (asked.size < MAX_CONTROLLERS_ASKED) {
    const selected = selectNode(candidates, { ...selection, alreadyAsked: asked });
    if (!selected.ok) throw shortage('meeting controller', selected.reason);
    const controller = selected.value.node;
    const outcome = await controllerClient.assignMeeting(controller, request, trace);
    if (outcome.type === 'accepted')
      return { assignment: toAssignment(options, meeting, controller, request), controller };
    asked.add(controller.id);
    log.warn('Meeting controller did not take a meeting', {
      meeting_id: meeting.meetingId,
      controller_id: controller.id,
      outcome: outcome.type,
      reason: outcome.reason,
    });
  }
  throw noCapacity(`${asked.size} meeting controllers were asked and none takes the meeting`, {
    needed: 'meeting controller',
    asked: asked.size,
  });
}

/** Somebody was faster. A controller that accepted for nothing is told, unless it is the one that serves the meeting. */
async function releaseLoser(
  options: AssignOptions,
  loser: ServedAssignment,
  log: Logger,
  trace: TraceContext,
): Promise<void> {
  const { meetingId, region, generation, controllerId } = loser.assignment;
  const winner = await options.assignments.get(meetingId, region);
  if (winner !== undefined && !isClosed(winner) && winner.controllerId === controllerId) return;
  const told = await options.controllerClient.endMeeting(
    loser.controller,
    { meeting_id: meetingId, generation, reason: SUPERSEDED },
    trace,
  );
  if (!told.ok)
    log.warn('Meeting controller keeps a meeting that it does not serve', {
      ...describe(loser.assignment),
      reason: told.reason,
    });
}

function toCandidates<Registration extends { region: string; zone: string }, Load>(
  nodes: readonly MediaNode<Registration, Load>[],
  loadRatio: (node: MediaNode<Registration, Load>) => number | undefined,
): Candidate<MediaNode<Registration, Load>>[] {
  return nodes.map((node) => ({
    node,
    id: node.id,
    region: node.registration.region,
    zone: node.registration.zone,
    health: node.health,
    loadRatio: loadRatio(node),
  }));
}

function toRequest(
  meeting: ActiveMeeting,
  generation: Generation,
  { primary, backup }: PrimaryAndBackup<MediaHandler>,
): AssignMeeting {
  const entry = ({ node }: Candidate<MediaHandler>, role: 'PRIMARY' | 'BACKUP') => ({
    handler_id: node.id,
    role,
    webtransport_url: node.registration.webtransport_url,
    internal_url: node.registration.internal_url,
    certificate_hashes: [...node.registration.certificate_hashes],
  });
  return {
    meeting_id: meeting.meetingId,
    config: { display_name: meeting.displayName, max_participants: meeting.maxParticipants },
    media_handlers: [entry(primary, 'PRIMARY'), ...(backup ? [entry(backup, 'BACKUP')] : [])],
    generation,
    requested_by: REQUESTED_BY,
  };
}

function toAssignment(
  { region, clock }: AssignOptions,
  meeting: ActiveMeeting,
  controller: MeetingController,
  request: AssignMeeting,
): Assignment {
  return {
    meetingId: meeting.meetingId,
    region,
    generation: request.generation as Generation,
    controllerId: controller.id as ControllerId,
    controllerCertificateHashes: controller.registration.certificate_hashes,
    mediaHandlers: request.media_handlers.map(({ handler_id, role }) => ({
      handlerId: handler_id as HandlerId,
      role,
    })),
    assignedAtMs: clock.epochMs(),
  };
}

function describe(assignment: Assignment): Record<string, unknown> {
  return {
    meeting_id: assignment.meetingId,
    controller_id: assignment.controllerId,
    generation: assignment.generation,
    media_handlers: assignment.mediaHandlers.map(({ handlerId }) => handlerId),
  };
}

function shortage(needed: string, reason: Shortage): ApiError {
  return noCapacity(`No ${needed} can take the meeting: ${describeShortage(reason)}`, { needed, ...reason });
}

function noCapacity(message: string, details: Readonly<Record<string, unknown>>): ApiError {
  return new ApiError('NO_CAPACITY', message, { details, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
