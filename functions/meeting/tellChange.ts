// A change of a meeting reaches who serves it, so that it counts at once. A meeting that is given to another controller
// takes its configuration along, and versions keep an old one from replacing a new one.
import { ApiError } from '../../shared/api/error.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import { type Assignment, stateOf } from '../assignment/Assignment.ts';
import { toConfigUpdate } from '../assignment/assignRequest.ts';
import type { ControllerClient } from '../controllers/ControllerClient.ts';
import type { Stores } from '../Stores.ts';
import type { ActiveMeetingRecord } from './Meeting.ts';
import { noteUntold } from './untold.ts';

const RETRY_AFTER_SECONDS = 2;

export interface TellChangeOptions {
  readonly stores: Pick<Stores, 'controllers' | 'untold'>;
  readonly controllerClient: ControllerClient;
  readonly clock: Clock;
}

/**
 * Whoever cannot be told hears of it when it is heard of again.
 * @throws ApiError 503 when a controller that is heard of cannot be told
 */
export async function tellChange(
  options: TellChangeOptions,
  record: ActiveMeetingRecord,
  log: Logger,
  trace: TraceContext,
): Promise<void> {
  await Promise.all(
    Object.values(record.assignments).map(async (assignment) => {
      const failure = await tell(options, record, assignment, trace);
      if (failure !== undefined) await noteUntold(options, assignment, log);
      if (failure?.isHeardOf === true)
        throw new ApiError(
          'INTERNAL_ERROR',
          'The meeting is changed, but its controller could not be told: make the same change again shortly',
          { status: 503, retryAfterSeconds: RETRY_AFTER_SECONDS, cause: failure.reason },
        );
    }),
  );
}

interface Failure {
  readonly reason: string;
  /** Whether the controller is there, as far as is known. */
  readonly isHeardOf: boolean;
}

async function tell(
  { stores, controllerClient, clock }: TellChangeOptions,
  record: ActiveMeetingRecord,
  assignment: Assignment,
  trace: TraceContext,
): Promise<Failure | undefined> {
  const controller = await stores.controllers.get(assignment.controllerId);
  if (controller === undefined) return undefined;
  // Nobody waits for one that is gone: the next one is given the meeting as it is then.
  if (stateOf(assignment, controller, clock.epochMs()) === 'gone')
    return { reason: 'not heard of', isHeardOf: false };
  const request = toConfigUpdate(record, assignment.generation);
  const told = await controllerClient.updateMeetingConfig(controller, request, trace);
  return told.ok ? undefined : { reason: told.reason, isHeardOf: true };
}
