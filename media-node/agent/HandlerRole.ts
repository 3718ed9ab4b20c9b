// The media handler of a node: one worker per core, their routers, the internal API and the load reports.
import { randomUUID } from 'node:crypto';
import { MEDIA_HANDLER_AUDIENCE } from '../../shared/token/nodeToken.ts';
import type {
  CallMap,
  HandlerAgentCalls,
  HandlerCalls,
  HandlerWorkerConfig,
  WorkerConfig,
} from '../ipc/protocol.ts';
import { addHandlerApi } from './internalApi.ts';
import { LossReports } from './LossReports.ts';
import { type NodeContext, type Role, superviseWorker, workerUrl } from './NodeContext.ts';
import { QualityAlertReports } from './QualityAlertReports.ts';
import { Registration } from './Registration.ts';
import { Routers } from './Routers.ts';
import { handlerRegistration, loadReport, MAX_REPORT_INTERVAL_MS } from './roles.ts';
import { UnusedRouters } from './UnusedRouters.ts';
import { WorkerPool } from './WorkerPool.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

/** A session that has not shown its connection token after this is closed. */
const AUTH_TIMEOUT_MS = 5_000;
const MEDIA_PATH = '/media';

export class HandlerRole implements Role {
  readonly role = 'handler';
  readonly #context: NodeContext;
  readonly #pool: WorkerPool;
  readonly #lossReports: LossReports;
  readonly #unusedRouters: UnusedRouters;
  readonly #registration: Registration;
  #webtransportUrl = '';

  /** `firstIndex` is the position of the first handler worker among all workers of the node. */
  constructor(context: NodeContext, firstIndex: number) {
    const { config, credentials, globalController, log, pinnedClient } = context;
    this.#context = context;
    const extraConfig: Omit<HandlerWorkerConfig, keyof WorkerConfig> = {
      role: 'handler',
      maxRouters: config.maxRouters,
      maxConsumers: config.maxConsumers,
      authTimeoutMs: AUTH_TIMEOUT_MS,
    };
    const workers = Array.from({ length: config.handlerWorkers }, (_, workerId) =>
      superviseWorker<HandlerCalls, HandlerAgentCalls>(context, {
        role: 'handler',
        workerId,
        index: firstIndex + workerId,
        handlers: {
          transportsEnded: ({ transports }) => {
            this.#lossReports.reportTransports(routers.transportsEnded(transports));
            return null;
          },
          qualityAlert: (alert) => {
            qualityAlerts.report(alert);
            return null;
          },
        },
        extraConfig,
        onUp: (worker) => this.#onWorkerUp(worker),
        onDown: () => this.#registration.reportNow(),
      }),
    );
    this.#pool = new WorkerPool(workers, context.clock, log);
    this.#lossReports = new LossReports({
      handlerId: config.nodeId,
      client: pinnedClient,
      nodeToken: () => credentials.nodeToken,
      clock: context.clock,
      log,
    });
    const routers = new Routers({
      workers: this.#pool,
      maxRoutersPerWorker: config.maxRouters,
      maxConsumersPerWorker: config.maxConsumers,
      mediaUrl: (udpPort) => workerUrl(config, udpPort, MEDIA_PATH),
      certificateHashes: () => context.certificates.hashes,
      newId: randomUUID,
      onLost: (lost, reason) => this.#lossReports.report(lost, reason),
      log,
    });
    const qualityAlerts = new QualityAlertReports({
      handlerId: config.nodeId,
      client: pinnedClient,
      nodeToken: () => credentials.nodeToken,
      controllerOf: (routerId) => routers.controllerOf(routerId),
      log,
    });
    this.#unusedRouters = new UnusedRouters({
      list: () => routers.list(),
      close: (routerId) => routers.deleteEmpty(routerId),
      log,
    });
    addHandlerApi(context.http, {
      handlerId: config.nodeId,
      routers,
      workers: this.#pool,
      authorize: credentials.authorizer(MEDIA_HANDLER_AUDIENCE),
    });
    this.#registration = new Registration({
      name: `Media handler "${config.nodeId}"`,
      register: () => globalController.registerMediaHandler(handlerRegistration(config, this.#addresses())),
      report: () =>
        globalController.reportLoad({
          ...loadReport(config, this.#pool.load(), context.draining()),
          sent_at_ms: context.clock.epochMs(),
        }),
      onAnswer: (answer) => credentials.update(answer),
      maxIntervalMs: MAX_REPORT_INTERVAL_MS,
      log,
    });
  }

  async startWorkers(): Promise<void> {
    await this.#pool.start();
    this.#unusedRouters.start();
  }

  async register(): Promise<void> {
    await this.#registration.start();
  }

  certificateReplaced(): void {
    this.#registration.registerAgain();
  }

  workers(): readonly WorkerProcess<CallMap>[] {
    return this.#pool.running();
  }

  async farewell(): Promise<void> {
    await this.#registration.farewell();
  }

  /** The end of the node says nothing of lost routers: its controllers have been told that it drains. */
  async stopWorkers(reason: string, graceMs: number): Promise<void> {
    this.#lossReports.stop();
    this.#unusedRouters.stop();
    await this.#pool.stop(reason, graceMs);
  }

  async stopReports(): Promise<void> {
    await this.#registration.stop();
  }

  /** An assignment needs the internal URL alone: the address of a session comes with its transport. */
  #onWorkerUp(worker: WorkerProcess<HandlerCalls>): void {
    if (worker.workerId === 0)
      this.#webtransportUrl = workerUrl(this.#context.config, worker.udpPort, MEDIA_PATH);
    this.#registration.registerAgain();
  }

  #addresses() {
    return {
      webtransportUrl: this.#webtransportUrl,
      internalUrl: this.#context.internalUrl(),
      certificateHashes: this.#context.certificates.hashes,
    };
  }
}
