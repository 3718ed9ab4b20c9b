// The end of a meeting for whatever reason (ledger GC-13): it is written first, then whoever serves the meeting is told.
import type { EndReason } from '../../shared/api/meetingEvent.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { Stores } from '../Stores.ts';
import type { EndedMeeting, MeetingRecord } from './Meeting.ts';
import { changeMeeting } from './MeetingStore.ts';
import { endMeeting } from './meetingChanges.ts';
import { MEETING_ENDED, noteUntold } from './untold.ts';

export interface EndOptions {
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
  /** How long an ended meeting is kept, ms. */
  readonly retentionMs: number;
}

export interface EndContext {
  readonly reason: EndReason;
  readonly log: Logger;
  readonly trace: TraceContext;
  /** Whether the meeting, as it has become meanwhile, is still to end; if not, it is answered as it is. */
  readonly unless?: (latest: MeetingRecord) => boolean;
}

/** Ends the meeting, if it has not ended, and tells its controllers; telling them again does no harm. */
export async function endMeetingFor(
  options: EndOptions,
  record: MeetingRecord,
  context: Omit<EndContext, 'unless'>,
): Promise<EndedMeeting> {
  const ended = await endMeetingUnless(options, record, { ...context, unless: () => false });
  if (ended === undefined) throw new Error(`Meeting "${record.meetingId}" is active after its end`);
  return ended;
}

/** As endMeetingFor; undefined where `unless` has kept the meeting. */
export async function endMeetingUnless(
  options: EndOptions,
  record: MeetingRecord,
  { reason, log, trace, unless }: Required<EndContext>,
): Promise<EndedMeeting | undefined> {
  const { stores, clock, retentionMs } = options;
  const { record: after, changed } = await changeMeeting(stores.meetings, record, (latest) =>
    unless(latest) ? undefined : endMeeting(latest, { reason, atMs: clock.epochMs(), retentionMs }),
  );
  if (after.status === 'active') return undefined;
  if (changed) log.info('Meeting ended', { meeting_id: after.meetingId, reason });
  await Promise.all(
    Object.values(after.assignments).map((assignment) => tellController(options, assignment, log, trace)),
  );
  return after;
}

/** A controller that cannot be told holds a meeting that nobody can join, until it is heard of again. */
async function tellController(
  options: EndOptions,
  assignment: Assignment,
  log: Logger,
  trace: TraceContext,
): Promise<void> {
  const { stores, controllerClient } = options;
  const { meetingId, controllerId, generation } = assignment;
  const controller = await stores.controllers.get(controllerId);
  const told =
    controller &&
    (await controllerClient.endMeeting(
      controller,
      { meeting_id: meetingId, generation, reason: MEETING_ENDED },
      trace,
    ));
  if (told?.ok === true) return;
  log.warn('Meeting controller could not be told of the end', {
    meeting_id: meetingId,
    controller_id: controllerId,
    reason: told?.reason ?? 'not registered',
  });
  if (told !== undefined) await noteUntold(options, assignment, log);
}
