// The meeting controller of a node: its worker, the internal API for the global controller, and the heartbeats.

import type { ControllerAddress } from '../../shared/api/handler.ts';
import { controllerAudience, MEDIA_HANDLER_AUDIENCE } from '../../shared/token/nodeToken.ts';
import type {
  AgentCalls,
  CallMap,
  ControllerCalls,
  ControllerStats,
  ControllerWorkerConfig,
  WorkerConfig,
} from '../ipc/protocol.ts';
import { addControllerApi } from './controllerApi.ts';
import { controlPlaneCalls } from './controlPlaneCalls.ts';
import { requestHandler, withController } from './handlerRequests.ts';
import { type NodeContext, type Role, superviseWorker, workerUrl } from './NodeContext.ts';
import { PresenceTurns } from './PresenceTurns.ts';
import { Registration } from './Registration.ts';
import { controllerRegistration, HEARTBEAT_INTERVAL_MS, heartbeat } from './roles.ts';
import type { SupervisedWorker } from './SupervisedWorker.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

/** Of participants (ledger MC-4). */
const PARTICIPANT_HEARTBEAT_INTERVAL_MS = 15_000;
const PARTICIPANT_HEARTBEAT_TIMEOUT_MS = 30_000;
/** A session that has not joined after this is closed. */
const JOIN_TIMEOUT_MS = 10_000;
const SIGNALING_PATH = '/signaling';

/** Without an answer of the global controller for this long, ms: heartbeats are due every 10 s. */
const SILENCE_MS = 15_000;

export class ControllerRole implements Role {
  readonly role = 'controller';
  readonly #context: NodeContext;
  readonly #worker: SupervisedWorker<ControllerCalls>;
  readonly #registration: Registration;
  #webtransportUrl = '';
  readonly #presenceTurns = new PresenceTurns();
  /** When the global controller last answered, monotonic ms. */
  #heardAtMs = Number.NEGATIVE_INFINITY;
  #lastCpu: { readonly us: number; readonly atMs: number } | undefined;

  /** `index` is the position of the worker among all workers of the node. */
  constructor(context: NodeContext, index: number) {
    const { config, credentials, globalController, log, pinnedClient } = context;
    this.#context = context;
    const extraConfig: Omit<ControllerWorkerConfig, keyof WorkerConfig> = {
      role: 'controller',
      controllerId: config.nodeId,
      maxMeetings: config.maxMeetings,
      heartbeatIntervalMs: PARTICIPANT_HEARTBEAT_INTERVAL_MS,
      heartbeatTimeoutMs: PARTICIPANT_HEARTBEAT_TIMEOUT_MS,
      joinTimeoutMs: JOIN_TIMEOUT_MS,
    };
    this.#worker = superviseWorker<ControllerCalls, AgentCalls>(context, {
      role: 'controller',
      workerId: 0,
      index,
      handlers: {
        handlerRequest: (request) =>
          requestHandler(pinnedClient, credentials.nodeToken, withController(request, this.#address())),
        ...controlPlaneCalls(globalController, config.nodeId),
      },
      extraConfig,
      onUp: (worker) => this.#onWorkerUp(worker),
      onDown: () => this.#registration.reportNow(),
    });
    addControllerApi(context.http, {
      worker: () => this.#worker.current,
      authorize: credentials.authorizer(controllerAudience(config.nodeId)),
      authorizeHandler: credentials.authorizer(MEDIA_HANDLER_AUDIENCE),
    });
    this.#registration = new Registration({
      name: `Meeting controller "${config.nodeId}"`,
      register: () =>
        globalController.registerMeetingController(controllerRegistration(config, this.#addresses())),
      report: async (count) => {
        // Before the figures are taken: a meeting that comes while they are is not in them.
        const sent_at_ms = context.clock.epochMs();
        // After a silence others may have been given its meetings: presence, which comes with a full one, tells.
        const wasSilent = context.clock.monotonicMs() - this.#heardAtMs > SILENCE_MS;
        const body = heartbeat(config, wasSilent ? 0 : count, await this.#stats(), context.draining());
        const answer = await globalController.heartbeat({ ...body, sent_at_ms });
        this.#heardAtMs = context.clock.monotonicMs();
        if (body.meetings !== undefined) await this.#reportPresence();
        return answer;
      },
      onAnswer: (answer) => credentials.update(answer),
      maxIntervalMs: HEARTBEAT_INTERVAL_MS,
      log,
    });
  }

  async startWorkers(): Promise<void> {
    await this.#worker.start();
  }

  async register(): Promise<void> {
    await this.#registration.start();
  }

  certificateReplaced(): void {
    this.#registration.registerAgain();
  }

  workers(): readonly WorkerProcess<CallMap>[] {
    return this.#worker.current === undefined ? [] : [this.#worker.current];
  }

  /** The worker checks join tokens with these keys. */
  useSigningKeys(signingKeysJson: string): void {
    void this.#giveKeys(this.#worker.current, signingKeysJson);
  }

  async farewell(): Promise<void> {
    await this.#registration.farewell();
  }

  async stopWorkers(reason: string, graceMs: number): Promise<void> {
    await this.#worker.stop(reason, graceMs);
  }

  async stopReports(): Promise<void> {
    await this.#registration.stop();
  }

  #onWorkerUp(worker: WorkerProcess<ControllerCalls>): void {
    this.#webtransportUrl = workerUrl(this.#context.config, worker.udpPort, SIGNALING_PATH);
    this.#lastCpu = undefined;
    const { signingKeysJson } = this.#context.credentials;
    if (signingKeysJson !== undefined) void this.#giveKeys(worker, signingKeysJson);
    this.#registration.registerAgain();
  }

  async #giveKeys(
    worker: WorkerProcess<ControllerCalls> | undefined,
    signingKeysJson: string,
  ): Promise<void> {
    try {
      await worker?.call('setSigningKeys', { signing_keys_json: signingKeysJson });
    } catch (error) {
      // A dead worker's successor gets them when it is up.
      if (worker?.running) this.#context.log.error('Controller worker does not take signing keys', { error });
    }
  }

  /** With each full heartbeat. One that is lost is made good by the next. */
  async #reportPresence(): Promise<void> {
    const { config, globalController, log } = this.#context;
    try {
      const held = (await this.#worker.current?.call('presence', null))?.meetings;
      if (held === undefined) return;
      const meetings = this.#presenceTurns.next(held);
      const answer = await globalController.reportPresence({ controller_id: config.nodeId, meetings });
      const superseded = answer.superseded ?? [];
      if (superseded.length > 0) await this.#worker.current?.call('superseded', { meetings: superseded });
    } catch (error) {
      log.warn('Participants of the meetings could not be told', { error });
    }
  }

  async #stats(): Promise<(ControllerStats & { readonly cpuRatio: number }) | undefined> {
    try {
      const stats = await this.#worker.current?.call('stats', null);
      if (stats === undefined) return undefined;
      const last = this.#lastCpu;
      const now = { us: stats.cpu_us, atMs: this.#context.clock.monotonicMs() };
      this.#lastCpu = now;
      const elapsedUs = last === undefined ? 0 : (now.atMs - last.atMs) * 1_000;
      const cpuRatio = last === undefined || elapsedUs <= 0 ? 0 : (now.us - last.us) / elapsedUs;
      return { ...stats, cpuRatio: Math.min(1, Math.max(0, cpuRatio)) };
    } catch (error) {
      this.#context.log.warn('Controller worker does not tell its load', { error });
      return undefined;
    }
  }

  #addresses() {
    return {
      webtransportUrl: this.#webtransportUrl,
      internalUrl: this.#context.internalUrl(),
      certificateHashes: this.#context.certificates.hashes,
    };
  }

  /** Where media handlers tell of lost routers. */
  #address(): ControllerAddress {
    const { config, certificates, internalUrl } = this.#context;
    return {
      controller_id: config.nodeId,
      internal_url: internalUrl(),
      certificate_hashes: [...certificates.hashes],
    };
  }
}
