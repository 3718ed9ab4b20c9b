// Ways to pick a node, ours and those it is compared with. The others go by the last report of each node, all of which
// they see; none of them keeps account of what it placed since.
import { NodePlacement } from '../../../functions/assignment/NodePlacement.ts';
import { type Candidate, selectNode } from '../../../functions/assignment/select.ts';
import type { Random } from '../../../functions/base/random.ts';
import { handlerCapacity } from '../../../functions/registry/capacity.ts';
import type { HandlerLoad, MediaHandler } from '../../../functions/registry/MediaNode.ts';
import type { NodeStore } from '../../../functions/registry/NodeStore.ts';
import { type Fleet, REGION, type ReadonlyNode } from './Fleet.ts';

/** Id of the node that the next meeting goes to; undefined when there is none. */
export type Policy = () => Promise<string | undefined>;
export type PolicyMaker = (fleet: Fleet, random: Random) => Policy;

export const ours: PolicyMaker = (fleet, random) => oursOver(fleet.store, fleet, random);

/** Ours, with a wish for a zone each time, such as the one of the meeting's media handler. */
export const oursInZone: PolicyMaker = (fleet, random) => {
  const placement = placementOver(fleet.store, fleet, random);
  return async () => {
    const placed = await placement.place({ preferredZone: drawUniform(fleet.nodes, random)?.zone });
    return placed.ok ? placed.value.node.id : undefined;
  };
};

/** Ours, over another store of the fleet's nodes. */
export function oursOver(
  nodes: NodeStore<MediaHandler['registration'], HandlerLoad>,
  fleet: Fleet,
  random: Random,
): Policy {
  const placement = placementOver(nodes, fleet, random);
  return async () => {
    const placed = await placement.place({});
    return placed.ok ? placed.value.node.id : undefined;
  };
}

function placementOver(
  nodes: NodeStore<MediaHandler['registration'], HandlerLoad>,
  fleet: Fleet,
  random: Random,
): NodePlacement<MediaHandler['registration'], HandlerLoad> {
  return new NodePlacement({
    region: REGION,
    nodes,
    capacity: handlerCapacity,
    clock: fleet.clock,
    random,
    // The order of nodes follows from it: the same run has the same ones.
    newReservationId: () => `reservation-${random()}`,
  });
}

const uniform: PolicyMaker = (fleet, random) => async () => drawUniform(alive(fleet), random)?.id;

const leastLoaded: PolicyMaker = (fleet, random) => async () => {
  let best: ReadonlyNode[] = [];
  for (const node of alive(fleet)) {
    const least = best[0]?.reportedStreams ?? Number.POSITIVE_INFINITY;
    if (node.reportedStreams < least) best = [node];
    else if (node.reportedStreams === least) best.push(node);
  }
  return drawUniform(best, random)?.id;
};

const powerOfTwo: PolicyMaker = (fleet, random) => async () => {
  const nodes = alive(fleet);
  const first = drawUniform(nodes, random);
  const second = drawUniform(nodes, random);
  if (first === undefined || second === undefined) return undefined;
  return (second.reportedStreams < first.reportedStreams ? second : first).id;
};

/**
 * Knows at each moment what all meetings of all nodes take and will take, and gives each to the emptiest node: what could be
 * had at best without knowing the future. No report says this.
 */
export const allKnowing: PolicyMaker = (fleet) => async () => {
  let best: ReadonlyNode | undefined;
  for (const node of alive(fleet))
    if (best === undefined || node.streamsToCome < best.streamsToCome) best = node;
  return best?.id;
};

/** The same short list and the same draw as ours, over the whole fleet, by reports alone. */
const weightedWithoutReservation: PolicyMaker = (fleet, random) => async () => {
  const nowMs = fleet.clock.epochMs();
  const candidates = alive(fleet).map((node): Candidate<ReadonlyNode> => {
    const headroom = 1 - node.reportedStreams / fleet.maxStreams;
    return {
      node,
      id: node.id,
      region: REGION,
      zone: node.zone,
      health: { state: 'HEALTHY', atMs: nowMs },
      headroom: Math.max(0, headroom),
      fits: headroom > 0,
      pendingMeetings: 0,
    };
  });
  const selected = selectNode(candidates, { region: REGION, nowMs, random });
  return selected.ok ? selected.value.id : undefined;
};

export const OTHERS: Readonly<Record<string, PolicyMaker>> = {
  leastLoaded,
  uniform,
  powerOfTwo,
  weightedWithoutReservation,
};

function alive(fleet: Fleet): readonly ReadonlyNode[] {
  return fleet.nodes.filter((node) => node.alive);
}

function drawUniform(nodes: readonly ReadonlyNode[], random: Random): ReadonlyNode | undefined {
  return nodes[Math.floor(random() * nodes.length)];
}
