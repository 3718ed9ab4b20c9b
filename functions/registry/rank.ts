// How attractive a node is, before wishes of zone and region: what the index is in order of, and what the score starts from.
import { type CapacityRule, headroomOf } from './capacity.ts';
import { type HealthState, healthWeight } from './health.ts';
import type { MediaNode } from './MediaNode.ts';

/**
 * Meetings that are not in a node's figures yet, that halve its rank. What they will take is not known, so that units
 * alone would send every meeting to the same few nodes until they report; and a node that has just come, with nothing to
 * do, is not flooded.
 */
const PENDING_MEETINGS_THAT_HALVE = 10;

export interface RankInput {
  /** Free part of the capacity, reservations taken off: 1 is idle. */
  readonly headroom: number;
  /** Meetings placed on the node that its figures do not show yet. */
  readonly pendingMeetings: number;
  readonly state: HealthState;
}

/** From 0 to 1. */
export function rank({ headroom, pendingMeetings, state }: RankInput): number {
  return (headroom * healthWeight(state)) / (1 + pendingMeetings / PENDING_MEETINGS_THAT_HALVE);
}

/** Of a node as it is stored: 0 before its first report. */
export function rankOf<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  node: MediaNode<Registration, Load>,
): number {
  return rank({
    headroom: headroomOf(rule, node) ?? 0,
    pendingMeetings: pendingMeetings(rule, node),
    state: node.health.state,
  });
}

export function pendingMeetings<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  { reserved = 0 }: MediaNode<Registration, Load>,
): number {
  return reserved / rule.unitsPerMeeting;
}
