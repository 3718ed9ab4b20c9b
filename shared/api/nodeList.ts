// REST bodies of the media nodes as operators see them.
import * as z from 'zod';
import { httpsUrlSchema, idSchema, pageLimitSchema, timestampSchema } from './fields.ts';
import { healthSchema } from './node.ts';

export const NODE_ROLES = ['media_handler', 'meeting_controller'] as const;
export type NodeRole = (typeof NODE_ROLES)[number];
export const DEFAULT_NODE_PAGE_SIZE = 50;
export const MAX_NODE_PAGE_SIZE = 100;

export const listNodesQuerySchema = z.object({
  role: z.enum(NODE_ROLES).default('media_handler'),
  assignable: z
    .enum(['true', 'false'])
    .default('true')
    .meta({ description: 'Those that may be given meetings as of their last word, or those that may not.' }),
  limit: pageLimitSchema(MAX_NODE_PAGE_SIZE, DEFAULT_NODE_PAGE_SIZE),
  cursor: z.string().max(1_024).optional(),
});

export const nodeSchema = z
  .object({
    node_id: idSchema,
    role: z.enum(NODE_ROLES),
    region: idSchema,
    zone: idSchema,
    webtransport_url: httpsUrlSchema,
    health: healthSchema.meta({ description: 'As it is now: silence counts.' }),
    drained: z.boolean(),
    heard_at: timestampSchema,
    load: z
      .record(z.string(), z.number())
      .meta({ description: 'Figures of the last report; empty before the first one.' }),
    reserved: z.number().meta({ description: 'Capacity kept for meetings that no report shows yet.' }),
  })
  .meta({
    id: 'Node',
    example: {
      node_id: 'mh-1',
      role: 'media_handler',
      region: 'eu-central-1',
      zone: 'eu-central-1a',
      webtransport_url: 'https://192.0.2.10:4433/media',
      health: 'HEALTHY',
      drained: false,
      heard_at: '2026-11-21T10:00:00.000Z',
      load: { streams: 12, cpu_ratio: 0.2 },
      reserved: 0,
    },
  });
export type NodeBody = z.infer<typeof nodeSchema>;

export const nodeListSchema = z
  .object({ nodes: z.array(nodeSchema), next_cursor: z.string().optional() })
  .meta({ id: 'NodeList', example: { nodes: [] } });
export type NodeListBody = z.infer<typeof nodeListSchema>;
