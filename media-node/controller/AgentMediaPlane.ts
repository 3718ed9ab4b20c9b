// The media plane over the agent, which makes the HTTP calls (a worker may open no connection of its own).
import type { ZodType } from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import {
  consumersSchema,
  producersSchema,
  routerSchema,
  type TransportBody,
  transportsSchema,
} from '../../shared/api/handler.ts';
import { handlerPaths } from '../../shared/api/paths.ts';
import type { HandlerRequest } from '../ipc/protocol.ts';
import {
  type ConsumerRequest,
  isGone,
  type MediaHandler,
  type MediaKind,
  type MediaPlane,
  type ProducerRequest,
  type RouterAddress,
  type TransportRequest,
} from './MediaPlane.ts';

/** AgentCalls.handlerRequest: resolves with the body of a 2xx, rejects with an ApiError. */
export type RequestHandler = (request: HandlerRequest) => Promise<unknown>;

export class AgentMediaPlane implements MediaPlane {
  readonly #request: RequestHandler;

  constructor(request: RequestHandler) {
    this.#request = request;
  }

  async createRouter(handler: MediaHandler, meetingId: string, generation: number): Promise<string> {
    const body = { meeting_id: meetingId, generation };
    const router = await this.#post(handler, handlerPaths.routers, body, routerSchema);
    // A handler answers the router that it has for a meeting and generation. With transports in it, it belongs to a
    // controller that has died since: its user ids are given out anew.
    if (router.transports === 0) return router.router_id;
    await this.closeRouter({ handler, routerId: router.router_id });
    return (await this.#post(handler, handlerPaths.routers, body, routerSchema)).router_id;
  }

  async closeRouter({ handler, routerId }: RouterAddress): Promise<void> {
    await this.#delete(handler, handlerPaths.router(routerId));
  }

  async hasRouter({ handler, routerId }: RouterAddress): Promise<boolean> {
    try {
      await this.#request({ ...addressOf(handler), method: 'GET', path: handlerPaths.router(routerId) });
      return true;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }

  async createTransports(
    { handler, routerId }: RouterAddress,
    transports: readonly TransportRequest[],
  ): Promise<readonly TransportBody[]> {
    const answer = await this.#post(
      handler,
      handlerPaths.transports(routerId),
      { transports: transports.map(({ traceparent: _, ...transport }) => transport) },
      transportsSchema,
      // A batch is of several joins: the first stands for it.
      transports.find(({ traceparent }) => traceparent !== undefined)?.traceparent,
    );
    return checkCount(handler, answer.transports, transports.length);
  }

  async muteTransport(
    { handler, routerId }: RouterAddress,
    transportId: string,
    kinds: readonly MediaKind[],
  ): Promise<void> {
    const path = handlerPaths.muteTransport(routerId, transportId);
    await this.#request({ ...addressOf(handler), method: 'POST', path, body: { kinds } });
  }

  async closeTransport({ handler, routerId }: RouterAddress, transportId: string): Promise<void> {
    await this.#delete(handler, handlerPaths.transport(routerId, transportId));
  }

  async createProducers(
    { handler, routerId }: RouterAddress,
    producers: readonly ProducerRequest[],
  ): Promise<readonly string[]> {
    const answer = await this.#post(
      handler,
      handlerPaths.producers(routerId),
      { producers },
      producersSchema,
    );
    return checkCount(handler, answer.producers, producers.length).map((producer) => producer.producer_id);
  }

  async closeProducer({ handler, routerId }: RouterAddress, producerId: string): Promise<void> {
    await this.#delete(handler, handlerPaths.producer(routerId, producerId));
  }

  async createConsumers(
    { handler, routerId }: RouterAddress,
    consumers: readonly ConsumerRequest[],
  ): Promise<readonly string[]> {
    const answer = await this.#post(
      handler,
      handlerPaths.consumers(routerId),
      { consumers },
      consumersSchema,
    );
    return checkCount(handler, answer.consumers, consumers.length).map((consumer) => consumer.consumer_id);
  }

  async closeConsumer({ handler, routerId }: RouterAddress, consumerId: string): Promise<void> {
    await this.#delete(handler, handlerPaths.consumer(routerId, consumerId));
  }

  async #post<T>(
    handler: MediaHandler,
    path: string,
    body: unknown,
    schema: ZodType<T>,
    traceparent?: string,
  ): Promise<T> {
    const answer = await this.#request({
      ...addressOf(handler),
      method: 'POST',
      path,
      body,
      ...(traceparent === undefined ? {} : { traceparent }),
    });
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new ApiError(
      'INTERNAL_ERROR',
      `Media handler "${handler.handler_id}" answered POST ${path} with another shape`,
      { cause: parsed.error },
    );
  }

  async #delete(handler: MediaHandler, path: string): Promise<void> {
    await this.#request({ ...addressOf(handler), method: 'DELETE', path });
  }
}

function addressOf(handler: MediaHandler): Pick<HandlerRequest, 'internal_url' | 'certificate_hashes'> {
  return { internal_url: handler.internal_url, certificate_hashes: handler.certificate_hashes };
}

function checkCount<T>(handler: MediaHandler, items: readonly T[], expected: number): readonly T[] {
  if (items.length === expected) return items;
  throw new ApiError(
    'INTERNAL_ERROR',
    `Media handler "${handler.handler_id}" answered ${items.length} items to a batch of ${expected}`,
  );
}
