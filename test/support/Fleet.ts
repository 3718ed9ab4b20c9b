// A global controller and media nodes of a test's choice, each a process of its own on this machine.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST } from '../../infra/build/bundles.ts';
import { Component } from '../../infra/local/Component.ts';
import { ENV, type GlobalControllerInfo, type MediaNodeInfo } from '../../shared/base/env.ts';

const LOOPBACK = '127.0.0.1';
const REGION = 'local';
const GRACE_MS = 3_000;

export interface FleetNode {
  readonly id: string;
  readonly roles: 'controller' | 'handler' | 'controller,handler';
  readonly zone?: string;
}

export class Fleet {
  readonly directory = mkdtempSync(join(tmpdir(), 'dark-tower-fleet-'));
  readonly #globalController: Component<GlobalControllerInfo>;
  readonly #nodeToken = randomBytes(32).toString('base64url');
  readonly #nodes = new Map<string, { readonly component: Component<MediaNodeInfo>; info: MediaNodeInfo }>();
  #url = '';

  private constructor() {
    this.#globalController = new Component({
      name: 'global controller',
      entry: 'functions/entry/local.ts',
      env: {
        [ENV.logLevel]: 'error',
        [ENV.region]: REGION,
        [ENV.nodeToken]: this.#nodeToken,
        [ENV.httpHost]: LOOPBACK,
        [ENV.httpPort]: '0',
        [ENV.dataDirectory]: this.directory,
        [ENV.pageDirectory]: DIST.page,
      },
    });
  }

  /** Resolves when all nodes are registered. */
  static async start(nodes: readonly FleetNode[]): Promise<Fleet> {
    const fleet = new Fleet();
    try {
      fleet.#url = (await fleet.#globalController.ready()).url;
      await Promise.all(nodes.map((node) => fleet.add(node)));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  /** Address of the REST API; the page is at the same one. */
  get url(): string {
    return this.#url;
  }

  /** Starts one more node; resolves when it is registered. */
  async add({ id, roles, zone = 'local-a' }: FleetNode): Promise<MediaNodeInfo> {
    const component = new Component<MediaNodeInfo>({
      name: `media ${id}`,
      entry: 'media-node/agent/main.ts',
      env: {
        [ENV.logLevel]: 'error',
        [ENV.nodeId]: id,
        [ENV.roles]: roles,
        [ENV.region]: REGION,
        [ENV.zone]: zone,
        [ENV.nodeToken]: this.#nodeToken,
        [ENV.globalControllerUrl]: this.#url,
        [ENV.publicHost]: LOOPBACK,
        [ENV.bindHost]: LOOPBACK,
        [ENV.internalHost]: LOOPBACK,
        [ENV.workers]: '1',
        [ENV.workerDirectory]: DIST.workers,
      },
    });
    const info = await component.ready();
    this.#nodes.set(id, { component, info });
    return info;
  }

  node(id: string): MediaNodeInfo {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`No node "${id}" in the fleet`);
    return node.info;
  }

  /** Signals a node's agent, and unless it alone is meant all of its workers. */
  signal(id: string, signal: NodeJS.Signals, who: 'node' | 'agent' = 'node'): void {
    const node = this.#nodes.get(id);
    const workers = who === 'node' ? (node?.info.workers ?? []) : [];
    for (const pid of [node?.component.pid, ...workers.map((worker) => worker.pid)])
      if (pid !== undefined) process.kill(pid, signal);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map(({ component }) => component.stop(GRACE_MS)));
    await this.#globalController.stop(GRACE_MS);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
