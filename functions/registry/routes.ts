// REST routes of media nodes (ledger GC-1, GC-2, GC-9): JSON and protobuf alike.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { idSchema } from '../../shared/api/fields.ts';
import {
  heartbeatSchema,
  mediaHandlerLoadReportSchema,
  type NodeAnswer,
  nodeAnswerSchema,
  registerMediaHandlerSchema,
  registerMeetingControllerSchema,
} from '../../shared/api/node.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { NodeMessageName } from '../../shared/control-plane/messages.ts';
import { JSON_TYPE, PROTOBUF } from '../base/contentType.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { invalidRequest } from '../http/errors.ts';
import { answerNode, readNodeBody } from '../http/nodeBody.ts';
import { BODY_ERRORS, errorResponses } from '../http/responses.ts';
import type { ControllerLoad, HandlerLoad, MediaHandler, MeetingController } from './MediaNode.ts';
import type { Registry } from './Registry.ts';

export interface RegistryRoutesOptions {
  readonly handlers: Registry<MediaHandler['registration'], HandlerLoad>;
  readonly controllers: Registry<MeetingController['registration'], ControllerLoad>;
}

interface NodeRoute<Schema extends z.ZodType> {
  readonly path: string;
  /** Name of the path's id parameter, which is also the name of the body's id. */
  readonly idName: 'handler_id' | 'controller_id';
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly schema: Schema;
  /** Name of the protobuf message, in darktower.controlplane. */
  readonly message: NodeMessageName;
  readonly handle: (body: z.output<Schema>, log: Logger) => Promise<NodeAnswer>;
  readonly canBeUnknown: boolean;
}

/** Adds the routes to an app that lets only nodes through to them. */
export function addRegistryRoutes(
  app: OpenAPIHono<AppEnv>,
  { handlers, controllers }: RegistryRoutesOptions,
): void {
  addNodeRoute(app, {
    path: gcPaths.mediaHandlers,
    idName: 'handler_id',
    operationId: 'registerMediaHandler',
    summary: 'Register a media handler',
    description:
      'Puts the handler in, or replaces what was known of it. It takes meetings from its first report on.',
    schema: registerMediaHandlerSchema,
    message: 'RegisterMediaHandler',
    handle: (body, log) => handlers.register(body.handler_id, body, log),
    canBeUnknown: false,
  });
  addNodeRoute(app, {
    path: `${gcPaths.mediaHandlers}/{handler_id}/load-reports`,
    idName: 'handler_id',
    operationId: 'reportMediaHandlerLoad',
    summary: 'Report a media handler’s load and health',
    description: 'Every `report_interval_ms`; a handler that is silent for 30 s counts as unhealthy.',
    schema: mediaHandlerLoadReportSchema,
    message: 'MediaHandlerLoadReport',
    handle: ({ handler_id, health: state, sent_at_ms, ...load }, log) =>
      handlers.report(handler_id, { state, load, sentAtMs: sent_at_ms as EpochMs | undefined }, log),
    canBeUnknown: true,
  });
  addNodeRoute(app, {
    path: gcPaths.meetingControllers,
    idName: 'controller_id',
    operationId: 'registerMeetingController',
    summary: 'Register a meeting controller',
    description:
      'Puts the controller in, or replaces what was known of it. It takes meetings from its first full heartbeat on.',
    schema: registerMeetingControllerSchema,
    message: 'RegisterMeetingController',
    handle: (body, log) => controllers.register(body.controller_id, body, log),
    canBeUnknown: false,
  });
  addNodeRoute(app, {
    path: `${gcPaths.meetingControllers}/{controller_id}/heartbeats`,
    idName: 'controller_id',
    operationId: 'sendHeartbeat',
    summary: 'Send a meeting controller’s heartbeat',
    description:
      'Light (health alone) every 10 s, full (with figures) every 30 s; silent for 30 s is unhealthy.',
    schema: heartbeatSchema,
    message: 'Heartbeat',
    handle: ({ controller_id, health: state, sent_at_ms, meetings, participants, cpu_ratio }, log) =>
      controllers.report(
        controller_id,
        {
          state,
          load: defined({ meetings, participants, cpu_ratio }),
          sentAtMs: sent_at_ms as EpochMs | undefined,
        },
        log,
      ),
    canBeUnknown: true,
  });
}

/**
 * The description goes into the document and the handler into the app by themselves: the validation that the framework
 * would add knows JSON only.
 */
function addNodeRoute<Schema extends z.ZodType>(app: OpenAPIHono<AppEnv>, route: NodeRoute<Schema>): void {
  const hasId = route.path.includes(`{${route.idName}}`);
  const binary = {
    schema: {
      type: 'string' as const,
      format: 'binary',
      description: `darktower.controlplane.${route.message}`,
    },
  };
  app.openAPIRegistry.registerPath(
    createRoute({
      tags: ['Media nodes'],
      security: [{ nodeToken: [] }],
      method: 'post',
      path: route.path,
      operationId: route.operationId,
      summary: route.summary,
      description: route.description,
      request: {
        ...(hasId && {
          params: z.object({ [route.idName]: idSchema.meta({ description: 'Id of the node' }) }),
        }),
        body: {
          required: true,
          content: { [JSON_TYPE]: { schema: route.schema }, [PROTOBUF]: binary },
        },
      },
      responses: {
        200: {
          description: 'What the node needs until its next report, in the content type of the request',
          content: {
            [JSON_TYPE]: { schema: nodeAnswerSchema },
            [PROTOBUF]: {
              schema: { type: 'string', format: 'binary', description: 'darktower.controlplane.NodeAnswer' },
            },
          },
        },
        ...errorResponses(...(route.canBeUnknown ? ([404] as const) : []), ...BODY_ERRORS),
      },
    }),
  );
  app.post(route.path.replace(/\{(\w+)\}/, ':$1'), async (context) => {
    const idInPath = hasId ? pathId(context, route.idName) : undefined;
    const body = await readNodeBody(context, route.schema, route.message);
    const idInBody = (body as Record<string, unknown>)[route.idName];
    if (idInPath !== undefined && idInBody !== idInPath)
      throw new ApiError(
        'INVALID_REQUEST',
        `${route.idName} must be the one in the path, "${idInPath}": got "${idInBody}"`,
      );
    context.set('subject', { [route.idName]: String(idInBody) });
    return answerNode(context, 'NodeAnswer', await route.handle(body, context.get('log')));
  });
}

function pathId(context: Context<AppEnv>, name: string): string {
  const parsed = idSchema.safeParse(context.req.param(name));
  if (!parsed.success) throw invalidRequest('path', parsed.error);
  return parsed.data;
}

/** Without the fields that the heartbeat left out. */
function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<Fields>
  >;
}
