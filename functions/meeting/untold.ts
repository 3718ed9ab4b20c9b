// What a controller could not be told of its meetings reaches it when it is heard of again: as they are then, so that what
// came meanwhile is in it, and what is told twice has no effect (versions and generations see to that).
import { ApiError } from '../../shared/api/error.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { ControllerId, MeetingId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { Result } from '../../shared/base/result.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import type { Assignment } from '../assignment/Assignment.ts';
import { toConfigUpdate } from '../assignment/assignRequest.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { MeetingController } from '../registry/MediaNode.ts';
import type { Stores } from '../Stores.ts';
import type { MeetingRecord } from './Meeting.ts';

/** What controllers are told of a meeting that has ended. */
export const MEETING_ENDED = 'Meeting has ended';
/** Told at once. */
const PARALLEL = 8;

export interface UntoldOptions {
  readonly stores: Pick<Stores, 'meetings' | 'controllers' | 'untold'>;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
}

/** Notes that the assignment's controller does not know how its meeting is now. Never rejects. */
export async function noteUntold(
  { stores, clock }: { readonly stores: Pick<Stores, 'untold'>; readonly clock: Clock },
  { controllerId, meetingId }: Assignment,
  log: Logger,
): Promise<void> {
  try {
    await stores.untold.add(controllerId, meetingId, clock.epochMs());
  } catch (error) {
    log.warn('Meeting controller will not hear of a change', {
      meeting_id: meetingId,
      controller_id: controllerId,
      error,
    });
  }
}

/**
 * Tells a controller that is heard of what it was not told. What it does not take now is told with its next word.
 * @throws ApiError (503) while the store is away
 */
export async function tellUntold(
  options: UntoldOptions,
  controllerId: ControllerId,
  log: Logger,
  trace: TraceContext,
): Promise<void> {
  const { stores } = options;
  const noted = await stores.untold.of(controllerId);
  const controller = noted.length === 0 ? undefined : await stores.controllers.get(controllerId);
  if (controller === undefined) return;
  const queue = [...new Set(noted)];
  let refusal: string | undefined;
  const work = async (): Promise<void> => {
    // Who does not take one takes none: the others are not waited for.
    for (let id = queue.shift(); id !== undefined && refusal === undefined; id = queue.shift()) {
      const told = await tell(options, controller, id, trace).catch((error: unknown) => {
        if (error instanceof ApiError) throw error;
        // Its record is damaged, and will be: the others, and what else the controller is to hear, do not wait for it.
        log.error('Meeting controller will not hear of a change', {
          meeting_id: id,
          controller_id: controllerId,
          error,
        });
        return undefined;
      });
      if (told?.ok === false) refusal = told.reason;
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (refusal === undefined) await stores.untold.clear(controllerId, noted.length, options.clock.epochMs());
  log.info('Meeting controller told of what it had missed', {
    controller_id: controllerId,
    meetings: noted.length,
    ...(refusal !== undefined && { reason: refusal }),
  });
}

/** Undefined where the controller has nothing to do with the meeting any more. */
async function tell(
  { stores, controllerClient }: UntoldOptions,
  controller: MeetingController,
  meetingId: MeetingId,
  trace: TraceContext,
): Promise<Result<boolean> | undefined> {
  const record = await stores.meetings.get(meetingId);
  const assignment = record && assignmentTo(record, controller.id);
  if (record === undefined || assignment === undefined) return undefined;
  const { generation } = assignment;
  if (record.status === 'active')
    return await controllerClient.updateMeetingConfig(controller, toConfigUpdate(record, generation), trace);
  const request = { meeting_id: meetingId, generation, reason: MEETING_ENDED };
  return await controllerClient.endMeeting(controller, request, trace);
}

function assignmentTo({ assignments }: MeetingRecord, controllerId: string): Assignment | undefined {
  return Object.values(assignments).find((assignment) => assignment.controllerId === controllerId);
}
