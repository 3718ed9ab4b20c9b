// Calls of the controller worker to the global controller: a worker may open no connection but its own port, so its agent
// makes them, a bounded number at once (a handler that dies makes hundreds of meetings ask).
import { ApiError } from '../../shared/api/error.ts';
import { RequestLimit } from '../../shared/node/RequestLimit.ts';
import type { AgentCalls } from '../ipc/protocol.ts';
import type { RpcHandlers } from '../ipc/Rpc.ts';
import { type GlobalController, GlobalControllerError } from './GlobalController.ts';

/** Calls at once, and those that wait for their turn. */
const MAX_ACTIVE = 8;
const MAX_WAITING = 512;
/** A call that has waited this long is refused, ms: with the request's own time it stays under the worker's patience. */
const MAX_WAIT_MS = 4_000;

export type ControlPlaneCalls = Pick<
  RpcHandlers<AgentCalls>,
  'replaceHandlers' | 'hostMuted' | 'meetingEnded'
>;

/** All reject with the global controller's own ApiError, or NO_CAPACITY where it cannot be asked now. */
export function controlPlaneCalls(
  globalController: Pick<GlobalController, 'replaceHandlers' | 'reportHostMute' | 'reportEndedMeeting'>,
  controllerId: string,
): ControlPlaneCalls {
  const limit = new RequestLimit('the global controller', MAX_ACTIVE, MAX_WAITING);
  const call = async <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    try {
      await limit.enter(AbortSignal.timeout(MAX_WAIT_MS));
    } catch (cause) {
      throw new ApiError('NO_CAPACITY', 'Too many calls wait for the global controller', { cause });
    }
    try {
      return await ask();
    } catch (error) {
      throw toApiError(error);
    } finally {
      limit.leave();
    }
  };
  return {
    replaceHandlers: (request) =>
      call(() => globalController.replaceHandlers({ controller_id: controllerId, ...request })),
    hostMuted: (notice) =>
      call(() => globalController.reportHostMute({ controller_id: controllerId, ...notice })),
    meetingEnded: (notice) =>
      call(() => globalController.reportEndedMeeting({ controller_id: controllerId, ...notice })),
  };
}

function toApiError(error: unknown): unknown {
  if (!(error instanceof GlobalControllerError)) return error;
  const { code, status, message } = error;
  return new ApiError(code ?? 'NO_CAPACITY', message, {
    cause: error,
    ...(code !== undefined && status !== undefined && { status }),
  });
}
