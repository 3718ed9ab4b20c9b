// Who serves a meeting (ledger GC-6, GC-7, GC-8): a served assignment is used again; else nodes are selected, the
// controller is asked, and what it accepted is written if nobody was faster. The conditional write is the only guarantee.
import { ApiError } from '../../shared/api/error.ts';
import type { ReassignReason } from '../../shared/api/meetingEvent.ts';
import { MAX_HOST_MUTES, MAX_REMOVED_PARTICIPANTS } from '../../shared/api/node.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Generation, MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { ActiveMeetingRecord, MeetingRecord } from '../meeting/Meeting.ts';
import { changeMeeting } from '../meeting/MeetingStore.ts';
import { assignMeeting } from '../meeting/meetingChanges.ts';
import { noteUntold } from '../meeting/untold.ts';
import { healthAt } from '../registry/health.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import type { Stores } from '../Stores.ts';
import { type Assignment, isSameAssignment, stateOf } from './Assignment.ts';
import {
  type RankedHandler,
  rankHandlers,
  type Sanctions,
  toAssignment,
  toConfigUpdate,
  toRequest,
} from './assignRequest.ts';
import type { Placement } from './Placement.ts';
import { countRefusals, describeRefusals, describeShortageOfAsked, type Refusal } from './refusals.ts';
import type { Shortage } from './select.ts';

/** Controllers that are asked for one meeting before the caller is told to come back (ledger GC-6). */
export const MAX_CONTROLLERS_ASKED = 3;
/** Times that somebody else's record is found and turns out to be of no use; each takes a controller's death. */
const MAX_ROUNDS = 3;
const RETRY_AFTER_SECONDS = 5;
/** What controllers that no longer serve a meeting are told. */
export const SUPERSEDED = 'Meeting is served by another controller';

export interface AssignOptions {
  readonly region: string;
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
  readonly placement: Placement;
}

export interface ServedAssignment {
  readonly assignment: Assignment;
  readonly controller: MeetingController;
}

/** What a controller has accepted, and how to give back what was reserved for it. */
interface Accepted extends ServedAssignment {
  readonly giveBack: GiveBack;
}

/** Gives capacity back; where that fails it comes back with the next report. Never rejects. */
type GiveBack = () => Promise<void>;

/** One caller's way to an assignment. */
interface Attempt {
  readonly meeting: ActiveMeetingRecord;
  readonly log: Logger;
  readonly trace: TraceContext;
  /** Controllers that did not take the meeting, with what they said: none is asked twice. */
  readonly asked: Map<string, Refusal>;
  /** The controller that participants cannot reach: out, without having been asked. */
  readonly unreachable: Assignment | undefined;
  /** Who is kept out or muted, read once; nobody was in before the first assignment. */
  readonly sanctions: () => Promise<Sanctions>;
}

export interface AssignContext {
  readonly log: Logger;
  readonly trace: TraceContext;
  /** An assignment whose controller participants cannot reach (ledger GC-17): whatever it reports, it is replaced. */
  readonly unreachable?: Assignment;
}

/**
 * The meeting's assignment, made or replaced where there is none that is served.
 * @param meeting as it was read last; what has become of it since decides
 * @throws ApiError NO_CAPACITY (503, Retry-After) when nobody takes it; NOT_FOUND when the meeting has ended meanwhile
 */
export async function assign(
  options: AssignOptions,
  meeting: ActiveMeetingRecord,
  { log, trace, unreachable }: AssignContext,
): Promise<ServedAssignment> {
  const { region, clock, stores } = options;
  let sanctions: Promise<Sanctions> | undefined;
  const attempt: Attempt = {
    meeting,
    trace,
    log: log.with({ meeting_id: meeting.meetingId }),
    asked: new Map(),
    unreachable,
    sanctions: async () => {
      if (meeting.assignments[region] === undefined) return { removed: [], hostMutes: [] };
      sanctions ??= readSanctions(stores, meeting.meetingId);
      return await sanctions;
    },
  };
  let record: MeetingRecord = meeting;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (record.status === 'ended') throw meetingEnded();
    const current = record.assignments[region];
    const controller = current && (await stores.controllers.get(current.controllerId));
    const isLost = current !== undefined && current.generation === unreachable?.generation;
    const state = isLost ? 'gone' : current && stateOf(current, controller, clock.epochMs());
    if (current && controller && state === 'served') return { assignment: current, controller };

    const confirmed =
      current && controller && state === 'unconfirmed'
        ? await confirm(options, attempt, current, controller)
        : undefined;
    const accepted = confirmed ?? (await findAcceptance(options, attempt, current));
    const reason = isLost ? 'controller_unreachable' : REASSIGN_REASON[state ?? 'gone'];
    const outcome = await write(options, attempt, { record, accepted, reason });
    if (outcome.changed) {
      attempt.log.info('Meeting assigned', describe(accepted.assignment));
      await afterwards(options, attempt, { before: current, record: outcome.record, accepted });
      return accepted;
    }
    record = outcome.record;
    await releaseLoser(options, attempt, accepted, record);
  }
  throw noCapacity(`Controllers of meeting "${meeting.meetingId}" keep failing`, {});
}

async function readSanctions({ access }: Stores, meetingId: MeetingId): Promise<Sanctions> {
  const [removed, hostMutes] = await Promise.all([
    access.removedParticipants.list(meetingId, MAX_REMOVED_PARTICIPANTS),
    access.hostMutes.list(meetingId, MAX_HOST_MUTES),
  ]);
  return { removed, hostMutes };
}

interface Reassigned {
  readonly before: Assignment | undefined;
  readonly record: MeetingRecord;
  readonly accepted: Accepted;
}

/** What the former controller and the new one are to learn of what happened meanwhile. Never rejects. */
async function afterwards(
  { stores, clock, controllerClient }: AssignOptions,
  { meeting, log, trace }: Attempt,
  { before, record, accepted: { assignment, controller } }: Reassigned,
): Promise<void> {
  if (before !== undefined && before.controllerId !== assignment.controllerId) {
    try {
      await stores.superseded.add(before.controllerId, assignment, clock.epochMs());
    } catch (error) {
      log.warn('Former meeting controller will not hear that it is superseded', { error });
    }
  }
  // Changed between the question and the record.
  const { config } = toConfigUpdate(record, assignment.generation);
  const isCurrent =
    config.display_name === meeting.displayName && config.max_participants === meeting.maxParticipants;
  if (isCurrent) return;
  const request = toConfigUpdate(record, assignment.generation);
  const told = await controllerClient.updateMeetingConfig(controller, request, trace);
  if (told.ok) return;
  log.warn('Meeting controller has an old configuration', { reason: told.reason });
  await noteUntold({ stores, clock }, assignment, log);
}

const REASSIGN_REASON: Readonly<Record<'gone' | 'unconfirmed' | 'served', ReassignReason>> = {
  gone: 'controller_gone',
  unconfirmed: 'controller_forgot',
  served: 'controller_gone',
};

interface Writing {
  readonly record: MeetingRecord;
  readonly accepted: Accepted;
  readonly reason: ReassignReason;
}

/** Writes the assignment if the meeting is still served as it was when the controllers were asked. */
async function write(
  options: AssignOptions,
  attempt: Attempt,
  { record, accepted, reason }: Writing,
): Promise<{ readonly record: MeetingRecord; readonly changed: boolean }> {
  const { region, stores } = options;
  const current = record.assignments[region];
  try {
    return await changeMeeting(stores.meetings, record, (latest) =>
      latest.status === 'active' && isSameAssignment(latest.assignments[region], current)
        ? assignMeeting(latest, accepted.assignment, reason)
        : undefined,
    );
  } catch (error) {
    // The write may have reached the store all the same. Only where it is known not to have is the controller told.
    const latest = await stores.meetings.get(record.meetingId).catch(() => undefined);
    if (latest === undefined) throw error;
    const written = latest.assignments[region];
    if (written !== undefined && isSameAssignment(written, accepted.assignment) && latest.status === 'active')
      return { record: latest, changed: true };
    await releaseLoser(options, attempt, accepted, latest);
    throw error;
  }
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
): Promise<Accepted | undefined> {
  if (attempt.asked.has(controller.id)) return undefined;
  const { handlers, giveBack } = await selectHandlers(options, attempt, record);
  const served = await ask(options, attempt, { controller, handlers, generation: record.generation });
  if (served === undefined) await giveBack();
  return served && { ...served, giveBack: await keepIfUsed(served, handlers, giveBack) };
}

/** Asks controllers, drawn one after the other, until one accepts. */
async function findAcceptance(
  options: AssignOptions,
  attempt: Attempt,
  previous: Assignment | undefined,
): Promise<Accepted> {
  const { asked, unreachable } = attempt;
  const generation = ((previous?.generation ?? 0) + 1) as Generation;
  const { handlers, giveBack } = await selectHandlers(options, attempt);
  try {
    while (asked.size < MAX_CONTROLLERS_ASKED) {
      const exclude = new Set<string>(asked.keys());
      if (unreachable !== undefined) exclude.add(unreachable.controllerId);
      const near = handlers[0]?.handler.registration.zone;
      const placed = await options.placement.reserveController(exclude, near);
      if (!placed.ok) throw shortage('meeting controller', placed.reason, asked);
      const giveControllerBack = quietly(attempt, () => options.placement.releaseController(placed.value));
      const { node: controller } = placed.value;
      const served = await ask(options, attempt, { controller, handlers, generation });
      if (served !== undefined) {
        const giveHandlersBack = await keepIfUsed(served, handlers, giveBack);
        return {
          ...served,
          giveBack: async () => void (await Promise.all([giveHandlersBack(), giveControllerBack()])),
        };
      }
      await giveControllerBack();
    }
  } catch (error) {
    await giveBack();
    throw error;
  }
  await giveBack();
  const said = describeRefusals(asked.values());
  throw noCapacity(`${asked.size} meeting controllers were asked and none takes the meeting: ${said}`, {
    needed: 'meeting controller',
    asked: asked.size,
    refusals: countRefusals(asked.values()),
  });
}

/** What was reserved is given back where the controller had the meeting already, with another primary handler. */
async function keepIfUsed(
  { assignment }: ServedAssignment,
  handlers: readonly RankedHandler[],
  giveBack: GiveBack,
): Promise<GiveBack> {
  if (assignment.mediaHandlers[0]?.handlerId === handlers[0]?.handler.id) return giveBack;
  await giveBack();
  return async () => undefined;
}

interface SelectedHandlers {
  readonly handlers: readonly RankedHandler[];
  readonly giveBack: GiveBack;
}

/** Those of the record where they still are, else a new primary and, if there is a second handler, a backup. */
async function selectHandlers(
  { stores, placement, clock }: AssignOptions,
  attempt: Attempt,
  record?: Assignment,
): Promise<SelectedHandlers> {
  const kept = await Promise.all(
    (record?.mediaHandlers ?? []).map(async ({ handlerId, role }): Promise<RankedHandler[]> => {
      const handler = await stores.handlers.get(handlerId);
      const isGone = handler === undefined || healthAt(handler.health, clock.epochMs()) === 'UNHEALTHY';
      return isGone ? [] : [{ role, handler }];
    }),
  );
  const handlers = kept.flat();
  // What they carry is in their reports.
  if (handlers.some(({ role }) => role === 'PRIMARY')) return { handlers, giveBack: async () => undefined };
  const placed = await placement.reserveHandlers();
  if (!placed.ok) throw shortage('media handler', placed.reason, new Map());
  return {
    handlers: rankHandlers(placed.value.node, placed.value.backup),
    giveBack: quietly(attempt, () => placement.releaseHandlers(placed.value)),
  };
}

function quietly({ log }: Attempt, giveBack: GiveBack): GiveBack {
  return async () => {
    try {
      await giveBack();
    } catch (error) {
      log.warn('Reserved capacity comes back with the next report only', { error });
    }
  };
}

interface Question {
  readonly controller: MeetingController;
  readonly handlers: readonly RankedHandler[];
  readonly generation: Generation;
}

async function ask(
  { region, clock, controllerClient }: AssignOptions,
  { meeting, asked, log, trace, sanctions }: Attempt,
  { controller, handlers, generation }: Question,
): Promise<ServedAssignment | undefined> {
  const request = toRequest(meeting, generation, handlers, await sanctions());
  const outcome = await controllerClient.assignMeeting(controller, request, trace);
  if (outcome.type === 'accepted') {
    const atMs = clock.epochMs();
    return {
      assignment: toAssignment({
        meeting,
        region,
        controller,
        generation,
        handlerIds: outcome.handlerIds,
        failedHandlers: [],
        atMs,
      }),
      controller,
    };
  }
  asked.set(controller.id, outcome.type === 'rejected' ? outcome.reason : 'NO_ANSWER');
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
  { region, controllerClient }: AssignOptions,
  { meeting: { meetingId }, log, trace }: Attempt,
  { assignment, controller, giveBack }: Accepted,
  record: MeetingRecord,
): Promise<void> {
  await giveBack();
  if (record.status === 'active' && record.assignments[region]?.controllerId === controller.id) return;
  const told = await controllerClient.endMeeting(
    controller,
    { meeting_id: meetingId, generation: assignment.generation, reason: SUPERSEDED, moved: true },
    trace,
  );
  if (!told.ok)
    log.warn('Meeting controller keeps a meeting that it does not serve', {
      ...describe(assignment),
      reason: told.reason,
    });
}

function describe(assignment: Assignment): Record<string, unknown> {
  return {
    controller_id: assignment.controllerId,
    generation: assignment.generation,
    media_handlers: assignment.mediaHandlers.map(({ handlerId }) => handlerId),
  };
}

function shortage(needed: string, reason: Shortage, asked: ReadonlyMap<string, Refusal>): ApiError {
  return noCapacity(`No ${needed} can take the meeting: ${describeShortageOfAsked(reason, asked)}`, {
    needed,
    ...reason,
    refusals: countRefusals(asked.values()),
  });
}

function noCapacity(message: string, details: Readonly<Record<string, unknown>>): ApiError {
  return new ApiError('NO_CAPACITY', message, { details, retryAfterSeconds: RETRY_AFTER_SECONDS });
}
