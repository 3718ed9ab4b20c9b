// The media nodes of the region as operators see them (ledger GC-14): the most headroom first.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import { ApiError } from '../../shared/api/error.ts';
import {
  listNodesQuerySchema,
  type NodeBody,
  type NodeListBody,
  type NodeRole,
  nodeListSchema,
} from '../../shared/api/nodeList.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import { errorResponses, jsonContent } from '../http/responses.ts';
import { withScope } from '../http/security.ts';
import type { Stores } from '../Stores.ts';
import { healthAt } from './health.ts';
import type { MediaHandler, MeetingController } from './MediaNode.ts';

/** A position in the order of nodes, which is printable ASCII. */
const CURSOR = /^[\x21-\x7e]{1,200}$/;

const listNodes = createRoute({
  ...withScope('nodes:read'),
  tags: ['Operation'],
  method: 'get',
  path: gcPaths.nodes,
  operationId: 'listNodes',
  summary: 'List the media nodes of the region',
  description:
    'Those with the most headroom first. Nodes whose load changes meanwhile may be on two pages or on none.',
  request: { query: listNodesQuerySchema },
  responses: { 200: jsonContent('One page of nodes', nodeListSchema), ...errorResponses(400, 403) },
});

export interface NodeRoutesOptions {
  readonly region: string;
  readonly stores: Pick<Stores, 'handlers' | 'controllers'>;
  readonly clock: Clock;
}

export function addNodeRoutes(app: OpenAPIHono<AppEnv>, { region, stores, clock }: NodeRoutesOptions): void {
  app.openapi(listNodes, async (context) => {
    const { role, assignable, limit, cursor } = context.req.valid('query');
    const query = {
      region,
      place: assignable === 'true' ? ('open' as const) : ('closed' as const),
      // One more than asked for is where the next page begins.
      limit: limit + 1,
      ...(cursor !== undefined && { from: decodeCursor(cursor) }),
    };
    const found = await (role === 'media_handler' ? stores.handlers : stores.controllers).list(query);
    const nowMs = clock.epochMs();
    const next = found[limit];
    const body: NodeListBody = {
      nodes: found.slice(0, limit).map(({ node }) => toNodeBody(node, role, nowMs)),
      ...(next && { next_cursor: btoa(next.position) }),
    };
    return context.json(body, 200);
  });
}

function toNodeBody(node: MediaHandler | MeetingController, role: NodeRole, nowMs: EpochMs): NodeBody {
  const { region, zone, webtransport_url } = node.registration;
  return {
    node_id: node.id,
    role,
    region,
    zone,
    webtransport_url,
    health: healthAt(node.health, nowMs),
    drained: node.health.drained === true,
    heard_at: new Date(node.health.atMs).toISOString(),
    load: Object.fromEntries(
      Object.entries(node.load).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    reserved: node.reserved ?? 0,
  };
}

function decodeCursor(cursor: string): string {
  try {
    const position = atob(cursor);
    if (CURSOR.test(position)) return position;
  } catch {
    // Not base64: no cursor of ours.
  }
  throw new ApiError('INVALID_REQUEST', 'Cursor must be a next_cursor that a list answered');
}
