// How good a place a node is for a meeting (ledger GC-5), among those that can take it.
import { healthWeight, type NodeHealth } from '../registry/health.ts';

/** A node of another zone than the preferred one counts for this much of its score. */
export const OTHER_ZONE_WEIGHT = 0.8;
/** A node of another region, where those are let in: only the best of them comes before a nearly full one here. */
export const OTHER_REGION_WEIGHT = 0.1;

export interface Scored {
  readonly region: string;
  readonly zone: string;
  readonly health: NodeHealth;
  /** Free part of its capacity, 1 - load. */
  readonly headroom: number;
}

export interface Preference {
  readonly region: string;
  /** Absent where all zones are as good. */
  readonly zone?: string | undefined;
}

/** From 0 (the worst) to 1: the free capacity, less for what is not as wished. */
export function scoreOf({ region, zone, health, headroom }: Scored, preference: Preference): number {
  return (
    headroom *
    healthWeight(health.state) *
    (preference.zone === undefined || zone === preference.zone ? 1 : OTHER_ZONE_WEIGHT) *
    (region === preference.region ? 1 : OTHER_REGION_WEIGHT)
  );
}
