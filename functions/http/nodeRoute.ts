// Routes of media nodes: JSON and protobuf alike, one shape and one schema for both (protocol, "Control plane").
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { idSchema } from '../../shared/api/fields.ts';
import { invalidRequest } from '../../shared/api/invalidRequest.ts';
import { type NodeAnswer, nodeAnswerSchema } from '../../shared/api/node.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { TraceContext } from '../../shared/base/trace.ts';
import { JSON_TYPE, PROTOBUF } from '../base/contentType.ts';
import type { NodeMessageName } from '../base/nodeMessages.ts';
import type { AppEnv } from './AppEnv.ts';
import { answerNode, readNodeBody } from './nodeBody.ts';
import { BODY_ERRORS, type ErrorStatus, errorResponse, errorResponses } from './responses.ts';

export interface NodeRouteAnswer<Answer extends object> {
  readonly message: NodeMessageName;
  readonly schema: z.ZodType<Answer>;
  readonly description: string;
}

/** What nodes get for registering and reporting. */
export const NODE_ANSWER: NodeRouteAnswer<NodeAnswer> = {
  message: 'NodeAnswer',
  schema: nodeAnswerSchema,
  description: 'What the node needs until its next report',
};

export interface NodeRouteContext {
  readonly log: Logger;
  readonly trace: TraceContext;
}

export interface NodeRoute<Schema extends z.ZodType, Answer extends object> {
  readonly path: string;
  /** Name of the path's id parameter, which is also the name of the body's id. */
  readonly idName: 'handler_id' | 'controller_id';
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly schema: Schema;
  /** Name of the protobuf message, in darktower.controlplane. */
  readonly message: NodeMessageName;
  readonly answer: NodeRouteAnswer<Answer>;
  /** Statuses beside those that every route with a body has. */
  readonly errors: readonly ErrorStatus[];
  /** When it answers 409, where it does. */
  readonly conflict?: string;
  readonly handle: (body: z.output<Schema>, context: NodeRouteContext) => Promise<Answer>;
}

/**
 * Adds a route to an app that lets only nodes through to it. The description goes into the document and the handler into
 * the app by themselves: the validation that the framework would add knows JSON only.
 */
export function addNodeRoute<Schema extends z.ZodType, Answer extends object>(
  app: OpenAPIHono<AppEnv>,
  route: NodeRoute<Schema, Answer>,
): void {
  const hasId = route.path.includes(`{${route.idName}}`);
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
          content: { [JSON_TYPE]: { schema: route.schema }, [PROTOBUF]: binary(route.message) },
        },
      },
      responses: {
        200: {
          description: `${route.answer.description}, in the content type of the request`,
          content: { [JSON_TYPE]: { schema: route.answer.schema }, [PROTOBUF]: binary(route.answer.message) },
        },
        ...errorResponses(...route.errors, ...BODY_ERRORS),
        ...(route.conflict !== undefined && { 409: errorResponse(route.conflict) }),
      },
    }),
  );
  app.post(route.path.replace(/\{(\w+)\}/, ':$1'), async (context) => {
    const idInPath = hasId ? pathId(context, route.idName) : undefined;
    const body = await readNodeBody(context, route.schema, route.message);
    const { [route.idName]: idInBody, meeting_id: meetingId } = body as Record<string, unknown>;
    if (idInPath !== undefined && idInBody !== idInPath)
      throw new ApiError(
        'INVALID_REQUEST',
        `${route.idName} must be the one in the path, "${idInPath}": got "${idInBody}"`,
      );
    context.set('subject', {
      [route.idName]: String(idInBody),
      ...(typeof meetingId === 'string' && { meeting_id: meetingId }),
    });
    const answer = await route.handle(body, { log: context.get('log'), trace: context.get('trace') });
    return await answerNode(context, route.answer.message, answer);
  });
}

function binary(message: NodeMessageName) {
  return {
    schema: {
      type: 'string' as const,
      format: 'binary',
      description: `darktower.controlplane.${message}`,
    },
  };
}

function pathId(context: Context<AppEnv>, name: string): string {
  const path = { id: context.req.param(name) };
  const parsed = z.object({ id: idSchema }).safeParse(path);
  if (!parsed.success) throw invalidRequest('path', parsed.error, path);
  return parsed.data.id;
}
