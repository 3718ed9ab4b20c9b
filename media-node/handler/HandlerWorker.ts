// A media handler worker without its process: routers by id, the sessions of their clients, and the answers to the agent.
import { ApiError } from '../../shared/api/error.ts';
import type { QualityAlert } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import { CloseCode } from '../../shared/base/closeCode.ts';
import type { Logger } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { CreatedTransport, EndedTransport, HandlerCalls, HandlerStats } from '../ipc/protocol.ts';
import type { RpcHandlers } from '../ipc/Rpc.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { IntervalRatio } from '../metrics/IntervalRatio.ts';
import { Measures } from '../metrics/Measures.ts';
import type { MediaSession } from '../transport/MediaSession.ts';
import { ConnectionTokens } from './ConnectionToken.ts';
import { figuresOf } from './figures.ts';
import { inspectTransport } from './inspect.ts';
import { type Admission, MediaConnection } from './MediaConnection.ts';
import { Router } from './Router.ts';
import type { Transport } from './Transport.ts';

export interface HandlerWorkerLimits {
  readonly maxRouters: number;
  /** Over all routers; the layers of one source count once for each subscriber (ledger SFU-8). */
  readonly maxConsumers: number;
  /** Participants over all routers: as many as the listener takes sessions. */
  readonly maxTransports: number;
  readonly authTimeoutMs: number;
}

/** What the process has used. */
export interface ProcessUsage {
  /** CPU time since start, microseconds. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

export interface HandlerWorkerOptions {
  readonly limits: HandlerWorkerLimits;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly usage: () => ProcessUsage;
  /** A transport has ended with its session: nobody has asked for it. */
  readonly onTransportEnded?: ((transport: EndedTransport) => void) | undefined;
  /** A subscriber's path takes less, or all again; at most one in two seconds for each. */
  readonly onQualityAlert?: (alert: QualityAlert) => void;
}

export class HandlerWorker {
  readonly #measures = new Measures();
  readonly #cpuPerDatagram = new IntervalRatio();
  readonly #options: HandlerWorkerOptions;
  readonly #tokens: ConnectionTokens;
  readonly #routers = new Map<string, Router>();
  #sessions = 0;

  private constructor(options: HandlerWorkerOptions, tokens: ConnectionTokens) {
    this.#options = options;
    this.#tokens = tokens;
  }

  get counters(): Counters {
    return this.#measures.counters;
  }

  static async create(options: HandlerWorkerOptions): Promise<HandlerWorker> {
    return new HandlerWorker(options, await ConnectionTokens.create(options.clock));
  }

  /** Takes over a session that a client opened: nothing is forwarded before it has authenticated. */
  accept(session: MediaSession): void {
    const { clock, log, limits, onTransportEnded } = this.#options;
    this.#sessions++;
    void session.closed.then(() => {
      this.#sessions--;
    });
    new MediaConnection(session, {
      authenticate: (token) => this.#authenticate(token),
      authTimeoutMs: limits.authTimeoutMs,
      onEnded: ({ router, transport }) =>
        onTransportEnded?.({ router_id: router.id, transport_id: transport.id }),
      clock,
      measures: this.#measures,
      onQualityAlert: this.#options.onQualityAlert ?? (() => undefined),
      log: log.with({ session_id: session.id }),
    });
  }

  /** Answers to the agent's calls; `shutdown` is the process's. */
  handlers(): Omit<RpcHandlers<HandlerCalls>, 'shutdown'> {
    return {
      createRouter: (request) => this.#createRouter(request),
      closeRouter: ({ router_id }) => {
        this.#closeRouter(this.#router(router_id), CloseCode.normal, 'Meeting has ended');
        return null;
      },
      closeEmptyRouter: ({ router_id }) => {
        const router = this.#router(router_id);
        const closed = router.transportCount === 0;
        if (closed) this.#closeRouter(router, CloseCode.normal, 'Nobody uses it');
        return { closed };
      },
      inspectRouter: ({ router_id }) => {
        const router = this.#router(router_id);
        return {
          transports: router.transportCount,
          producers: router.producerCount,
          consumers: router.consumerCount,
          figures: figuresOf(router.measures, [router]),
        };
      },
      createTransports: (request) => this.#createTransports(request),
      closeTransport: ({ router_id, transport_id }) => {
        this.#router(router_id).closeTransport(transport_id, CloseCode.normal, 'Left the meeting');
        return null;
      },
      inspectTransports: ({ router_id }) => ({
        transports: [...this.#router(router_id).transports].map(inspectTransport),
      }),
      inspectTransport: ({ router_id, transport_id }) => {
        const transport = this.#router(router_id).transport(transport_id);
        if (!transport)
          throw new ApiError('NOT_FOUND', `No transport "${transport_id}" in router "${router_id}"`);
        return inspectTransport(transport);
      },
      muteTransport: ({ router_id, transport_id, kinds }) => {
        this.#router(router_id).mute(transport_id, kinds);
        return null;
      },
      createProducers: ({ router_id, producers }) => ({
        producers: this.#router(router_id)
          .createProducers(producers)
          .map((producer) => ({ producer_id: producer.id })),
      }),
      closeProducer: ({ router_id, producer_id }) => {
        this.#router(router_id).closeProducer(producer_id);
        return null;
      },
      createConsumers: ({ router_id, consumers }) => ({
        consumers: this.#router(router_id)
          .createConsumers(consumers)
          .map((consumer) => ({ consumer_id: consumer.id })),
      }),
      closeConsumer: ({ router_id, consumer_id }) => {
        this.#router(router_id).closeConsumer(consumer_id);
        return null;
      },
      stats: () => this.stats(),
    };
  }

  stats(): HandlerStats {
    const { cpuUs, rssBytes } = this.#options.usage();
    const cpuUsPerDatagram = this.#cpuPerDatagram.ratio;
    return {
      routers: this.#routers.size,
      sessions: this.#sessions,
      producers: this.#sum((router) => router.producerCount),
      consumers: this.#sum((router) => router.consumerCount),
      subscriptions: this.#sum((router) => router.subscriptionCount),
      cpu_us: cpuUs,
      rss_bytes: rssBytes,
      ...(cpuUsPerDatagram !== undefined && { cpu_us_per_datagram: cpuUsPerDatagram }),
      ...figuresOf(this.#measures, this.#routers.values()),
    };
  }

  /** Ends an interval of all rates; to be called once a second or so. */
  sampleRates(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const datagrams = this.counters.value(Counter.datagramsIn) + this.counters.value(Counter.datagramsOut);
    this.#cpuPerDatagram.sample(this.#options.usage().cpuUs, datagrams);
    this.#measures.sample(nowMs);
    for (const router of this.#routers.values()) router.sampleRates(nowMs);
  }

  /** Closes every router and all under it. Idempotent. */
  close(code: CloseCode, reason: string): void {
    for (const router of [...this.#routers.values()]) this.#closeRouter(router, code, reason);
  }

  #createRouter(request: HandlerCalls['createRouter']['request']): null {
    const { router_id: id, meeting_id: meetingId, generation } = request;
    if (this.#routers.has(id)) throw new ApiError('CONFLICT', `Router "${id}" exists`);
    const { maxRouters } = this.#options.limits;
    if (this.#routers.size >= maxRouters)
      throw new ApiError('CAPACITY_EXCEEDED', `A worker takes at most ${maxRouters} routers`);
    const room = {
      transportsLeft: () => this.#transportsLeft(),
      subscriptionsLeft: () => this.#subscriptionsLeft(),
    };
    const { clock, newId } = this.#options;
    this.#routers.set(
      id,
      new Router({
        id,
        meetingId,
        generation,
        room,
        newId,
        clock,
        measures: new Measures(this.counters.branch()),
      }),
    );
    this.#options.log.info('Router created', { router_id: id, meeting_id: meetingId, generation });
    return null;
  }

  #closeRouter(router: Router, code: CloseCode, reason: string): void {
    this.#routers.delete(router.id);
    router.close(code, reason);
    this.#options.log.info('Router closed', { router_id: router.id, meeting_id: router.meetingId, reason });
  }

  async #createTransports(
    request: HandlerCalls['createTransports']['request'],
  ): Promise<HandlerCalls['createTransports']['answer']> {
    const router = this.#router(request.router_id);
    const made = router.createTransports(request.transports);
    const answers = await Promise.all(made.map((transport) => this.#announce(transport)));
    // Signing takes a turn of the loop, in which the router may have been closed.
    if (made.some((transport) => transport.closed))
      throw new ApiError('NOT_FOUND', `Router "${router.id}" was closed`);
    return { transports: answers };
  }

  async #announce(transport: Transport): Promise<CreatedTransport> {
    const { token, expiresAtMs } = await this.#tokens.issue(transport.id);
    return { transport_id: transport.id, connection_token: token, expires_at_ms: expiresAtMs };
  }

  async #authenticate(token: string): Promise<Result<Admission>> {
    const verified = await this.#tokens.verify(token);
    if (!verified.ok) return verified;
    for (const router of this.#routers.values()) {
      const transport = router.transport(verified.value);
      if (transport) return ok({ router, transport });
    }
    return err('transport closed');
  }

  #router(id: string): Router {
    const router = this.#routers.get(id);
    if (!router) throw new ApiError('NOT_FOUND', `No router "${id}" on this worker`);
    return router;
  }

  #transportsLeft(): number {
    return this.#options.limits.maxTransports - this.#sum((router) => router.transportCount);
  }

  #subscriptionsLeft(): number {
    return this.#options.limits.maxConsumers - this.#sum((router) => router.subscriptionCount);
  }

  #sum(count: (router: Router) => number): number {
    let sum = 0;
    for (const router of this.#routers.values()) sum += count(router);
    return sum;
  }
}
