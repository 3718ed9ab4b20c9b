// Media handlers that behave, in memory: ids must exist, closing cascades innermost first, batches are all or nothing.

import type {
  ConsumerRequest,
  MediaHandler,
  MediaKind,
  MediaPlane,
  ProducerRequest,
  RouterAddress,
  TransportRequest,
} from '../../../../media-node/controller/MediaPlane.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import type { TransportBody } from '../../../../shared/api/handler.ts';

export type PlaneMethod = keyof MediaPlane;

interface Producer {
  readonly transportId: string;
  readonly request: ProducerRequest;
}

interface Router {
  readonly handlerId: string;
  readonly meetingId: string;
  readonly generation: number;
  readonly transports: Map<string, TransportRequest>;
  readonly producers: Map<string, Producer>;
  readonly consumers: Map<string, ConsumerRequest>;
}

export class InMemoryMediaPlane implements MediaPlane {
  readonly routers = new Map<string, Router>();
  /** Calls as they came, `method handler`. */
  readonly calls: string[] = [];
  /** What was closed, in order: `consumer`, `producer`, `transport` or `router` and its id. */
  readonly closed: string[] = [];
  /** Largest batch of each call. */
  readonly batches: number[] = [];
  /** Runs in front of each call: a rejection is the call's, a promise that waits holds it. */
  before: (method: PlaneMethod, handlerId: string) => Promise<void> | void = () => undefined;
  /** Runs after each call took effect, in front of its answer. */
  after: (method: PlaneMethod) => Promise<void> | void = () => undefined;
  #lastId = 0;

  /** Fails calls of this method (at this handler, if given) until the returned function is called. */
  fail(method: PlaneMethod, error: Error, handlerId?: string): () => void {
    const previous = this.before;
    this.before = (called, at) => {
      if (called === method && (handlerId === undefined || at === handlerId)) throw error;
      return previous(called, at);
    };
    return () => {
      this.before = previous;
    };
  }

  /** Holds calls of this method until the returned function is called. */
  hold(method: PlaneMethod): () => void {
    const previous = this.before;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.before = (called, at) => (called === method ? promise : previous(called, at));
    return () => {
      this.before = previous;
      resolve();
    };
  }

  /** A handler restarts: it forgets every router. */
  forget(): void {
    this.routers.clear();
  }

  /** A client's session ends at the handler, and its transport with it; answers which one that was. */
  endTransportOf(userId: number): { handlerId: string; routerId: string; transportId: string } {
    for (const [routerId, router] of this.routers)
      for (const [transportId, { user_id }] of router.transports) {
        if (user_id !== userId) continue;
        this.#removeTransport(router, transportId);
        return { handlerId: router.handlerId, routerId, transportId };
      }
    throw new Error(`User ${userId} has no transport`);
  }

  get totals(): { routers: number; transports: number; producers: number; consumers: number } {
    const totals = { routers: this.routers.size, transports: 0, producers: 0, consumers: 0 };
    for (const router of this.routers.values()) {
      totals.transports += router.transports.size;
      totals.producers += router.producers.size;
      totals.consumers += router.consumers.size;
    }
    return totals;
  }

  async createRouter(handler: MediaHandler, meetingId: string, generation: number): Promise<string> {
    await this.#begin('createRouter', handler.handler_id);
    for (const [id, router] of this.routers) {
      if (router.handlerId !== handler.handler_id || router.meetingId !== meetingId) continue;
      if (generation < router.generation) throw new ApiError('CONFLICT', 'Generation is old');
      if (generation === router.generation && router.transports.size === 0) return id;
      this.#removeRouter(id);
    }
    const id = this.#id('r');
    this.routers.set(id, {
      handlerId: handler.handler_id,
      meetingId,
      generation,
      transports: new Map(),
      producers: new Map(),
      consumers: new Map(),
    });
    return id;
  }

  async closeRouter(address: RouterAddress): Promise<void> {
    await this.#begin('closeRouter', address.handler.handler_id);
    this.#routerOf(address);
    this.#removeRouter(address.routerId);
  }

  async hasRouter(address: RouterAddress): Promise<boolean> {
    await this.#begin('hasRouter', address.handler.handler_id);
    return this.routers.get(address.routerId)?.handlerId === address.handler.handler_id;
  }

  async createTransports(
    address: RouterAddress,
    transports: readonly TransportRequest[],
  ): Promise<TransportBody[]> {
    await this.#begin('createTransports', address.handler.handler_id);
    const router = this.#routerOf(address);
    this.batches.push(transports.length);
    const made = transports.map((request) => {
      const id = this.#id('t');
      router.transports.set(id, request);
      return {
        transport_id: id,
        url: `https://192.0.2.1:4433/media?handler=${router.handlerId}`,
        certificate_hashes: [HASH],
        connection_token: `token-of-${id}`,
        expires_at_ms: 300_000,
      };
    });
    await this.after('createTransports');
    return made;
  }

  async closeTransport(address: RouterAddress, transportId: string): Promise<void> {
    await this.#begin('closeTransport', address.handler.handler_id);
    const router = this.#routerOf(address);
    if (!router.transports.has(transportId)) throw notFound('transport', transportId);
    this.#removeTransport(router, transportId);
  }

  async createProducers(address: RouterAddress, producers: readonly ProducerRequest[]): Promise<string[]> {
    await this.#begin('createProducers', address.handler.handler_id);
    const router = this.#routerOf(address);
    for (const { transport_id } of producers)
      if (!router.transports.has(transport_id)) throw notFound('transport', transport_id);
    const ids = producers.map((request) => {
      const id = this.#id('p');
      router.producers.set(id, { transportId: request.transport_id, request });
      return id;
    });
    await this.after('createProducers');
    return ids;
  }

  async muteTransport(
    address: RouterAddress,
    transportId: string,
    kinds: readonly MediaKind[],
  ): Promise<void> {
    await this.#begin('muteTransport', address.handler.handler_id);
    const { transports } = this.#routerOf(address);
    const transport = transports.get(transportId);
    if (transport === undefined) throw notFound('transport', transportId);
    transports.set(transportId, { ...transport, muted: kinds });
  }

  async closeProducer(address: RouterAddress, producerId: string): Promise<void> {
    await this.#begin('closeProducer', address.handler.handler_id);
    const router = this.#routerOf(address);
    if (!router.producers.has(producerId)) throw notFound('producer', producerId);
    this.#removeProducer(router, producerId);
  }

  async createConsumers(address: RouterAddress, consumers: readonly ConsumerRequest[]): Promise<string[]> {
    await this.#begin('createConsumers', address.handler.handler_id);
    const router = this.#routerOf(address);
    this.batches.push(consumers.length);
    for (const { transport_id, producer_id } of consumers) {
      if (!router.transports.has(transport_id)) throw notFound('transport', transport_id);
      if (!router.producers.has(producer_id)) throw notFound('producer', producer_id);
    }
    const ids = consumers.map((request) => {
      const id = this.#id('c');
      router.consumers.set(id, request);
      return id;
    });
    await this.after('createConsumers');
    return ids;
  }

  async closeConsumer(address: RouterAddress, consumerId: string): Promise<void> {
    await this.#begin('closeConsumer', address.handler.handler_id);
    const router = this.#routerOf(address);
    if (!router.consumers.delete(consumerId)) throw notFound('consumer', consumerId);
    this.closed.push(`consumer ${consumerId}`);
  }

  async #begin(method: PlaneMethod, handlerId: string): Promise<void> {
    this.calls.push(`${method} ${handlerId}`);
    await this.before(method, handlerId);
  }

  #routerOf({ routerId, handler }: RouterAddress): Router {
    const router = this.routers.get(routerId);
    if (router === undefined || router.handlerId !== handler.handler_id) throw notFound('router', routerId);
    return router;
  }

  #removeRouter(routerId: string): void {
    const router = this.routers.get(routerId);
    for (const id of router?.transports.keys() ?? []) if (router) this.#removeTransport(router, id);
    this.routers.delete(routerId);
    this.closed.push(`router ${routerId}`);
  }

  #removeTransport(router: Router, transportId: string): void {
    this.#removeConsumers(router, (consumer) => consumer.transport_id === transportId);
    for (const [id, producer] of router.producers)
      if (producer.transportId === transportId) this.#removeProducer(router, id);
    router.transports.delete(transportId);
    this.closed.push(`transport ${transportId}`);
  }

  #removeProducer(router: Router, producerId: string): void {
    this.#removeConsumers(router, (consumer) => consumer.producer_id === producerId);
    router.producers.delete(producerId);
    this.closed.push(`producer ${producerId}`);
  }

  #removeConsumers(router: Router, gone: (consumer: ConsumerRequest) => boolean): void {
    for (const [id, consumer] of router.consumers) {
      if (!gone(consumer)) continue;
      router.consumers.delete(id);
      this.closed.push(`consumer ${id}`);
    }
  }

  #id(prefix: string): string {
    this.#lastId += 1;
    return `${prefix}${this.#lastId}`;
  }
}

/** Base64 of 32 bytes of 7. */
export const HASH = btoa(String.fromCharCode(...new Array<number>(32).fill(7)));

function notFound(what: string, id: string): ApiError {
  return new ApiError('NOT_FOUND', `No ${what} "${id}"`);
}
