import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../shared/base/clock.ts';
import { WORKER_SCRIPTS } from '../../shared/base/env.ts';
import type { Logger } from '../../shared/base/log.ts';
import type { PinnedClient } from '../../shared/node/pinnedHttps.ts';
import { sessionUrl } from '../../shared/webtransport/sessionUrl.ts';
import type { CallMap, WorkerCertificate, WorkerConfig } from '../ipc/protocol.ts';
import type { RpcHandlers } from '../ipc/Rpc.ts';
import type { Certificates } from './Certificates.ts';
import type { MediaNodeConfig, NodeRole } from './config.ts';
import type { GlobalController } from './GlobalController.ts';
import type { InternalHttp } from './internalHttp.ts';
import type { NodeCredentials } from './NodeCredentials.ts';
import { freePort } from './ports.ts';
import { SupervisedWorker } from './SupervisedWorker.ts';
import type { TcpCertificate } from './TcpCertificate.ts';
import { transportLimits } from './transportLimits.ts';
import { startWorkerProcess, type WorkerProcess } from './WorkerProcess.ts';

/** What the roles of one node share. */
export interface NodeContext {
  readonly config: MediaNodeConfig;
  readonly denoPath: string;
  readonly certificates: Certificates;
  /** Absent is without TCP. */
  readonly tcpCertificate: TcpCertificate | undefined;
  readonly credentials: NodeCredentials;
  readonly globalController: GlobalController;
  readonly pinnedClient: PinnedClient;
  readonly http: InternalHttp;
  readonly clock: Clock;
  readonly log: Logger;
  /** Takes the workers' log lines as they are. */
  readonly writeLogLine: (line: string) => void;
  /** `https://host:port` of the internal API, once it listens. */
  readonly internalUrl: () => string;
  /** The node stops: it says so in its reports. */
  readonly draining: () => boolean;
}

/** One role of a node: its workers, its part of the internal API, its registration. */
export interface Role {
  readonly role: NodeRole;
  /** Starts the workers. Rejects, saying why, when one cannot. */
  startWorkers(): Promise<void>;
  /** Resolves when the global controller knows the role; rejects when it refuses it. */
  register(): Promise<void>;
  /** Another certificate is shown, and another is to come: says so where the role is registered. */
  certificateReplaced(): void;
  /** Processes that run now. */
  workers(): readonly WorkerProcess<CallMap>[];
  /** Tells the global controller that the role ends. Never rejects. */
  farewell(): Promise<void>;
  /** Ends the workers, by force after graceMs. */
  stopWorkers(reason: string, graceMs: number): Promise<void>;
  /** Ends the reports. */
  stopReports(): Promise<void>;
}

export interface RoleWorker<Calls extends CallMap, Incoming extends CallMap> {
  readonly role: NodeRole;
  readonly workerId: number;
  /** Position among all workers of the node, from which its UDP port follows. */
  readonly index: number;
  readonly handlers: RpcHandlers<Incoming>;
  /** What the role's configuration has beside every worker's. */
  readonly extraConfig: object;
  readonly onUp: (worker: WorkerProcess<Calls>) => void;
  readonly onDown: () => void;
}

export function superviseWorker<Calls extends CallMap, Incoming extends CallMap>(
  context: NodeContext,
  worker: RoleWorker<Calls, Incoming>,
): SupervisedWorker<Calls> {
  const { config, certificates, tcpCertificate, clock, log } = context;
  const name = worker.role === 'controller' ? 'Controller worker' : `Handler worker ${worker.workerId}`;
  const base = commonConfig(config, worker);
  return new SupervisedWorker<Calls>({
    name,
    udpPort: udpPortOf(config, worker.index),
    start: async (wantedPort, signal) => {
      // UDP and TCP share one number, and a worker may bind no other than that.
      const udpPort =
        wantedPort === 0 && tcpCertificate !== undefined ? await freePort(config.bindHost) : wantedPort;
      const { current } = certificates;
      const tcp = tcpCertificate?.current;
      const { certificatePem, privateKeyPem } = current;
      const workerConfig = {
        ...base,
        udpPort,
        certificatePem,
        privateKeyPem,
        ...(tcp === undefined ? {} : { tcpCertificate: tcp }),
        role: worker.role,
        ...worker.extraConfig,
      };
      const started = await startWorkerProcess<Calls, Incoming>({
        name,
        denoPath: context.denoPath,
        script: join(config.workerDirectory, WORKER_SCRIPTS[worker.role]),
        config: workerConfig as WorkerConfig,
        handlers: worker.handlers,
        clock,
        log,
        writeLogLine: context.writeLogLine,
        signal,
      });
      // Replaced while it started, when it was in nobody's list yet.
      try {
        if (certificates.current !== current) await started.replaceCertificate(certificates.current);
        const { tcpCertificate: latest } = context;
        if (latest !== undefined && latest.current !== tcp)
          await started.replaceTcpCertificate(latest.current);
      } catch (error) {
        await started.stop('It does not take a certificate', 0);
        throw error;
      }
      return started;
    },
    onUp: worker.onUp,
    onDown: worker.onDown,
    clock,
    log,
  });
}

/** What the configuration of a worker of either role says, but for its port and certificate. */
export function commonConfig(
  config: Pick<
    MediaNodeConfig,
    'nodeId' | 'region' | 'logLevel' | 'bindHost' | 'maxSessionsPerAddress' | 'handshakesPerAddress'
  >,
  { role, workerId }: Pick<RoleWorker<CallMap, CallMap>, 'role' | 'workerId'>,
): Omit<WorkerConfig, 'udpPort' | keyof WorkerCertificate> {
  return {
    workerId,
    logFields: { [`${role}_id`]: config.nodeId, region: config.region, worker_id: workerId },
    logLevel: config.logLevel,
    hostname: config.bindHost,
    transport: transportLimits(role, config),
  };
}

/** Where clients open sessions with a worker; over TCP too where the node has a certificate for it. */
export function workerUrl(
  config: Pick<MediaNodeConfig, 'publicHost' | 'tcp'>,
  port: number,
  path: string,
): string {
  const tcpHost = config.tcp === undefined ? undefined : urlHost(config.tcp.host);
  return sessionUrl(urlHost(config.publicHost), port, path, tcpHost);
}

/** 0 where free ports are taken. */
export function udpPortOf(config: Pick<MediaNodeConfig, 'udpPortBase'>, index: number): number {
  return config.udpPortBase === 0 ? 0 : config.udpPortBase + index;
}

/** A host as it stands in a URL. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
