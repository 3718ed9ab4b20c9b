// Internal API of a meeting controller: for the global controller (ledger GC-6), which shows a token for this controller
// alone, with bodies in protobuf or JSON and an answer in the form of the request, or JSON alone where it only looks; and
// for media handlers that have lost routers or transports (SFU-9) or tell of participants' paths (MH-5), which show their
// node token.
import type { Context } from 'hono';
import type * as z from 'zod';
import type { ControllerBody } from '../../shared/api/controller.ts';
import { ApiError } from '../../shared/api/error.ts';
import { qualityAlertsSchema, routersLostSchema, transportsLostSchema } from '../../shared/api/handler.ts';
import {
  assignMeetingSchema,
  endMeetingSchema,
  listParticipantsSchema,
  removeParticipantSchema,
  updateMeetingConfigSchema,
} from '../../shared/api/node.ts';
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
  readJson,
  readJsonValue,
  requireContentType,
  setSubject,
} from './internalHttp.ts';
import { JSON_TYPE, PROTOBUF } from './mediaTypes.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

type ControllerWorkerHandle = Pick<WorkerProcess<ControllerCalls>, 'call' | 'pid' | 'udpPort'>;

export interface ControllerApiOptions {
  /** The controller worker, when it runs. */
  readonly worker: () => ControllerWorkerHandle | undefined;
  /** Of the global controller. */
  readonly authorize: Authorize;
  /** Of media handlers. */
  readonly authorizeHandler: Authorize;
}

export function addControllerApi(http: InternalHttp, options: ControllerApiOptions): void {
  const { worker, authorize, authorizeHandler } = options;
  const running = (): ControllerWorkerHandle => {
    const current = worker();
    if (current === undefined)
      throw new ApiError('NO_CAPACITY', 'The controller worker does not run', { retryAfterSeconds: 1 });
    return current;
  };
  http.route(controllerPaths.controller, authorize, {
    GET: async (context) => {
      const handle = running();
      const stats = await handle.call('stats', null);
      return context.json({ pid: handle.pid, udp_port: handle.udpPort, ...stats } satisfies ControllerBody);
    },
  });
  http.route(controllerPaths.assignMeeting, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: 'AssignMeeting', answer: 'AssignMeetingAnswer' },
        assignMeetingSchema,
        (request) => running().call('assignMeeting', request),
      ),
  });
  http.route(controllerPaths.updateMeetingConfig, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: 'UpdateMeetingConfig', answer: 'UpdateMeetingConfigAnswer' },
        updateMeetingConfigSchema,
        (request) => running().call('updateMeetingConfig', request),
      ),
  });
  http.route(controllerPaths.endMeeting, authorize, {
    POST: (context) =>
      exchange(context, { request: 'EndMeeting', answer: 'EndMeetingAnswer' }, endMeetingSchema, (request) =>
        running().call('endMeeting', request),
      ),
  });
  http.route(controllerPaths.removeParticipant, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: 'RemoveParticipant', answer: 'RemoveParticipantAnswer' },
        removeParticipantSchema,
        (request) => running().call('removeParticipant', request),
      ),
  });
  http.route(controllerPaths.listParticipants, authorize, {
    POST: (context) =>
      exchange(
        context,
        { request: 'ListParticipants', answer: 'ListParticipantsAnswer' },
        listParticipantsSchema,
        (request) => running().call('listParticipants', request),
      ),
  });
  http.route(controllerPaths.routersLost, authorizeHandler, {
    POST: async (context, caller) => {
      const lost = await readJson(context, routersLostSchema);
      requireOwn(caller, lost);
      return context.json(await running().call('routersLost', lost));
    },
  });
  http.route(controllerPaths.transportsLost, authorizeHandler, {
    POST: async (context, caller) => {
      const lost = await readJson(context, transportsLostSchema);
      requireOwn(caller, lost);
      return context.json(await running().call('transportsLost', lost));
    },
  });
  http.route(controllerPaths.qualityAlerts, authorizeHandler, {
    POST: async (context, caller) => {
      const alerts = await readJson(context, qualityAlertsSchema);
      requireOwn(caller, alerts);
      return context.json(await running().call('qualityAlerts', alerts));
    },
  });
}

function requireOwn(caller: string, { handler_id: handlerId }: { readonly handler_id: string }): void {
  if (handlerId !== caller)
    throw new ApiError(
      'FORBIDDEN',
      `A handler tells of its own routers only: "${caller}" told of those of "${handlerId}"`,
    );
}

interface Messages {
  readonly request: NodeMessageName;
  readonly answer: NodeMessageName;
}

/** Every exchange is about a meeting, some about a participant. */
function about<Request>(context: Context, request: Request): Request {
  const { meeting_id, participant_id } = request as { meeting_id?: unknown; participant_id?: unknown };
  setSubject(context, { meeting_id, participant_id });
  return request;
}

async function exchange<Schema extends z.ZodType>(
  context: Context,
  messages: Messages,
  schema: Schema,
  handle: (request: z.output<Schema>) => Promise<object>,
): Promise<Response> {
  if (requireContentType(context, [JSON_TYPE, PROTOBUF]) === JSON_TYPE)
    return context.json(await handle(about(context, parseBody(await readJsonValue(context), schema))));
  const decoded = decodeNodeMessage(messages.request, new Uint8Array(await context.req.arrayBuffer()));
  if (!decoded.ok) throw new ApiError('INVALID_REQUEST', decoded.reason);
  const answer = await handle(about(context, parseBody(decoded.value, schema)));
  const bytes = new Uint8Array(encodeNodeMessage(messages.answer, { ...answer }));
  return context.body(bytes, 200, { 'content-type': PROTOBUF });
}
