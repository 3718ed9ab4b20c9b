// Draining media nodes and taking that back (operators): a node then takes no new meetings and keeps those that it has.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { nodeHealthSchema } from '../../shared/api/node.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { errorResponses, jsonContent, WRITE_ERRORS } from '../http/responses.ts';
import { withScope } from '../http/security.ts';
import type { RegistryRoutesOptions } from './routes.ts';

interface DrainRoute {
  readonly path: string;
  readonly idName: 'handler_id' | 'controller_id';
  /** As in "a media handler". */
  readonly what: string;
  /** As in "drainMediaHandler". */
  readonly noun: string;
  readonly registry: RegistryRoutesOptions['handlers'] | RegistryRoutesOptions['controllers'];
}

/** Adds the routes to an app that has set `caller` and `log`. */
export function addDrainRoutes(
  app: OpenAPIHono<AppEnv>,
  { handlers, controllers }: RegistryRoutesOptions,
): void {
  addDrainRoute(app, {
    path: `${gcPaths.mediaHandlers}/{handler_id}/drain`,
    idName: 'handler_id',
    what: 'media handler',
    noun: 'MediaHandler',
    registry: handlers,
  });
  addDrainRoute(app, {
    path: `${gcPaths.meetingControllers}/{controller_id}/drain`,
    idName: 'controller_id',
    what: 'meeting controller',
    noun: 'MeetingController',
    registry: controllers,
  });
}

function addDrainRoute(app: OpenAPIHono<AppEnv>, { path, idName, what, noun, registry }: DrainRoute): void {
  const common = {
    ...withScope('nodes:write'),
    tags: ['Media nodes'],
    path,
    request: {
      params: z.object({ [idName]: idSchema.meta({ description: 'Id of the node', example: 'node-1' }) }),
    },
    responses: {
      200: jsonContent('The node as it is now', nodeHealthSchema),
      ...errorResponses(400, 403, 404, ...WRITE_ERRORS),
    },
  };
  const drain = createRoute({
    ...common,
    method: 'post',
    operationId: `drain${noun}`,
    summary: `Drain a ${what}`,
    description:
      'It takes no new meetings, whatever it says of itself and even when it registers anew, until that is taken back; it keeps the meetings that it has. Again has no effect.',
  });
  const undrain = createRoute({
    ...common,
    method: 'delete',
    operationId: `undrain${noun}`,
    summary: `Take the drain of a ${what} back`,
    description: 'It takes meetings again from its next report on. No effect where it is not drained.',
  });
  for (const [route, drained] of [
    [drain, true],
    [undrain, false],
  ] as const)
    app.openapi(route, async (context) => {
      const id = (context.req.valid('param') as Record<string, string>)[idName] ?? '';
      context.set('subject', { [idName]: id });
      return context.json(await registry.drain(id, drained, context.get('log')), 200);
    });
}
