// Internal API of a meeting controller (ledger GC-6), for the global controller, which shows a token for this controller
// alone. Bodies are protobuf or JSON; the answer has the form of the request.
import type { Context } from 'hono';
import type * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { assignMeetingSchema, endMeetingSchema } from '../../shared/api/node.ts';
import { controllerPaths } from '../../shared/api/paths.ts';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type NodeMessageName,
} from '../../shared/control-plane/messages.ts';
import type { ControllerCalls } from '../ipc/protocol.ts';
import {
  type Authorize,
  type InternalHttp,
  parseBody,
  readJsonValue,
  requireContentType,
} from './internalHttp.ts';
import { JSON_TYPE, PROTOBUF } from './mediaTypes.ts';
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
        { request: 'AssignMeeting', answer: 'AssignMeetingAnswer' },
        assignMeetingSchema,
        (request) => running().call('assignMeeting', request),
      ),
  });
  http.route(controllerPaths.endMeeting, authorize, {
    POST: (context) =>
      exchange(context, { request: 'EndMeeting', answer: 'EndMeetingAnswer' }, endMeetingSchema, (request) =>
        running().call('endMeeting', request),
      ),
  });
}

interface Messages {
  readonly request: NodeMessageName;
  readonly answer: NodeMessageName;
}

async function exchange<Schema extends z.ZodType>(
  context: Context,
  messages: Messages,
  schema: Schema,
  handle: (request: z.output<Schema>) => Promise<object>,
): Promise<Response> {
  if (requireContentType(context, [JSON_TYPE, PROTOBUF]) === JSON_TYPE)
    return context.json(await handle(parseBody(await readJsonValue(context), schema)));
  const decoded = decodeNodeMessage(messages.request, new Uint8Array(await context.req.arrayBuffer()));
  if (!decoded.ok) throw new ApiError('INVALID_REQUEST', decoded.reason);
  const answer = await handle(parseBody(decoded.value, schema));
  const bytes = new Uint8Array(encodeNodeMessage(messages.answer, { ...answer }));
  return context.body(bytes, 200, { 'content-type': PROTOBUF });
}
