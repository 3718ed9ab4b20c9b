// The sweep of silent nodes (ledger GC-3): what every reader sees of them at read time, written down, so that they leave
// the order from which nodes are picked, and so that somebody says so in the log.
import type { EpochMs } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { healthAt, nextHealth } from './health.ts';
import { logHealthChange } from './healthLog.ts';
import type { MediaNode } from './MediaNode.ts';
import type { NodeStore, Place } from './NodeStore.ts';

/** How often a sweep is due. The silence after which a node is unhealthy holds for readers without it. */
export const SWEEP_INTERVAL_MS = 60_000;
/** Nodes of one page. */
const DEFAULT_PAGE_SIZE = 200;
/** Writes under way at once. */
const WRITES_AT_ONCE = 10;

export interface NodeKindToSweep<Registration, Load> {
  /** What the nodes are called: "media handler". */
  readonly kind: string;
  readonly nodes: NodeStore<Registration, Load>;
}

export interface SweepNodesOptions<Registration, Load> extends NodeKindToSweep<Registration, Load> {
  readonly region: string;
  readonly nowMs: EpochMs;
  readonly log: Logger;
  /** At least 2. */
  readonly pageSize?: number;
}

/**
 * Marks every node of one kind and region that has been silent for too long. Any number may run at once: a node is
 * marked, and logged, by one of them. Answers how many this one marked.
 * @throws ApiError (503) while the store is away; what is marked stays marked
 */
export async function sweepNodes<Registration, Load>(
  options: SweepNodesOptions<Registration, Load>,
): Promise<number> {
  let marked = 0;
  for (const place of ['open', 'closed'] as const)
    for await (const page of pages(options, place)) {
      const silent = page.filter(({ health }) => isNewlySilent(health, options.nowMs));
      for (let i = 0; i < silent.length; i += WRITES_AT_ONCE) {
        const outcomes = await Promise.all(
          silent.slice(i, i + WRITES_AT_ONCE).map((node) => mark(options, node)),
        );
        marked += outcomes.filter((isMarked) => isMarked).length;
      }
    }
  return marked;
}

async function mark<Registration, Load>(
  { kind, nodes, nowMs, log }: SweepNodesOptions<Registration, Load>,
  node: MediaNode<Registration, Load>,
): Promise<boolean> {
  if (!(await nodes.markSilent(node))) return false;
  const after = nextHealth(node.health, { type: 'time_passed', atMs: nowMs });
  const silentSeconds = Math.round((nowMs - node.health.atMs) / 1_000);
  const cause = { kind, id: node.id, reason: `silent for ${silentSeconds} s` };
  logHealthChange(log, cause, { before: node.health, after });
  return true;
}

/** Pages from the most headroom down. A page begins with the last node of the one before, which it leaves out. */
async function* pages<Registration, Load>(
  { nodes, region, pageSize = DEFAULT_PAGE_SIZE }: SweepNodesOptions<Registration, Load>,
  place: Place,
): AsyncGenerator<MediaNode<Registration, Load>[]> {
  let from: string | undefined;
  for (;;) {
    const page = await nodes.list({ region, place, limit: pageSize, ...(from !== undefined && { from }) });
    const previous = from;
    yield page.filter(({ position }) => position !== previous).map(({ node }) => node);
    from = page.at(-1)?.position;
    if (page.length < pageSize || from === undefined) return;
  }
}

function isNewlySilent(health: MediaNode<unknown, unknown>['health'], nowMs: EpochMs): boolean {
  return health.state !== 'UNHEALTHY' && healthAt(health, nowMs) === 'UNHEALTHY';
}
