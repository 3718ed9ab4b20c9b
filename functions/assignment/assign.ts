// Who serves a meeting (ledger GC-6, GC-7, GC-8): a served assignment is used again; else nodes are selected, the
// controller is asked, and what it accepted is written if nobody was faster. The conditional write is the only guarantee.
import { ApiError } from '../../shared/api/error.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { Generation } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Random } from '../base/random.ts';
import type { TraceContext } from '../base/trace.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { ActiveMeeting } from '../meeting/Meeting.ts';
import { SILENCE_LIMIT_MS } from '../registry/health.ts';
import {
  controllerLoadRatio,
  handlerLoadRatio,
  type MediaHandler,
  type MeetingController,
} from '../registry/MediaNode.ts';
import type { Stores } from '../Stores.ts';
import { type Assignment, stateOf } from './Assignment.ts';
import { isClosed } from './AssignmentStore.ts';
import { type RankedHandler, toAssignment, toCandidates, toRequest } from './assignRequest.ts';
import {
  describeShortage,
  type SelectionOptions,
  type Shortage,
  selectNode,
  selectPrimaryAndBackup,
} from './select.ts';

/** Controllers that are asked for one meeting before the caller is told to come back (ledger GC-6). */
export const MAX_CONTROLLERS_ASKED = 3;
/** Times that somebody else's record is found and turns out to be of no use; each takes a controller's death. */
const MAX_ROUNDS = 3;
const RETRY_AFTER_SECONDS = 5;
const SUPERSEDED = 'Meeting is served by another controller';

export interface AssignOptions {
  readonly region: string;
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
  readonly random: Random;
}

export interface ServedAssignment {
  readonly assignment: Assignment;
  readonly controller: MeetingController;
}

/** One join's way to an assignment. */
interface Attempt {
  readonly meeting: ActiveMeeting;
  readonly log: Logger;
  readonly trace: TraceContext;
  /** Controllers that did not take the meeting: none is asked twice. */
  readonly asked: Set<string>;
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
  const { region, clock } = options;
  const { assignments, controllers } = options.stores;
  const attempt: Attempt = {
    meeting,
    trace,
    log: log.with({ meeting_id: meeting.meetingId }),
    asked: new Set(),
  };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const record = await assignments.get(meeting.meetingId, region);
    if (record !== undefined && isClosed(record)) throw meetingEnded();
    const controller = record && (await controllers.get(record.controllerId));
    const state = record && stateOf(record, controller, clock.epochMs());
    if (record && controller && state === 'served') return { assignment: record, controller };

    const confirmed =
      record && controller && state === 'unconfirmed'
        ? await confirm(options, attempt, record, controller)
        : undefined;
    const accepted = confirmed ?? (await findAcceptance(options, attempt, record));
    if (await assignments.replace(accepted.assignment, record)) {
      attempt.log.info('Meeting assigned', describe(accepted.assignment));
      return accepted;
    }
    await releaseLoser(options, attempt, accepted);
  }
  throw noCapacity(`Controllers of meeting "${meeting.meetingId}" keep failing`, {});
}

export function meetingEnded(): ApiError {
  return new ApiError('NOT_FOUND', 'Meeting has ended');
}

/**
 * Gives a controller that has registered anew what it may have forgotten: the same generation has no effect where the
 * meeting is held, and brings it back where it is not. Undefined when the controller does not take it.
 */
async function confirm(
  options: AssignOptions,
  attempt: Attempt,
  record: Assignment,
  controller: MeetingController,
): Promise<ServedAssignment | undefined> {
  if (attempt.asked.has(controller.id)) return undefined;
  const handlers = await selectHandlers(options, record);
  return await ask(options, attempt, { controller, handlers, generation: record.generation });
}

/** Asks controllers, drawn one after the other, until one accepts. */
async function findAcceptance(
  options: AssignOptions,
  attempt: Attempt,
  previous: Assignment | undefined,
): Promise<ServedAssignment> {
  const { region } = options;
  const { asked } = attempt;
  const [handlers, controllers] = await Promise.all([
    selectHandlers(options),
    options.stores.controllers.reportedSince(region, freshSince(options)),
  ]);
  const candidates = toCandidates(controllers, controllerLoadRatio);
  const generation = ((previous?.generation ?? 0) + 1) as Generation;
  while (asked.size < MAX_CONTROLLERS_ASKED) {
    const selected = selectNode(candidates, { ...selectionOptions(options), alreadyAsked: asked });
    if (!selected.ok) throw shortage('meeting controller', selected.reason);
    const served = await ask(options, attempt, { controller: selected.value.node, handlers, generation });
    if (served !== undefined) return served;
  }
  throw noCapacity(`${asked.size} meeting controllers were asked and none takes the meeting`, {
    needed: 'meeting controller',
    asked: asked.size,
  });
}

/** Those of the record where they still are, else a new primary and, if there is a second handler, a backup. */
async function selectHandlers(
  options: AssignOptions,
  record?: Assignment,
): Promise<readonly RankedHandler[]> {
  const handlers = await options.stores.handlers.reportedSince(options.region, freshSince(options));
  const kept = (record?.mediaHandlers ?? []).flatMap(({ handlerId, role }) => {
    const handler = handlers.find(({ id }) => id === handlerId);
    return handler === undefined ? [] : [{ role, handler }];
  });
  if (kept.some(({ role }) => role === 'PRIMARY')) return kept;
  const selected = selectPrimaryAndBackup<MediaHandler>(
    toCandidates(handlers, handlerLoadRatio),
    selectionOptions(options),
  );
  if (!selected.ok) throw shortage('media handler', selected.reason);
  const { primary, backup } = selected.value;
  return [
    { role: 'PRIMARY', handler: primary.node },
    ...(backup === undefined ? [] : [{ role: 'BACKUP' as const, handler: backup.node }]),
  ];
}

interface Question {
  readonly controller: MeetingController;
  readonly handlers: readonly RankedHandler[];
  readonly generation: Generation;
}

async function ask(
  { region, clock, controllerClient }: AssignOptions,
  { meeting, asked, log, trace }: Attempt,
  { controller, handlers, generation }: Question,
): Promise<ServedAssignment | undefined> {
  const request = toRequest(meeting, generation, handlers);
  const outcome = await controllerClient.assignMeeting(controller, request, trace);
  if (outcome.type === 'accepted') {
    const atMs = clock.epochMs();
    return {
      assignment: toAssignment({ meeting, region, controller, generation, handlers, atMs }),
      controller,
    };
  }
  asked.add(controller.id);
  log.warn('Meeting controller did not take a meeting', {
    controller_id: controller.id,
    generation,
    outcome: outcome.type,
    reason: outcome.reason,
  });
  return undefined;
}

/** Somebody was faster. A controller that accepted for nothing is told, unless it is the one that serves the meeting. */
async function releaseLoser(
  { region, stores, controllerClient }: AssignOptions,
  { meeting: { meetingId }, log, trace }: Attempt,
  { assignment, controller }: ServedAssignment,
): Promise<void> {
  const winner = await stores.assignments.get(meetingId, region);
  if (winner !== undefined && !isClosed(winner) && winner.controllerId === controller.id) return;
  const told = await controllerClient.endMeeting(
    controller,
    { meeting_id: meetingId, generation: assignment.generation, reason: SUPERSEDED },
    trace,
  );
  if (!told.ok)
    log.warn('Meeting controller keeps a meeting that it does not serve', {
      ...describe(assignment),
      reason: told.reason,
    });
}

function selectionOptions({ region, clock, random }: AssignOptions): SelectionOptions {
  return { region, random, nowMs: clock.epochMs() };
}

function freshSince({ clock }: AssignOptions): EpochMs {
  return (clock.epochMs() - SILENCE_LIMIT_MS) as EpochMs;
}

function describe(assignment: Assignment): Record<string, unknown> {
  return {
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
