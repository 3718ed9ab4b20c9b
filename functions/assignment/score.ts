// How good a place a node is for a meeting (ledger GC-5), among those that can take it.
import { type RankInput, rank } from '../registry/rank.ts';

/**
 * A node of another zone than the preferred one counts for this much of its score. Half of what one meeting that its
 * figures do not show yet takes off: the zone decides between nodes with about as much room, and costs no balance.
 */
export const OTHER_ZONE_WEIGHT = 0.95;
/** A node of another region, where those are let in: only the best of them comes before a nearly full one here. */
export const OTHER_REGION_WEIGHT = 0.1;

export interface Scored extends RankInput {
  readonly region: string;
  readonly zone: string;
}

export interface Preference {
  readonly region: string;
  /** Absent where all zones are as good. */
  readonly zone?: string | undefined;
}

/** From 0 (the worst) to 1: free capacity, halved where the node is degraded, less for what is not as wished. */
export function scoreOf(node: Scored, preference: Preference): number {
  const isInZone = preference.zone === undefined || node.zone === preference.zone;
  return (
    rank(node) *
    (isInZone ? 1 : OTHER_ZONE_WEIGHT) *
    (node.region === preference.region ? 1 : OTHER_REGION_WEIGHT)
  );
}
