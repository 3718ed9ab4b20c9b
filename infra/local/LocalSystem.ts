// The whole of Dark Tower on one machine: a global controller with an embedded DynamoDB, one meeting controller and two
// media handlers (a primary and a backup). The same code as on AWS: only this composition differs.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { ENV, type GlobalControllerInfo, type MediaNodeInfo } from '../../shared/base/env.ts';
import { DIST } from '../build/bundles.ts';
import { Component, type ComponentExit } from './Component.ts';

/** A part that has not ended after this is killed; with the global controller after the nodes, all is gone within 5 s. */
const NODE_GRACE_MS = 3_000;
const GLOBAL_CONTROLLER_GRACE_MS = 1_500;
const LOOPBACK = '127.0.0.1';
const REGION = 'local';

export interface LocalSystemOptions {
  /** TCP port of the page and the REST API; 0 picks a free one. */
  readonly port: number;
  /** Directory of the state; absent keeps it in memory. */
  readonly dataDirectory?: string;
  /** Handler workers of each of the two media handlers; absent shares the machine's cores between them. */
  readonly workers?: number;
  /** First UDP port of the media nodes; absent picks free ones. */
  readonly udpPortBase?: number;
  readonly logLevel: string;
  /** Who may use the API, as ACCESS_VARIABLES name it; absent lets everyone in. */
  readonly accessEnvironment?: Readonly<Record<string, string | undefined>>;
  /** Certificate with which the media nodes take sessions over TCP, as TCP_VARIABLES name it; absent is without TCP. */
  readonly tcpEnvironment?: Readonly<Record<string, string | undefined>>;
}

/** Variables of the caller that reach the global controller. */
export const ACCESS_VARIABLES = [
  ENV.access,
  ENV.issuers,
  ENV.clients,
  ENV.humanCheck,
  ENV.writesPerMinute,
  ENV.retentionDays,
];

/** Variables of the caller that reach the media nodes. */
export const TCP_VARIABLES = [ENV.tcpCertificateFile, ENV.tcpPrivateKeyFile, ENV.tcpHost];

/** UDP ports that a node may take, from its base on: 64 handler workers and a controller's. */
const UDP_PORTS_PER_NODE = 65;
export const MAX_UDP_PORT_BASE = 65_535 - 2 * UDP_PORTS_PER_NODE;

export class LocalSystem {
  /** Address of the REST API; the page is at the same one. */
  readonly url: string;
  readonly nodes: readonly MediaNodeInfo[];
  /** Resolves when a part ended that should not have. */
  readonly failed: Promise<ComponentExit>;
  readonly #globalController: Component<GlobalControllerInfo>;
  readonly #nodes: readonly Component<MediaNodeInfo>[];

  private constructor(
    globalController: Component<GlobalControllerInfo>,
    nodes: readonly Component<MediaNodeInfo>[],
    url: string,
    infos: readonly MediaNodeInfo[],
  ) {
    this.#globalController = globalController;
    this.#nodes = nodes;
    this.url = url;
    this.nodes = infos;
    this.failed = Promise.race([globalController, ...nodes].map((component) => component.exited));
  }

  /** Starts all parts. Rejects, with everything ended again, when one cannot start; the message says which and why. */
  static async start(options: LocalSystemOptions, signal?: AbortSignal): Promise<LocalSystem> {
    const nodeToken = randomBytes(32).toString('base64url');
    const globalController = startGlobalController(options, nodeToken);
    const nodes: Component<MediaNodeInfo>[] = [];
    const stopAll = (): Promise<void> => stopInOrder(globalController, nodes);
    try {
      const { url } = await abortable(globalController.ready(), signal);
      nodes.push(startNode(options, nodeToken, url, 0), startNode(options, nodeToken, url, 1));
      const infos = await abortable(Promise.all(nodes.map((node) => node.ready())), signal);
      return new LocalSystem(globalController, nodes, url, infos);
    } catch (error) {
      await stopAll();
      throw error;
    }
  }

  /** Process ids of the media handler workers. */
  get handlerPids(): readonly number[] {
    return this.nodes.flatMap((node) =>
      node.workers.filter((worker) => worker.role === 'handler').map((worker) => worker.pid),
    );
  }

  /** Process ids of everything that runs, workers included. */
  get pids(): readonly number[] {
    const components = [this.#globalController, ...this.#nodes].map((component) => component.pid);
    const workers = this.nodes.flatMap((node) => node.workers.map((worker) => worker.pid));
    return [...components, ...workers].filter((pid) => pid !== undefined);
  }

  /** Ends media nodes, then the global controller. Resolves when all processes are gone. */
  stop(): Promise<void> {
    return stopInOrder(this.#globalController, this.#nodes);
  }
}

function startGlobalController(
  options: LocalSystemOptions,
  nodeToken: string,
): Component<GlobalControllerInfo> {
  return new Component({
    name: 'global controller',
    entry: 'functions/entry/local.ts',
    env: {
      [ENV.logLevel]: options.logLevel,
      [ENV.region]: REGION,
      [ENV.nodeToken]: nodeToken,
      [ENV.httpHost]: LOOPBACK,
      [ENV.httpPort]: String(options.port),
      [ENV.pageDirectory]: DIST.page,
      [ENV.dataDirectory]: options.dataDirectory,
      ...options.accessEnvironment,
    },
  });
}

/** The first node runs both roles, as a small deployment's machine would; the second is a handler in another zone. */
function startNode(
  options: LocalSystemOptions,
  nodeToken: string,
  globalControllerUrl: string,
  index: 0 | 1,
): Component<MediaNodeInfo> {
  const workers = options.workers ?? Math.max(1, Math.floor(availableParallelism() / 2));
  const udpPortBase =
    options.udpPortBase === undefined ? 0 : options.udpPortBase + index * UDP_PORTS_PER_NODE;
  const name = `node-${index + 1}`;
  return new Component({
    name: `media ${name}`,
    entry: 'media-node/agent/main.ts',
    env: {
      [ENV.logLevel]: options.logLevel,
      [ENV.nodeId]: name,
      [ENV.roles]: index === 0 ? 'controller,handler' : 'handler',
      [ENV.region]: REGION,
      [ENV.zone]: `local-${'ab'[index]}`,
      [ENV.nodeToken]: nodeToken,
      [ENV.globalControllerUrl]: globalControllerUrl,
      [ENV.publicHost]: LOOPBACK,
      [ENV.bindHost]: LOOPBACK,
      [ENV.internalHost]: LOOPBACK,
      [ENV.internalPort]: '0',
      [ENV.udpPortBase]: String(udpPortBase),
      [ENV.workers]: String(workers),
      [ENV.workerDirectory]: DIST.workers,
      // Everybody on one machine has one address, synthetic participants by the hundred included.
      [ENV.maxSessionsPerAddress]: '0',
      [ENV.handshakesPerAddress]: '0',
      ...options.tcpEnvironment,
    },
  });
}

async function stopInOrder(
  globalController: Component<unknown>,
  nodes: readonly Component<unknown>[],
): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop(NODE_GRACE_MS)));
  await globalController.stop(GLOBAL_CONTROLLER_GRACE_MS);
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
