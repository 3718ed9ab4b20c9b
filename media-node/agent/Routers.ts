// Which router is where (ledger SFU-2): one router per meeting, on one worker, for as long as that worker lives.
// What is inside a router is the worker's own; calls for it pass through here.
import { ApiError } from '../../shared/api/error.ts';
import type {
  ConsumerDetails,
  ConsumersBody,
  ControllerAddress,
  CreateConsumers,
  CreateProducers,
  CreateRouter,
  CreateTransports,
  MuteTransport,
  ProducerDetails,
  ProducersBody,
  RouterBody,
  TransportDetails,
  TransportsBody,
} from '../../shared/api/handler.ts';
import { isId } from '../../shared/base/ids.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { EndedTransport, HandlerCalls } from '../ipc/protocol.ts';
import type { LostRouter, LostTransport } from './LossReports.ts';
import type { HandlerWorker, HandlerWorkers } from './WorkerPool.ts';

export interface RoutersOptions {
  readonly workers: HandlerWorkers;
  readonly maxRoutersPerWorker: number;
  readonly maxConsumersPerWorker: number;
  /** Where clients open sessions with the worker on this port, whatever it binds to (ledger SFU-7). */
  readonly mediaUrl: (udpPort: number) => string;
  /** Hashes of the certificates that a worker may show. */
  readonly certificateHashes: () => readonly string[];
  readonly newId: () => string;
  /** A worker has ended, and these routers with it. They are forgotten already. */
  readonly onLost: (routers: readonly LostRouter[], reason: string) => void;
  readonly log: Logger;
}

interface RouterEntry {
  readonly routerId: string;
  readonly meetingId: string;
  readonly generation: number;
  readonly worker: HandlerWorker;
  controller: ControllerAddress | undefined;
  /** Its worker was asked to close it, and may not have said that it did: it may be there or not. */
  closing: boolean;
}

export class Routers {
  readonly #options: RoutersOptions;
  readonly #byId = new Map<string, RouterEntry>();
  readonly #byMeeting = new Map<string, RouterEntry>();
  /** The last create of each meeting that is under way: those of one meeting run one after the other. */
  readonly #creating = new Map<string, Promise<unknown>>();
  readonly #watched = new WeakSet<HandlerWorker>();

  constructor(options: RoutersOptions) {
    this.#options = options;
  }

  /** The meeting's router: the one it has when that is of this generation, else a new one in its place. */
  async create(request: CreateRouter): Promise<RouterBody> {
    const before = this.#creating.get(request.meeting_id) ?? Promise.resolve();
    const created = before.catch(() => undefined).then(() => this.#createNow(request));
    this.#creating.set(request.meeting_id, created);
    try {
      return await created;
    } finally {
      if (this.#creating.get(request.meeting_id) === created) this.#creating.delete(request.meeting_id);
    }
  }

  /** Who is told of this router; undefined when the latest request for it did not say, or there is none. */
  controllerOf(routerId: string): ControllerAddress | undefined {
    return this.#byId.get(routerId)?.controller;
  }

  async list(): Promise<RouterBody[]> {
    const entries = [...this.#byId.values()].filter((entry) => entry.worker.running);
    const bodies = await Promise.all(entries.map((entry) => this.#describe(entry).catch(() => undefined)));
    return bodies.filter((body) => body !== undefined);
  }

  /** Undefined for a router that is not here. */
  meetingOf(routerId: string): string | undefined {
    return this.#byId.get(routerId)?.meetingId;
  }

  async inspect(routerId: string): Promise<RouterBody> {
    return await this.#describe(this.#entry(routerId));
  }

  async delete(routerId: string): Promise<void> {
    await this.#close(this.#entry(routerId));
  }

  /** As delete, unless somebody is in it: answers whether it was closed. */
  async deleteEmpty(routerId: string): Promise<boolean> {
    const entry = this.#entry(routerId);
    const { closed } = await call(entry, 'closeEmptyRouter', { router_id: routerId });
    if (closed) this.#forget(entry);
    return closed;
  }

  async createTransports(routerId: string, request: CreateTransports): Promise<TransportsBody> {
    const entry = this.#entry(routerId);
    const { transports } = await call(entry, 'createTransports', { router_id: routerId, ...request });
    const url = this.#options.mediaUrl(entry.worker.udpPort);
    const certificateHashes = [...this.#options.certificateHashes()];
    return {
      transports: transports.map((transport) => ({
        ...transport,
        url,
        certificate_hashes: certificateHashes,
      })),
    };
  }

  async deleteTransport(routerId: string, transportId: string): Promise<void> {
    const entry = this.#entry(routerId);
    requireId('transport', transportId);
    await call(entry, 'closeTransport', { router_id: routerId, transport_id: transportId });
  }

  /** Every session of a router, with its figures (ledger MH-8). */
  async inspectTransports(routerId: string): Promise<{ transports: TransportDetails[] }> {
    return await call(this.#entry(routerId), 'inspectTransports', { router_id: routerId });
  }

  async inspectTransport(routerId: string, transportId: string): Promise<TransportDetails> {
    const entry = this.#entry(routerId);
    requireId('transport', transportId);
    return await call(entry, 'inspectTransport', { router_id: routerId, transport_id: transportId });
  }

  /** What the controllers are to be told of transports that ended by themselves. */
  transportsEnded(transports: readonly EndedTransport[]): LostTransport[] {
    return transports.flatMap(({ router_id: routerId, transport_id: transportId }) => {
      const entry = this.#byId.get(routerId);
      return entry === undefined ? [] : [{ ...lostOf(entry), transportId }];
    });
  }

  async muteTransport(routerId: string, transportId: string, request: MuteTransport): Promise<void> {
    const entry = this.#entry(routerId);
    requireId('transport', transportId);
    await call(entry, 'muteTransport', { router_id: routerId, transport_id: transportId, ...request });
  }

  async createProducers(routerId: string, request: CreateProducers): Promise<ProducersBody> {
    return await call(this.#entry(routerId), 'createProducers', { router_id: routerId, ...request });
  }

  /** Every stream that is published in the router, with its publisher's transport and its figures. */
  async listProducers(routerId: string): Promise<ProducerDetails[]> {
    const { transports } = await this.inspectTransports(routerId);
    return transports.flatMap(({ transport_id, producers }) =>
      producers.map((producer) => ({ transport_id, ...producer })),
    );
  }

  async inspectProducer(routerId: string, producerId: string): Promise<ProducerDetails> {
    const producers = await this.listProducers(routerId);
    return found(
      'producer',
      producerId,
      producers.find(({ producer_id }) => producer_id === producerId),
    );
  }

  /** Every subscription in the router, with its subscriber's transport and its figures. */
  async listConsumers(routerId: string): Promise<ConsumerDetails[]> {
    const { transports } = await this.inspectTransports(routerId);
    return transports.flatMap(({ transport_id, consumers }) =>
      consumers.map((consumer) => ({ transport_id, ...consumer })),
    );
  }

  async inspectConsumer(routerId: string, consumerId: string): Promise<ConsumerDetails> {
    const consumers = await this.listConsumers(routerId);
    return found(
      'consumer',
      consumerId,
      consumers.find(({ consumer_id }) => consumer_id === consumerId),
    );
  }

  async deleteProducer(routerId: string, producerId: string): Promise<void> {
    const entry = this.#entry(routerId);
    requireId('producer', producerId);
    await call(entry, 'closeProducer', { router_id: routerId, producer_id: producerId });
  }

  async createConsumers(routerId: string, request: CreateConsumers): Promise<ConsumersBody> {
    return await call(this.#entry(routerId), 'createConsumers', { router_id: routerId, ...request });
  }

  async deleteConsumer(routerId: string, consumerId: string): Promise<void> {
    const entry = this.#entry(routerId);
    requireId('consumer', consumerId);
    await call(entry, 'closeConsumer', { router_id: routerId, consumer_id: consumerId });
  }

  async #createNow({ meeting_id: meetingId, generation, controller }: CreateRouter): Promise<RouterBody> {
    const existing = this.#byMeeting.get(meetingId);
    if (existing?.worker.running) {
      if (existing.generation === generation && !existing.closing) {
        existing.controller = controller;
        return await this.#describe(existing);
      }
      if (existing.generation > generation) {
        throw new ApiError(
          'CONFLICT',
          `Meeting "${meetingId}" has a router of generation ${existing.generation}, so generation ${generation} is over`,
          { details: { generation: existing.generation } },
        );
      }
      await this.#replace(existing);
    }
    const entry = await this.#place(meetingId, generation);
    entry.controller = controller;
    try {
      await call(entry, 'createRouter', {
        router_id: entry.routerId,
        meeting_id: meetingId,
        generation,
      });
    } catch (error) {
      this.#forget(entry);
      throw error;
    }
    return body(entry, { transports: 0, producers: 0, consumers: 0 });
  }

  /** The router of an assignment that is over goes before the new one comes, or is left to UnusedRouters. */
  async #replace(entry: RouterEntry): Promise<void> {
    try {
      await this.#close(entry);
    } catch (error) {
      this.#options.log.warn('Router was not closed before the one in its place', {
        router_id: entry.routerId,
        meeting_id: entry.meetingId,
        error,
      });
    }
  }

  /** Takes a place on the least loaded worker, at once, so that a burst of meetings does not land on one. */
  async #place(meetingId: string, generation: number): Promise<RouterEntry> {
    const { workers, maxRoutersPerWorker, maxConsumersPerWorker } = this.#options;
    const subscriptions = new Map((await workers.list()).map((worker) => [worker.pid, worker.subscriptions]));
    // A worker that does not tell its load hangs, or is about to be known as dead.
    const answering = workers.running().filter((worker) => subscriptions.has(worker.pid));
    if (answering.length === 0) {
      throw new ApiError('NO_CAPACITY', 'No worker of this handler serves', { retryAfterSeconds: 1 });
    }
    const candidates = answering
      .map((worker) => ({
        worker,
        routers: this.#routersOn(worker),
        subscriptions: subscriptions.get(worker.pid) ?? 0,
      }))
      .filter((load) => load.routers < maxRoutersPerWorker && load.subscriptions < maxConsumersPerWorker)
      .sort(
        (a, b) =>
          a.routers / maxRoutersPerWorker +
          a.subscriptions / maxConsumersPerWorker -
          (b.routers / maxRoutersPerWorker + b.subscriptions / maxConsumersPerWorker),
      );
    const [least] = candidates;
    if (least === undefined) {
      throw new ApiError(
        'CAPACITY_EXCEEDED',
        `Every worker of this handler has ${maxRoutersPerWorker} routers or ${maxConsumersPerWorker} consumers`,
      );
    }
    const entry: RouterEntry = {
      routerId: this.#options.newId(),
      meetingId,
      generation,
      worker: least.worker,
      controller: undefined,
      closing: false,
    };
    this.#byId.set(entry.routerId, entry);
    this.#byMeeting.set(meetingId, entry);
    this.#watch(least.worker);
    return entry;
  }

  #routersOn(worker: HandlerWorker): number {
    let count = 0;
    for (const entry of this.#byId.values()) if (entry.worker === worker) count++;
    return count;
  }

  /** A worker's routers end with it: they are forgotten, and asking for one answers NOT_FOUND. */
  #watch(worker: HandlerWorker): void {
    if (this.#watched.has(worker)) return;
    this.#watched.add(worker);
    void worker.exited.then(({ reason }) => {
      const lost = [...this.#byId.values()].filter((entry) => entry.worker === worker);
      for (const entry of lost) this.#forget(entry);
      if (lost.length > 0) this.#options.onLost(lost, reason);
    });
  }

  #entry(routerId: string): RouterEntry {
    const entry = this.#byId.get(routerId);
    if (entry === undefined || !entry.worker.running) throw notFound('router', routerId);
    return entry;
  }

  /** A router whose worker does not say that it is gone stays known: it can be seen, counted and closed again. */
  async #close(entry: RouterEntry): Promise<void> {
    entry.closing = true;
    try {
      await call(entry, 'closeRouter', { router_id: entry.routerId });
    } catch (error) {
      if (isNotFound(error)) this.#forget(entry);
      throw error;
    }
    this.#forget(entry);
  }

  #forget(entry: RouterEntry): void {
    this.#byId.delete(entry.routerId);
    if (this.#byMeeting.get(entry.meetingId) === entry) this.#byMeeting.delete(entry.meetingId);
  }

  async #describe(entry: RouterEntry): Promise<RouterBody> {
    try {
      return body(entry, await call(entry, 'inspectRouter', { router_id: entry.routerId }));
    } catch (error) {
      // Closed after all, when nobody waited for the answer any more.
      if (entry.closing && isNotFound(error)) this.#forget(entry);
      throw error;
    }
  }
}

function lostOf({ routerId, meetingId, controller }: RouterEntry): LostRouter {
  return { routerId, meetingId, controller };
}

/** A worker that dies over a call takes the router along, which is what the caller is told. */
async function call<Name extends keyof HandlerCalls & string>(
  { worker, routerId }: RouterEntry,
  name: Name,
  request: HandlerCalls[Name]['request'],
): Promise<HandlerCalls[Name]['answer']> {
  try {
    return await worker.call(name, request);
  } catch (error) {
    throw worker.running ? error : notFound('router', routerId);
  }
}

function body(
  entry: RouterEntry,
  counts: Pick<RouterBody, 'transports' | 'producers' | 'consumers' | 'figures'>,
): RouterBody {
  return {
    router_id: entry.routerId,
    meeting_id: entry.meetingId,
    generation: entry.generation,
    worker_id: entry.worker.workerId,
    ...counts,
  };
}

function found<Item>(kind: string, id: string, item: Item | undefined): Item {
  if (item === undefined) throw notFound(kind, id);
  return item;
}

function requireId(kind: string, id: string): void {
  if (!isId(id)) throw notFound(kind, id);
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'NOT_FOUND';
}

function notFound(kind: string, id: string): ApiError {
  return new ApiError('NOT_FOUND', `No ${kind} "${id.slice(0, 64)}" on this handler`);
}
