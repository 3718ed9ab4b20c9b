// Which node takes a meeting (ledger GC-4, GC-5): hard filters, then the five with the best score, then one at random
// with the score as weight. Pure: candidates in, decision out; an empty list comes back with what emptied it.
import type { EpochMs } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { Random } from '../base/random.ts';
import { healthAt, type NodeHealth } from '../registry/health.ts';
import { scoreOf } from './score.ts';

/** One of this many best nodes is drawn. */
export const SHORT_LIST_LENGTH = 5;

export interface Candidate<Node> {
  readonly node: Node;
  readonly id: string;
  readonly region: string;
  readonly zone: string;
  readonly health: NodeHealth;
  /** Free part of its capacity, reservations taken off: 1 is idle, 0 is full; undefined before the first report. */
  readonly headroom: number | undefined;
  /** Whether what is free is enough for the meeting. */
  readonly fits: boolean;
  /** Meetings placed on it that its figures do not show yet. */
  readonly pendingMeetings: number;
}

/** Why a candidate is out, in the order in which it is asked. */
export const EXCLUSIONS = [
  'already_asked',
  'other_region',
  'pending',
  'draining',
  'unhealthy',
  'at_capacity',
  'taken_meanwhile',
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
  /** Zone that is better than others; all are as good when absent. */
  readonly preferredZone?: string | undefined;
  /** Lets nodes of other regions in, at a lower score. */
  readonly otherRegions?: boolean;
  /** Ids that are out, such as those that rejected the meeting. */
  readonly alreadyAsked?: ReadonlySet<string>;
  /** Ids whose free capacity was gone when it was to be reserved. */
  readonly takenMeanwhile?: ReadonlySet<string>;
}

/** One candidate, or why there is none. */
export function selectNode<Node>(
  candidates: readonly Candidate<Node>[],
  options: SelectionOptions,
): Result<Candidate<Node>, Shortage> {
  const shortList: Ranked<Node>[] = [];
  const excluded: Partial<Record<Exclusion, number>> = {};
  const preference = { region: options.region, zone: options.preferredZone };
  for (const candidate of candidates) {
    const reason = exclusionOf(candidate, options);
    if (reason === undefined) {
      const { headroom = 0, pendingMeetings, region, zone, health } = candidate;
      const score = scoreOf({ headroom, pendingMeetings, region, zone, state: health.state }, preference);
      insert(shortList, { candidate, score, tieBreak: options.random() });
    } else excluded[reason] = (excluded[reason] ?? 0) + 1;
  }
  const drawn = drawWeighted(shortList, options.random);
  return drawn === undefined ? err({ considered: candidates.length, excluded }) : ok(drawn);
}

/** A node that stands by for a primary (ledger GC-5), of another zone where one has capacity; undefined when there is none. */
export function selectBackup<Node>(
  candidates: readonly Candidate<Node>[],
  primary: Pick<Candidate<Node>, 'id' | 'zone'>,
  options: SelectionOptions,
): Candidate<Node> | undefined {
  // What is preferred holds for the primary: the backup is to be elsewhere.
  const { preferredZone: _preferred, ...anyZone } = options;
  const others = candidates.filter(({ id }) => id !== primary.id);
  const elsewhere = selectNode(
    others.filter(({ zone }) => zone !== primary.zone),
    anyZone,
  );
  const backup = elsewhere.ok ? elsewhere : selectNode(others, anyZone);
  return backup.ok ? backup.value : undefined;
}

/** "none of 3 is free: 2 at capacity, 1 draining". */
export function describeShortage({ considered, excluded }: Shortage): string {
  if (considered === 0) return 'none has reported lately';
  const parts = EXCLUSIONS.filter((reason) => excluded[reason] !== undefined).map(
    (reason) => `${excluded[reason]} ${reason.replaceAll('_', ' ')}`,
  );
  return `none of ${considered} is free: ${parts.join(', ')}`;
}

/** Why a candidate is out; undefined when it is in. */
export function exclusionOf<Node>(
  candidate: Candidate<Node>,
  { region, otherRegions, nowMs, alreadyAsked, takenMeanwhile }: SelectionOptions,
): Exclusion | undefined {
  if (alreadyAsked?.has(candidate.id)) return 'already_asked';
  if (candidate.region !== region && otherRegions !== true) return 'other_region';
  switch (healthAt(candidate.health, nowMs)) {
    case 'PENDING':
      return 'pending';
    case 'DRAINING':
      return 'draining';
    case 'UNHEALTHY':
      return 'unhealthy';
    case 'HEALTHY':
    case 'DEGRADED':
      // Healthy by a light heartbeat alone: what it carries is not known, which is neither zero nor full.
      if (candidate.headroom === undefined) return 'pending';
      if (!candidate.fits) return 'at_capacity';
      return takenMeanwhile?.has(candidate.id) ? 'taken_meanwhile' : undefined;
  }
}

interface Ranked<Node> {
  readonly candidate: Candidate<Node>;
  readonly score: number;
  /** Drawn, so that nodes of the same score take turns. */
  readonly tieBreak: number;
}

/** Puts one into the short list, the best first, if it is among the best. */
function insert<Node>(shortList: Ranked<Node>[], ranked: Ranked<Node>): void {
  let place = shortList.length;
  for (; place > 0; place--) {
    const better = shortList[place - 1];
    if (better === undefined || better.score > ranked.score) break;
    if (better.score === ranked.score && better.tieBreak >= ranked.tieBreak) break;
  }
  if (place >= SHORT_LIST_LENGTH) return;
  shortList.splice(place, 0, ranked);
  if (shortList.length > SHORT_LIST_LENGTH) shortList.pop();
}

function drawWeighted<Node>(shortList: readonly Ranked<Node>[], random: Random): Candidate<Node> | undefined {
  let point = random() * shortList.reduce((sum, { score }) => sum + score, 0);
  // The last one stands for rounding: the sum of the parts may stay below the point.
  const drawn = shortList.find(({ score }) => {
    point -= score;
    return point < 0;
  });
  return (drawn ?? shortList.at(-1))?.candidate;
}
