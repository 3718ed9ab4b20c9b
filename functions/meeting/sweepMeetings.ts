// Meetings without participants end (ledger GC-13): looked at when they are due, found by an index, ended by the rule.
import { EMPTY_MEETING_LIMIT_MS } from '../../shared/api/controllerNotice.ts';
import { ApiError } from '../../shared/api/error.ts';
import type { EndReason } from '../../shared/api/meetingEvent.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import { continueTrace } from '../../shared/base/trace.ts';
import { healthAt } from '../registry/health.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import { type EndOptions, endMeetingUnless } from './endMeeting.ts';
import type { ActiveMeetingRecord } from './Meeting.ts';
import type { Presence } from './PresenceStore.ts';

/** Meetings of one sweep: what is left is due at the next one. */
export const MEETINGS_PER_SWEEP = 200;
/** Looked at together. */
const PARALLEL = 8;
/** A controller that is heard of but has said nothing of the meeting is asked again after this. */
const UNKNOWN_AGAIN_MS = 600_000;

/** A meeting that cannot be looked at, such as one whose record is damaged, is tried again after this. */
export const SET_ASIDE_MS = 3_600_000;

export interface SweepResult {
  readonly looked: number;
  readonly ended: number;
}

/** What is known of an active meeting's participants in the region that serves it. */
export interface Occupancy {
  readonly controller: MeetingController | undefined;
  readonly presence: Presence | undefined;
}

export type Look =
  | { readonly type: 'end'; readonly reason: EndReason }
  | { readonly type: 'again'; readonly atMs: EpochMs };

/** What to do about a meeting that is due. */
export function lookAt(meeting: ActiveMeetingRecord, occupancy: Occupancy[], nowMs: EpochMs): Look {
  // Nobody has ever joined, and the time for that, counted from the creation, is over.
  if (occupancy.length === 0) return { type: 'end', reason: 'unused' };
  let againAtMs = Number.POSITIVE_INFINITY;
  let reason: EndReason = 'empty';
  let isEmpty = true;
  for (const { controller, presence } of occupancy) {
    const isGone = controller === undefined || healthAt(controller.health, nowMs) === 'UNHEALTHY';
    // Without its controller nobody is in the meeting; whoever joins again gives it another one.
    const emptySinceMs = isGone
      ? (controller?.health.atMs ?? lastAssignedMs(meeting))
      : presence?.emptySinceMs;
    if (isGone) reason = 'controller_lost';
    if (emptySinceMs !== undefined && nowMs - emptySinceMs >= EMPTY_MEETING_LIMIT_MS) continue;
    isEmpty = false;
    const inMs =
      emptySinceMs !== undefined
        ? emptySinceMs + EMPTY_MEETING_LIMIT_MS - nowMs
        : presence === undefined
          ? UNKNOWN_AGAIN_MS
          : EMPTY_MEETING_LIMIT_MS;
    againAtMs = Math.min(againAtMs, nowMs + inMs);
  }
  return isEmpty ? { type: 'end', reason } : { type: 'again', atMs: againAtMs as EpochMs };
}

/** Looks at the meetings that are due. Other sweeps may run at the same time: each end and each delay happens once. */
export async function sweepMeetings(options: EndOptions, log: Logger): Promise<SweepResult> {
  const due = await options.stores.meetings.due(options.clock.epochMs(), MEETINGS_PER_SWEEP);
  let ended = 0;
  const queue = [...due];
  const work = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      try {
        const record = await options.stores.meetings.get(id);
        if (record?.status === 'active' && (await look(options, record, log))) ended++;
      } catch (error) {
        log.error('Meeting could not be looked at', { meeting_id: id, error });
        // The others do not wait for it. While the store is away it stays due; otherwise it leaves the others their turn.
        if (!(error instanceof ApiError)) await setAside(options, id, log);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (due.length > 0) log.info('Meetings looked at', { looked: due.length, ended });
  return { looked: due.length, ended };
}

async function setAside({ stores, clock }: EndOptions, id: MeetingId, log: Logger): Promise<void> {
  try {
    await stores.meetings.setAside(id, (clock.epochMs() + SET_ASIDE_MS) as EpochMs);
  } catch (error) {
    log.warn('Meeting that could not be looked at stays due', { meeting_id: id, error });
  }
}

async function look(options: EndOptions, record: ActiveMeetingRecord, log: Logger): Promise<boolean> {
  const { stores, clock } = options;
  const nowMs = clock.epochMs();
  // The index may be behind.
  if (record.dueAtMs !== undefined && record.dueAtMs > nowMs) return false;
  const occupancy = await Promise.all(
    Object.values(record.assignments).map(async ({ controllerId, generation }): Promise<Occupancy> => {
      const [controller, presence] = await Promise.all([
        stores.controllers.get(controllerId),
        stores.presence.get(controllerId, record.meetingId),
      ]);
      return { controller, presence: presence?.generation === generation ? presence : undefined };
    }),
  );
  const decision = lookAt(record, occupancy, nowMs);
  if (decision.type === 'again') {
    await stores.meetings.postpone(record, decision.atMs);
    return false;
  }
  const ended = await endMeetingUnless(options, record, {
    reason: decision.reason,
    log,
    trace: continueTrace(undefined),
    // Somebody has joined meanwhile, which gave it an assignment: it is looked at when that is due.
    unless: (latest) => latest.sequence !== record.sequence,
  });
  return ended !== undefined;
}

function lastAssignedMs(meeting: ActiveMeetingRecord): EpochMs {
  const times = Object.values(meeting.assignments).map(({ assignedAtMs }) => assignedAtMs);
  return Math.max(meeting.createdAtMs, ...times) as EpochMs;
}
