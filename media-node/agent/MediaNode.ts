// A whole media node: certificate, internal HTTPS server, and its roles with their workers.
import { access } from 'node:fs/promises';
import { createServer, type Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { Clock } from '../../shared/base/clock.ts';
import { type MediaNodeInfo, WORKER_SCRIPTS } from '../../shared/base/env.ts';
import type { Logger } from '../../shared/base/log.ts';
import { createPinnedClient } from '../../shared/node/pinnedHttps.ts';
import type { CallMap } from '../ipc/protocol.ts';
import { Certificates } from './Certificates.ts';
import { ControllerRole } from './ControllerRole.ts';
import type { NodeCertificate } from './certificate.ts';
import { type MediaNodeConfig, workerCount } from './config.ts';
import { findDeno } from './deno.ts';
import { GlobalController } from './GlobalController.ts';
import { HandlerRole } from './HandlerRole.ts';
import { InternalHttp } from './internalHttp.ts';
import { type NodeContext, type Role, udpPortOf, urlHost } from './NodeContext.ts';
import { NodeCredentials } from './NodeCredentials.ts';
import { listenTcp, requireFreeTcpPort, requireFreeUdpPort } from './ports.ts';
import { TcpCertificate } from './TcpCertificate.ts';
import type { WorkerProcess } from './WorkerProcess.ts';

/** Calls of the controller to media handlers. */
const HANDLER_CALL_TIMEOUT_MS = 5_000;
const CONNECTIONS_PER_HANDLER = 8;
/** Bounds of the internal server: connections, and the time for a request. */
const MAX_CONNECTIONS = 1_024;
const REQUEST_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 5_000;
/** Longer than clients keep an unused connection, so that they are the ones to end it. */
const KEEP_ALIVE_MS = 60_000;
/** Workers end by themselves within 2 s; with this, a node is gone within 3 s. */
const WORKER_GRACE_MS = 2_300;
/** What the last report to the global controller may take of that. */
const FAREWELL_MS = 500;

export interface MediaNodeOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the workers' log lines as they are. */
  readonly writeLogLine: (line: string) => void;
  /** Of each of its certificates, ms; 13 days unless a test is in a hurry. */
  readonly certificateLifetimeMs?: number;
  /** How often the files of the TCP certificate are read again, ms; a minute unless a test is in a hurry. */
  readonly tcpCertificateReadIntervalMs?: number;
}

export class MediaNode {
  readonly #config: MediaNodeConfig;
  readonly #log: Logger;
  readonly #context: NodeContext;
  readonly #server: HttpsServer;
  readonly #roles: readonly Role[];
  #internalPort = 0;
  #stopping: Promise<void> | undefined;
  #draining = false;

  private constructor(
    config: MediaNodeConfig,
    options: MediaNodeOptions,
    denoPath: string,
    certificates: Certificates,
    tcpCertificate: TcpCertificate | undefined,
  ) {
    this.#config = config;
    this.#log = options.log;
    const http = new InternalHttp(options.log);
    let controller: ControllerRole | undefined;
    this.#context = {
      config,
      denoPath,
      certificates,
      tcpCertificate,
      http,
      clock: options.clock,
      log: options.log,
      writeLogLine: options.writeLogLine,
      credentials: new NodeCredentials(options.clock, (keys) => controller?.useSigningKeys(keys)),
      globalController: new GlobalController({ url: config.globalControllerUrl, token: config.nodeToken }),
      pinnedClient: createPinnedClient({
        timeoutMs: HANDLER_CALL_TIMEOUT_MS,
        maxSockets: CONNECTIONS_PER_HANDLER,
      }),
      internalUrl: () => `https://${urlHost(config.internalHost)}:${this.#internalPort}`,
      draining: () => this.#draining,
    };
    const roles: Role[] = [];
    if (config.roles.includes('controller')) {
      controller = new ControllerRole(this.#context, 0);
      roles.push(controller);
    }
    if (config.roles.includes('handler')) roles.push(new HandlerRole(this.#context, roles.length));
    this.#roles = roles;
    this.#server = createInternalServer(http, certificates.current);
    certificates.onRotated((certificate) => this.#showCertificate(certificate));
    tcpCertificate?.onReplaced((certificate) =>
      this.#giveWorkers((worker) => worker.replaceTcpCertificate(certificate)),
    );
  }

  /**
   * Starts everything and resolves when the global controller knows all roles. Rejects, with everything ended again and a
   * message that a person can act on, when something cannot start or is refused.
   */
  static async start(
    config: MediaNodeConfig,
    options: MediaNodeOptions,
    signal?: AbortSignal,
  ): Promise<MediaNode> {
    const deno = findDeno(config.denoPath);
    if (!deno.ok) throw new Error(deno.reason);
    await requireScripts(config);
    for (let index = 0; index < workerCount(config); index++) {
      const port = udpPortOf(config, index);
      if (port === 0) continue;
      await requireFreeUdpPort(config.bindHost, port);
      if (config.tcp !== undefined) await requireFreeTcpPort(config.bindHost, port);
    }
    const { clock, log } = options;
    const tcpCertificate =
      config.tcp === undefined
        ? undefined
        : await TcpCertificate.read({
            ...config.tcp,
            clock,
            log,
            ...(options.tcpCertificateReadIntervalMs === undefined
              ? {}
              : { readIntervalMs: options.tcpCertificateReadIntervalMs }),
          });
    const certificates = await Certificates.create({
      hosts: [config.publicHost, config.internalHost],
      clock: options.clock,
      log: options.log,
      ...(options.certificateLifetimeMs === undefined ? {} : { lifetimeMs: options.certificateLifetimeMs }),
    });
    const node = new MediaNode(config, options, deno.value, certificates, tcpCertificate);
    const onAbort = (): void => void node.stop('The node stops while it starts');
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      signal?.throwIfAborted();
      await node.#start(signal);
      return node;
    } catch (error) {
      await node.stop('The node could not start');
      throw error;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  get info(): MediaNodeInfo {
    return {
      nodeId: this.#config.nodeId,
      internalUrl: this.#context.internalUrl(),
      workers: this.#roles.flatMap((role) =>
        role.workers().map(({ pid, udpPort }) => ({ role: role.role, pid, udpPort })),
      ),
    };
  }

  /** Ends workers, reports and server, within 3 s. Resolves when processes and ports are gone. Idempotent, never rejects. */
  stop(reason: string): Promise<void> {
    this.#draining = true;
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    this.#internalPort = await listenTcp(this.#server, this.#config.internalHost, this.#config.internalPort);
    signal?.throwIfAborted();
    await Promise.all(this.#roles.map((role) => role.startWorkers()));
    signal?.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([Promise.all(this.#roles.map((role) => role.register())), aborted]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    this.#log.info('Media node serves', {
      internal_url: this.#context.internalUrl(),
      workers: this.info.workers.length,
    });
  }

  /** New connections get this certificate; sessions and connections that exist are not touched. */
  #showCertificate(certificate: NodeCertificate): void {
    this.#server.setSecureContext(tlsOf(certificate));
    for (const role of this.#roles) role.certificateReplaced();
    this.#giveWorkers((worker) => worker.replaceCertificate(certificate));
  }

  #giveWorkers(give: (worker: WorkerProcess<CallMap>) => Promise<void>): void {
    for (const worker of this.#roles.flatMap((role) => role.workers())) {
      give(worker).catch((error: unknown) => {
        // A dead worker's successor starts with it.
        if (worker.running)
          this.#log.error('Worker does not take a certificate', { worker_id: worker.workerId, error });
      });
    }
  }

  async #stop(reason: string): Promise<void> {
    this.#log.info('Media node stops', { reason });
    this.#context.certificates.stop();
    this.#context.tcpCertificate?.stop();
    const { globalController, pinnedClient } = this.#context;
    await Promise.all([
      this.#sayFarewell().finally(() => globalController.close()),
      this.#stopWorkers(reason),
    ]);
    await Promise.all(this.#roles.map((role) => role.stopReports()));
    pinnedClient.close();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  /** The controller before the handlers: it still calls them to take down what its participants have. */
  async #stopWorkers(reason: string): Promise<void> {
    const { clock } = this.#context;
    const deadline = clock.monotonicMs() + WORKER_GRACE_MS;
    for (const role of this.#roles)
      await role.stopWorkers(reason, Math.max(0, deadline - clock.monotonicMs()));
  }

  async #sayFarewell(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FAREWELL_MS);
    await Promise.race([Promise.all(this.#roles.map((role) => role.farewell())), late]);
    clearTimeout(timer);
  }
}

function createInternalServer(http: InternalHttp, certificate: NodeCertificate): HttpsServer {
  const server = createAdaptorServer({
    fetch: http.fetch,
    createServer,
    serverOptions: {
      ...tlsOf(certificate),
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
  }) as HttpsServer;
  server.maxConnections = MAX_CONNECTIONS;
  return server;
}

function tlsOf(certificate: NodeCertificate) {
  return {
    cert: certificate.certificatePem,
    key: certificate.privateKeyPem,
    minVersion: 'TLSv1.3',
  } as const;
}

async function requireScripts(config: MediaNodeConfig): Promise<void> {
  for (const role of config.roles) {
    const script = join(config.workerDirectory, WORKER_SCRIPTS[role]);
    await access(script).catch((cause: unknown) => {
      throw new Error(`There is no worker script ${script}: build it with npm run build`, { cause });
    });
  }
}
