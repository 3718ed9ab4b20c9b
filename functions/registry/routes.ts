// REST routes of media nodes (ledger GC-1, GC-2, GC-9): JSON and protobuf alike.
import type { OpenAPIHono } from '@hono/zod-openapi';
import {
  heartbeatSchema,
  mediaHandlerLoadReportSchema,
  registerMediaHandlerSchema,
  registerMeetingControllerSchema,
} from '../../shared/api/node.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { EpochMs } from '../../shared/base/clock.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { addNodeRoute, NODE_ANSWER } from '../http/nodeRoute.ts';
import type { ControllerLoad, HandlerLoad, MediaHandler, MeetingController } from './MediaNode.ts';
import type { Registry } from './Registry.ts';

export interface RegistryRoutesOptions {
  readonly handlers: Registry<MediaHandler['registration'], HandlerLoad>;
  readonly controllers: Registry<MeetingController['registration'], ControllerLoad>;
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
    handle: (body, { log }) => handlers.register(body.handler_id, body, log),
    answer: NODE_ANSWER,
    errors: [],
  });
  addNodeRoute(app, {
    path: `${gcPaths.mediaHandlers}/{handler_id}/load-reports`,
    idName: 'handler_id',
    operationId: 'reportMediaHandlerLoad',
    summary: 'Report a media handler’s load and health',
    description: 'Every `report_interval_ms`; a handler that is silent for 30 s counts as unhealthy.',
    schema: mediaHandlerLoadReportSchema,
    message: 'MediaHandlerLoadReport',
    handle: ({ handler_id, health: state, sent_at_ms, ...load }, { log }) =>
      handlers.report(handler_id, { state, load, sentAtMs: sent_at_ms as EpochMs | undefined }, log),
    answer: NODE_ANSWER,
    errors: [404],
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
    handle: (body, { log }) => controllers.register(body.controller_id, body, log),
    answer: NODE_ANSWER,
    errors: [],
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
    handle: ({ controller_id, health: state, sent_at_ms, meetings, participants, cpu_ratio }, { log }) =>
      controllers.report(
        controller_id,
        {
          state,
          load: defined({ meetings, participants, cpu_ratio }),
          sentAtMs: sent_at_ms as EpochMs | undefined,
        },
        log,
      ),
    answer: NODE_ANSWER,
    errors: [404],
  });
}

/** Without the fields that the heartbeat left out. */
function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<Fields>
  >;
}
