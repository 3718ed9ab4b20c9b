// Internal API of a meeting controller (ledger GC-6), for the global controller, which shows a token for this controller
// alone. Bodies are protobuf or JSON; the answer has the form of the request.
import type { Context } from 'hono';
import type * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { assignMeetingSchema, endMeetingSchema } from '../../shared/api/node.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import type { ControllerCalls } from '../ipc/protocol.ts';
import { controlPlane, decodeMessage, encodeMessage, JSON_TYPE, PROTOBUF } from './controlPlane.ts';
import {
  type Authorize,
  type InternalHttp,
  parseBody,
  readJsonValue,
  requireContentType,
} from './internalHttp.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

export interface ControllerApiOptions {
  /** The controller worker, when it runs. */
  readonly worker: () => Pick<WorkerProcess<ControllerCalls>, 'call'> | undefined;
  readonly authorize: Authorize;
}

export function addControllerApi(http: InternalHttp, { worker, authorize }: ControllerApiOptions): void {
  const running = (): Pick<WorkerProcess<ControllerCalls>, 'call'> => {
    const current = worker();
    if (current === undefined)
      throw new ApiError('NO_CAPACITY', 'The controller worker does not run', { retryAfterSeconds: 1 });
    return current;
  };
  http.route(controllerPaths.assignMeeting, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: controlPlane.AssignMeeting, answer: controlPlane.AssignMeetingAnswer },
        assignMeetingSchema,
        (request) => running().call('assignMeeting', request),
      ),
  });
  http.route(controllerPaths.endMeeting, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: controlPlane.EndMeeting, answer: controlPlane.EndMeetingAnswer },
        endMeetingSchema,
        (request) => running().call('endMeeting', request),
      ),
  });
}

interface MessageTypes<Request, Answer> {
  readonly request: Parameters<typeof decodeMessage<Request>>[0];
  readonly answer: Parameters<typeof encodeMessage<Answer>>[0];
}

async function exchange<Request, Answer, Schema extends z.ZodType>(
  context: Context,
  types: MessageTypes<Request, Answer>,
  schema: Schema,
  handle: (request: z.output<Schema>) => Promise<object>,
): Promise<Response> {
  if (requireContentType(context, [JSON_TYPE, PROTOBUF]) === JSON_TYPE) {
    return context.json(await handle(parseBody(await readJsonValue(context), schema)));
  }
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  const answer = await handle(parseBody(decodeMessage(types.request, bytes), schema));
  return context.body(encodeMessage(types.answer, answer), 200, { 'content-type': PROTOBUF });
}
