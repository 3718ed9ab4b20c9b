// Which node takes a meeting (ledger GC-4): hard filters, then the five least loaded, then one at random with weight
// 1 - load. Pure: candidates in, decision out; an empty list comes back with what emptied it.
import type { EpochMs } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { Random } from '../base/random.ts';
import { healthAt, type NodeHealth } from '../registry/health.ts';

/** One of this many least loaded nodes is drawn. */
export const SHORT_LIST_LENGTH = 5;

export interface Candidate<Node> {
  readonly node: Node;
  readonly id: string;
  readonly region: string;
  readonly zone: string;
  readonly health: NodeHealth;
  /** 0 is idle, 1 is full; undefined before the first report. */
  readonly loadRatio: number | undefined;
}

/** Why a candidate is out, in the order in which it is asked. */
export const EXCLUSIONS = [
  'already_asked',
  'other_region',
  'pending',
  'degraded',
  'draining',
  'unhealthy',
  'at_capacity',
] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** Nobody is left: how many were looked at, and how many of them each filter took. */
export interface Shortage {
  readonly considered: number;
  readonly excluded: Readonly<Partial<Record<Exclusion, number>>>;
}

export interface SelectionOptions {
  readonly region: string;
  readonly nowMs: EpochMs;
  readonly random: Random;
  /** Ids that are out, such as those that rejected the meeting. */
  readonly alreadyAsked?: ReadonlySet<string>;
}

/** One candidate, or why there is none. */
export function selectNode<Node>(
  candidates: readonly Candidate<Node>[],
  options: SelectionOptions,
): Result<Candidate<Node>, Shortage> {
  const eligible: Candidate<Node>[] = [];
  const excluded: Partial<Record<Exclusion, number>> = {};
  for (const candidate of candidates) {
    const reason = exclusionOf(candidate, options);
    if (reason === undefined) eligible.push(candidate);
    else excluded[reason] = (excluded[reason] ?? 0) + 1;
  }
  const drawn = drawWeighted(leastLoaded(eligible, options.random), options.random);
  return drawn === undefined ? err({ considered: candidates.length, excluded }) : ok(drawn);
}

export interface PrimaryAndBackup<Node> {
  readonly primary: Candidate<Node>;
  /** In another zone than the primary where another zone has capacity; undefined when there is no second node. */
  readonly backup: Candidate<Node> | undefined;
}

/** Two nodes for a meeting (ledger GC-5), or why not even one. */
export function selectPrimaryAndBackup<Node>(
  candidates: readonly Candidate<Node>[],
  options: SelectionOptions,
): Result<PrimaryAndBackup<Node>, Shortage> {
  const primary = selectNode(candidates, options);
  if (!primary.ok) return primary;
  const others = candidates.filter((candidate) => candidate.id !== primary.value.id);
  const elsewhere = selectNode(
    others.filter((candidate) => candidate.zone !== primary.value.zone),
    options,
  );
  const backup = elsewhere.ok ? elsewhere : selectNode(others, options);
  return ok({ primary: primary.value, backup: backup.ok ? backup.value : undefined });
}

/** "none of 3 is free: 2 at capacity, 1 draining". */
export function describeShortage({ considered, excluded }: Shortage): string {
  if (considered === 0) return 'none has reported lately';
  const parts = EXCLUSIONS.filter((reason) => excluded[reason] !== undefined).map(
    (reason) => `${excluded[reason]} ${reason.replaceAll('_', ' ')}`,
  );
  return `none of ${considered} is free: ${parts.join(', ')}`;
}

function exclusionOf<Node>(
  candidate: Candidate<Node>,
  { region, nowMs, alreadyAsked }: SelectionOptions,
): Exclusion | undefined {
  if (alreadyAsked?.has(candidate.id)) return 'already_asked';
  if (candidate.region !== region) return 'other_region';
  switch (healthAt(candidate.health, nowMs)) {
    case 'PENDING':
      return 'pending';
    case 'DEGRADED':
      return 'degraded';
    case 'DRAINING':
      return 'draining';
    case 'UNHEALTHY':
      return 'unhealthy';
    case 'HEALTHY':
      // Healthy by a light heartbeat alone: what it carries is not known, which is neither zero nor full.
      if (candidate.loadRatio === undefined) return 'pending';
      return candidate.loadRatio < 1 ? undefined : 'at_capacity';
  }
}

/** Shuffled before the stable sort, so that equally loaded nodes take turns. */
function leastLoaded<Node>(candidates: readonly Candidate<Node>[], random: Random): Candidate<Node>[] {
  return candidates
    .map((candidate) => ({ candidate, loadRatio: candidate.loadRatio ?? 1, tieBreak: random() }))
    .sort((a, b) => a.loadRatio - b.loadRatio || a.tieBreak - b.tieBreak)
    .slice(0, SHORT_LIST_LENGTH)
    .map(({ candidate }) => candidate);
}

function drawWeighted<Node>(
  shortList: readonly Candidate<Node>[],
  random: Random,
): Candidate<Node> | undefined {
  const weights = shortList.map(({ loadRatio }) => 1 - (loadRatio ?? 1));
  let point = random() * weights.reduce((sum, weight) => sum + weight, 0);
  // The last one stands for rounding: the sum of the parts may stay below the point.
  return (
    shortList.find((_candidate, index) => {
      point -= weights[index] ?? 0;
      return point < 0;
    }) ?? shortList.at(-1)
  );
}
