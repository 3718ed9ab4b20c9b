// Internal API of a media handler (ledger SFU-3): routers, transports, producers, consumers and workers, for meeting
// controllers, which show a node token.
import type { Context } from 'hono';
import { ApiError } from '../../shared/api/error.ts';
import {
  createConsumersSchema,
  createProducersSchema,
  createRouterSchema,
  createTransportsSchema,
  muteTransportSchema,
} from '../../shared/api/handler.ts';
import { handlerPaths } from '../../shared/api/paths.ts';
import { EXPOSITION_CONTENT_TYPE, formatExposition } from '../metrics/exposition.ts';
import { handlerMetrics } from '../metrics/handlerMetrics.ts';
import { type Authorize, type InternalHttp, readJson, setSubject } from './internalHttp.ts';
import type { Routers } from './Routers.ts';
import type { HandlerWorkers } from './WorkerPool.ts';

export interface HandlerApiOptions {
  /** Labels the metrics of this node. */
  readonly handlerId: string;
  readonly routers: Routers;
  readonly workers: HandlerWorkers;
  readonly authorize: Authorize;
}

const ROUTER = ':router';
const ITEM = ':item';

export function addHandlerApi(
  http: InternalHttp,
  { handlerId, routers, workers, authorize }: HandlerApiOptions,
): void {
  http.route(handlerPaths.workers, authorize, {
    GET: async (context) => context.json({ workers: await workers.list() }),
  });
  http.route(handlerPaths.worker(ITEM), authorize, {
    GET: async (context) => {
      const worker = (await workers.list()).find(({ worker_id }) => String(worker_id) === itemId(context));
      if (worker === undefined)
        throw new ApiError('NOT_FOUND', `No worker "${itemId(context).slice(0, 64)}" runs on this handler`);
      return context.json(worker);
    },
  });
  http.route(handlerPaths.metrics, authorize, {
    GET: async (context) =>
      context.body(formatExposition(handlerMetrics(handlerId, await workers.list())), 200, {
        'content-type': EXPOSITION_CONTENT_TYPE,
      }),
  });
  http.route(handlerPaths.routers, authorize, {
    GET: async (context) => context.json({ routers: await routers.list() }),
    POST: async (context) =>
      context.json(await routers.create(await readJson(context, createRouterSchema)), 201),
  });
  http.route(handlerPaths.router(ROUTER), authorize, {
    GET: async (context) => context.json(await routers.inspect(routerId(context))),
    DELETE: async (context) => {
      await routers.delete(routerId(context));
      return context.body(null, 204);
    },
  });
  http.route(handlerPaths.transports(ROUTER), authorize, {
    GET: async (context) => context.json(await routers.inspectTransports(routerId(context))),
    POST: async (context) => {
      const request = await readJson(context, createTransportsSchema);
      setSubject(context, {
        meeting_id: routers.meetingOf(routerId(context)),
        participant_id: request.transports.map(({ participant_id }) => participant_id).join(' '),
      });
      return context.json(await routers.createTransports(routerId(context), request), 201);
    },
  });
  http.route(handlerPaths.muteTransport(ROUTER, ITEM), authorize, {
    POST: async (context) => {
      const request = await readJson(context, muteTransportSchema);
      await routers.muteTransport(routerId(context), itemId(context), request);
      return context.body(null, 204);
    },
  });
  http.route(handlerPaths.producers(ROUTER), authorize, {
    GET: async (context) => context.json({ producers: await routers.listProducers(routerId(context)) }),
    POST: async (context) => {
      const request = await readJson(context, createProducersSchema);
      return context.json(await routers.createProducers(routerId(context), request), 201);
    },
  });
  http.route(handlerPaths.consumers(ROUTER), authorize, {
    GET: async (context) => context.json({ consumers: await routers.listConsumers(routerId(context)) }),
    POST: async (context) => {
      const request = await readJson(context, createConsumersSchema);
      return context.json(await routers.createConsumers(routerId(context), request), 201);
    },
  });
  const items = [
    {
      path: handlerPaths.transport(ROUTER, ITEM),
      inspect: routers.inspectTransport.bind(routers),
      remove: routers.deleteTransport.bind(routers),
    },
    {
      path: handlerPaths.producer(ROUTER, ITEM),
      inspect: routers.inspectProducer.bind(routers),
      remove: routers.deleteProducer.bind(routers),
    },
    {
      path: handlerPaths.consumer(ROUTER, ITEM),
      inspect: routers.inspectConsumer.bind(routers),
      remove: routers.deleteConsumer.bind(routers),
    },
  ];
  for (const { path, inspect, remove } of items) {
    http.route(path, authorize, {
      GET: async (context) => context.json(await inspect(routerId(context), itemId(context))),
      DELETE: async (context) => {
        await remove(routerId(context), itemId(context));
        return context.body(null, 204);
      },
    });
  }
}

function routerId(context: Context): string {
  return context.req.param(ROUTER.slice(1)) ?? '';
}

function itemId(context: Context): string {
  return context.req.param(ITEM.slice(1)) ?? '';
}
