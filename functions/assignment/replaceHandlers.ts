// Other media handlers for a meeting whose handlers have failed (ledger GC-11): asked for by its controller, fenced by the
// generation, and the same answer when it is asked again. Those that failed it before come last.
import type { MhReplacement, RequestMhReplacement } from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { HandlerId, MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { MeetingRecord } from '../meeting/Meeting.ts';
import { changeMeeting } from '../meeting/MeetingStore.ts';
import { replaceHandlers as replaced } from '../meeting/meetingChanges.ts';
import { healthAt } from '../registry/health.ts';
import type { MediaHandler } from '../registry/MediaNode.ts';
import { type Assignment, isSameAssignment } from './Assignment.ts';
import type { AssignOptions } from './assign.ts';
import { type RankedHandler, rankHandlers, toHandlerAssignments } from './assignRequest.ts';
import type { Placement } from './Placement.ts';
import { describeShortage } from './select.ts';

/** Failed handlers that an assignment remembers: they are out for as long as there are others. */
const MAX_FAILED_REMEMBERED = 16;
/** Others change the meeting meanwhile. */
const MAX_ROUNDS = 3;
const RETRY_AFTER_SECONDS = 5;

/**
 * @throws ApiError NOT_FOUND when there is no such meeting or it has ended; CONFLICT when the controller does not serve it
 *   in that generation; NO_CAPACITY (503) when no other handler is free
 */
export async function replaceHandlers(
  options: AssignOptions,
  request: RequestMhReplacement,
  log: Logger,
): Promise<MhReplacement> {
  const { stores, placement } = options;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { record, assignment } = await readServed(options, request);
    const named = new Set<string>(request.failed.map(({ handler_id }) => handler_id));
    const remaining = await serving(options, assignment, named);
    // It was replaced before, and the answer was lost; or what failed is not what serves.
    const isReplaced = assignment.mediaHandlers.every(({ handlerId }) => !named.has(handlerId));
    if (isReplaced && remaining.some(({ role }) => role === 'PRIMARY'))
      return toAnswer(assignment, remaining);

    const failedHandlers = [...new Set([...assignment.failedHandlers, ...named])].slice(
      -MAX_FAILED_REMEMBERED,
    ) as HandlerId[];
    const failed = { before: new Set<string>(failedHandlers), now: named };
    const { ranked, giveBack } = await findSuccessors(placement, remaining[0]?.handler, failed);
    const next: Assignment = {
      ...assignment,
      mediaHandlers: ranked.map(({ role, handler }) => ({ handlerId: handler.id as HandlerId, role })),
      failedHandlers,
    };
    try {
      const { changed } = await changeMeeting(stores.meetings, record, (latest) =>
        latest.status === 'active' && isSameAssignment(latest.assignments[assignment.region], assignment)
          ? replaced(latest, next, request.failed, options.clock.epochMs())
          : undefined,
      );
      if (changed) {
        log.info('Media handlers replaced', {
          meeting_id: request.meeting_id,
          failed: request.failed,
          media_handlers: next.mediaHandlers.map(({ handlerId }) => handlerId),
        });
        return toAnswer(next, ranked);
      }
    } catch (error) {
      await giveBack().catch(() => undefined);
      throw error;
    }
    await giveBack();
  }
  throw new ApiError('NO_CAPACITY', `Meeting "${request.meeting_id}" keeps changing: try again shortly`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}

interface Successors {
  readonly ranked: readonly RankedHandler[];
  /** Gives back what was reserved. */
  readonly giveBack: () => Promise<void>;
}

/** @throws ApiError NO_CAPACITY (503) when there is none */
async function findSuccessors(
  placement: Placement,
  left: MediaHandler | undefined,
  failed: { readonly before: ReadonlySet<string>; readonly now: ReadonlySet<string> },
): Promise<Successors> {
  // A backup that is left becomes the primary, which is what it is for, and gets a backup of its own.
  if (left !== undefined)
    return {
      ranked: rankHandlers(left, await placement.findBackup(left, failed.before)),
      giveBack: async () => undefined,
    };
  const untried = await placement.reserveHandlers(failed.before);
  // Those that failed before may serve again: better than an end of the meeting.
  const placed = untried.ok ? untried : await placement.reserveHandlers(failed.now);
  if (placed.ok)
    return {
      ranked: rankHandlers(placed.value.node, placed.value.backup),
      giveBack: () => placement.releaseHandlers(placed.value),
    };
  throw new ApiError(
    'NO_CAPACITY',
    `No media handler can take the meeting: ${describeShortage(placed.reason)}`,
    { details: { needed: 'media handler', ...placed.reason }, retryAfterSeconds: RETRY_AFTER_SECONDS },
  );
}

/** The meeting and its assignment, if it is the one that the caller has. */
export async function readServed(
  { stores, region }: Pick<AssignOptions, 'stores' | 'region'>,
  { meeting_id, controller_id, generation }: Omit<RequestMhReplacement, 'failed'>,
): Promise<{ readonly record: MeetingRecord; readonly assignment: Assignment }> {
  const record = await stores.meetings.get(meeting_id as MeetingId);
  if (record === undefined || record.status === 'ended')
    throw new ApiError('NOT_FOUND', `No meeting "${meeting_id}" is active`);
  const assignment = record.assignments[region];
  if (assignment?.controllerId !== controller_id || assignment.generation !== generation)
    throw new ApiError(
      'CONFLICT',
      `Meeting "${meeting_id}" must be served by the controller in that generation: it is served by ${assignment === undefined ? 'nobody' : `"${assignment.controllerId}" in generation ${assignment.generation}`}`,
    );
  return { record, assignment };
}

/** Handlers of the assignment that have not failed and are heard of, ranked as they were. */
async function serving(
  { stores, clock }: AssignOptions,
  assignment: Assignment,
  failed: ReadonlySet<string>,
): Promise<readonly RankedHandler[]> {
  const found = await Promise.all(
    assignment.mediaHandlers.map(async ({ handlerId, role }): Promise<RankedHandler[]> => {
      if (failed.has(handlerId)) return [];
      const handler = await stores.handlers.get(handlerId);
      const isGone = handler === undefined || healthAt(handler.health, clock.epochMs()) === 'UNHEALTHY';
      return isGone ? [] : [{ role, handler }];
    }),
  );
  return found.flat();
}

function toAnswer({ generation }: Assignment, handlers: readonly RankedHandler[]): MhReplacement {
  return { generation, media_handlers: toHandlerAssignments(handlers) };
}
