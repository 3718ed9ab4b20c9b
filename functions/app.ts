// The global controller as one HTTP app: the same behind a Node server and on Lambda. Everything that it needs of the
// world comes in as an option.
import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { methodNotAllowed as methodNotAllowedMiddleware } from 'hono/method-not-allowed';
import * as z from 'zod';
import { ApiError } from '../shared/api/error.ts';
import { invalidRequest } from '../shared/api/invalidRequest.ts';
import { gcPaths } from '../shared/api/paths.ts';
import type { Clock } from '../shared/base/clock.ts';
import type { Logger } from '../shared/base/log.ts';
import { keySetResolver } from '../shared/token/signingKey.ts';
import { createPlacement } from './assignment/Placement.ts';
import { JSON_TYPE, PROTOBUF } from './base/contentType.ts';
import type { Random } from './base/random.ts';
import type { ControllerClient } from './controllers/ControllerClient.ts';
import { addControllerRoutes } from './controllers/routes.ts';
import { type HumanCheck, noHumanCheck } from './guest/HumanCheck.ts';
import type { Access } from './http/Access.ts';
import type { AppEnv } from './http/AppEnv.ts';
import { requireAcceptable } from './http/acceptable.ts';
import { handleError, handleNotFound, methodNotAllowed } from './http/errors.ts';
import { addOpenApiRoutes } from './http/openApi.ts';
import { createRateLimit, limitWrites } from './http/rateLimit.ts';
import { requestLog } from './http/requestLog.ts';
import { admitGuests, requireAccess } from './http/requireAccess.ts';
import { jsonContent } from './http/responses.ts';
import { admitParticipants } from './meeting/admitParticipants.ts';
import { createJoin } from './meeting/join.ts';
import { addJoinRoutes } from './meeting/joinRoutes.ts';
import { Meetings } from './meeting/Meetings.ts';
import { Participants } from './meeting/Participants.ts';
import { addParticipantRoutes } from './meeting/participantRoutes.ts';
import { DEFAULT_RETENTION_MS } from './meeting/retention.ts';
import { addMeetingRoutes } from './meeting/routes.ts';
import { addTrailRoutes } from './meeting/trailRoutes.ts';
import { addDrainRoutes } from './registry/drainRoutes.ts';
import { addNodeRoutes } from './registry/nodeRoutes.ts';
import { Registry } from './registry/Registry.ts';
import { addRegistryRoutes } from './registry/routes.ts';
import type { Stores } from './Stores.ts';
import { type ApiClient, ApiClients } from './token/ApiClients.ts';
import { addTokenRoutes } from './token/routes.ts';
import type { SigningKeys } from './token/SigningKeys.ts';

/** Bytes of a request's body; none of ours comes near. */
export const MAX_BODY_BYTES = 65_536;

/** Routes of meetings that take another credential than a token of the API: each says itself whom it lets in. */
const OPEN_PATHS = ['join/refresh', 'guest-challenges', 'unreachable'].map(
  (path) => `${gcPaths.meetings}/:id/${path}`,
);
/** The route that guests may take as well as users. */
const GUEST_PATH = `${gcPaths.meetings}/:id/join`;
/** The route that a host may take with its join token as well. */
const HOST_PATH = `${gcPaths.meetings}/:meeting_id/participants/:participant_id`;
const DEFAULT_WINDOW_SECONDS = 60;
/** Routes of nodes, behind the path of their kind, that are for operators instead of the nodes themselves. */
const OPERATOR_PATHS = [':id/drain'];
/** Where writes of a caller are counted: everywhere but on the nodes' own routes, whose pace is ours. */
const LIMITED_PATHS = [
  `${gcPaths.meetings}/*`,
  `${gcPaths.auth}/*`,
  ...OPERATOR_PATHS.flatMap((path) => [
    `${gcPaths.mediaHandlers}/${path}`,
    `${gcPaths.meetingControllers}/${path}`,
  ]),
];

export interface GlobalControllerOptions {
  /** Region whose nodes serve meetings that are joined here. */
  readonly region: string;
  readonly stores: Stores;
  readonly controllerClient: ControllerClient;
  readonly signingKeys: SigningKeys;
  /** Who may use the public API. */
  readonly access: Access;
  /** Machine clients of the built-in issuer; none by default. */
  readonly clients?: readonly ApiClient[];
  /** What guests have to show; nothing by default. */
  readonly humanCheck?: HumanCheck;
  /** Requests that change something, per client; without a limit by default. */
  readonly writesPerMinute?: number | undefined;
  /** Who may register nodes and report for them. */
  readonly nodeAccess: Access;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly retentionMs?: number;
}

export type GlobalControllerApp = OpenAPIHono<AppEnv>;

export function createGlobalController(options: GlobalControllerOptions): GlobalControllerApp {
  const { region, stores, controllerClient, signingKeys, clock, random, log } = options;
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success)
        throw invalidRequest(
          PLACES[result.target] ?? result.target,
          result.error,
          // The validator hands over what it was given, which its type does not say.
          (result as { readonly data?: unknown }).data,
        );
    },
  });
  app.onError(handleError);
  app.notFound(handleNotFound);
  app.use(requestLog(log, clock));
  app.use(
    methodNotAllowedMiddleware({
      app,
      onMethodNotAllowed: (context, methods) => methodNotAllowed(context as Context<AppEnv>, methods),
    }),
  );
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody }));
  app.use(`${gcPaths.meetings}/*`, requireAcceptable([JSON_TYPE]));
  app.use(`${gcPaths.auth}/*`, requireAcceptable([JSON_TYPE]));
  app.use(gcPaths.nodes, requireAcceptable([JSON_TYPE]), requireAccess(options.access));
  app.use(
    `${gcPaths.meetings}/*`,
    except([...OPEN_PATHS, GUEST_PATH, HOST_PATH], requireAccess(options.access)),
  );
  app.use(GUEST_PATH, admitGuests(options.access));
  const keys = keySetResolver(signingKeys.publicKeys());
  app.use(HOST_PATH, admitParticipants(options.access, { keys, clock }));
  app.use(`${gcPaths.auth}/*`, except(gcPaths.authToken, requireAccess(options.access)));
  for (const nodes of [gcPaths.mediaHandlers, gcPaths.meetingControllers]) {
    const operatorPaths = OPERATOR_PATHS.map((path) => `${nodes}/${path}`);
    app.use(`${nodes}/*`, requireAcceptable([JSON_TYPE, PROTOBUF]));
    app.use(`${nodes}/*`, except(operatorPaths, requireAccess(options.nodeAccess)));
    for (const path of operatorPaths) app.use(path, requireAccess(options.access));
  }

  const rateLimit = createRateLimit({
    counter: stores.access.requests,
    clock,
    limit: options.writesPerMinute,
    windowSeconds: DEFAULT_WINDOW_SECONDS,
  });
  for (const path of LIMITED_PATHS) app.use(path, limitWrites(rateLimit));

  const placement = createPlacement({ region, stores, clock, random });
  const serving = { region, stores, controllerClient, clock, random, placement };
  const ending = { ...serving, retentionMs: options.retentionMs ?? DEFAULT_RETENTION_MS };
  const meetings = new Meetings(ending);
  addMeetingRoutes(app, { meetings, idempotency: stores.access.idempotency, clock, random });
  addJoinRoutes(app, {
    meetings,
    meetingStore: stores.meetings,
    access: stores.access,
    join: createJoin({ ...serving, signingKeys }),
    humanCheck: options.humanCheck ?? noHumanCheck,
    signingKeys,
    rateLimit,
    clock,
  });
  addParticipantRoutes(app, {
    participants: new Participants({ ...serving, meetings }),
    access: stores.access,
    rateLimit,
  });
  addTokenRoutes(app, {
    clients: new ApiClients(options.clients ?? []),
    denylist: stores.access.denylist,
    signingKeys,
    clock,
    rateLimit,
  });
  addTrailRoutes(app, { ...serving, meetings, signingKeys, rateLimit });
  addControllerRoutes(app, ending);
  const registries = {
    handlers: new Registry({ kind: 'media handler', nodes: stores.handlers, signingKeys, clock }),
    controllers: new Registry({ kind: 'meeting controller', nodes: stores.controllers, signingKeys, clock }),
  };
  addRegistryRoutes(app, registries);
  addDrainRoutes(app, registries);
  addNodeRoutes(app, { region, stores, clock });
  app.openapi(health, (context) => context.json({ status: 'ok' as const }, 200));
  addOpenApiRoutes(app);
  return app;
}

const health = createRoute({
  tags: ['Operation'],
  method: 'get',
  path: gcPaths.health,
  operationId: 'getHealth',
  summary: 'Tell whether the process serves',
  responses: {
    200: jsonContent(
      'It serves',
      z.object({ status: z.literal('ok') }).meta({ id: 'Health', example: { status: 'ok' } }),
    ),
  },
});

/** What the framework calls the parts of a request, as callers call them. */
const PLACES: Readonly<Record<string, string>> = { json: 'body', param: 'path' };

function refuseBody(): never {
  throw new ApiError('INVALID_REQUEST', `Body must have at most ${MAX_BODY_BYTES} bytes`, { status: 413 });
}
