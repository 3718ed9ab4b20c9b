// Finds a node of one kind for a meeting and keeps capacity for it (ledger GC-4, GC-5). It reads a bounded part of the
// index, however many nodes there are (registry/INDEX.md), and the conditional write has the last word.
import type { Clock } from '../../shared/base/clock.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { Random } from '../base/random.ts';
import { type CapacityRule, freeUnits, unitsNeeded } from '../registry/capacity.ts';
import type { MediaNode } from '../registry/MediaNode.ts';
import type { IndexedNode, NodeStore, Reservation } from '../registry/NodeStore.ts';
import { placeIn, stepOf } from '../registry/position.ts';
import { pendingMeetings } from '../registry/rank.ts';
import { type Candidate, type SelectionOptions, type Shortage, selectBackup, selectNode } from './select.ts';

/** Nodes that are read for one meeting. */
export const CANDIDATES_READ = 10;
/** Nodes of each place that are read where those do not do: a bound on what a shortage costs. */
export const NODES_READ_AT_MOST = 250;
/** Nodes tried in one look at the index before it is read again: each fails because somebody else was faster. */
const TRIES_PER_LOOK = 4;
const MAX_LOOKS = 4;
/** How long what a look has shown of the order holds. */
const ORDER_HOLDS_MS = 1_000;

export interface NodePlacementOptions<Registration, Load> {
  readonly region: string;
  readonly nodes: NodeStore<Registration, Load>;
  readonly capacity: CapacityRule<Registration, Load>;
  readonly clock: Clock;
  readonly random: Random;
  /** Ids of reservations, unique: random UUIDs by default. */
  readonly newReservationId?: () => string;
}

export interface PlaceRequest {
  /** Ids that are out. */
  readonly exclude?: ReadonlySet<string> | undefined;
  readonly preferredZone?: string | undefined;
  /** Whether to find a second node too, of another zone where one has capacity. */
  readonly withBackup?: boolean;
}

/** A node with capacity kept for the meeting. */
export interface Placed<Node> {
  readonly node: Node;
  readonly reservation: Reservation;
  /** Where it was asked for and there is one. Nothing is reserved on it: it carries nothing until the primary fails. */
  readonly backup?: Node | undefined;
}

type Zoned = { readonly region: string; readonly zone: string };

export class NodePlacement<Registration extends Zoned, Load> {
  readonly #options: NodePlacementOptions<Registration, Load>;
  /** What a look at the best nodes has shown of the order: a step that holds more nodes than are read, if it does. */
  #order: { readonly crowdedStep: string | undefined; readonly untilMs: number } | undefined;

  constructor(options: NodePlacementOptions<Registration, Load>) {
    this.#options = options;
  }

  /** A node, with capacity reserved on it, or why there is none. */
  async place(request: PlaceRequest): Promise<Result<Placed<MediaNode<Registration, Load>>, Shortage>> {
    let shortage: Shortage = { considered: 0, excluded: {} };
    for (let look = 0; look < MAX_LOOKS; look++) {
      const isFirst = look === 0;
      const candidates = isFirst ? await this.#look() : await this.#lookAtAll();
      const placed = await this.#reserveAmong(candidates, request);
      if (placed.ok) return ok(await this.#withBackup(placed.value, candidates, request, isFirst));
      shortage = placed.reason;
      // All were seen, and none was lost to somebody else: looking again shows nothing new.
      if (!isFirst && shortage.excluded.taken_meanwhile === undefined) break;
    }
    return err(shortage);
  }

  /** A node that stands by for another one: nothing is reserved on it. Undefined when there is none beside that one. */
  async findBackup(
    primary: MediaNode<Registration, Load>,
    request: Pick<PlaceRequest, 'exclude'>,
  ): Promise<MediaNode<Registration, Load> | undefined> {
    return await this.#selectBackup(primary, await this.#look(), request, true);
  }

  async release(reservation: Reservation): Promise<void> {
    await this.#options.nodes.release(reservation);
  }

  async #reserveAmong(
    candidates: readonly Candidate<MediaNode<Registration, Load>>[],
    request: PlaceRequest,
  ): Promise<Result<Placed<MediaNode<Registration, Load>>, Shortage>> {
    const { nodes, capacity, clock, newReservationId = () => crypto.randomUUID() } = this.#options;
    const takenMeanwhile = new Set<string>();
    for (;;) {
      const selected = selectNode(candidates, this.#selection(request, takenMeanwhile));
      if (!selected.ok) return selected;
      const { node } = selected.value;
      const reservation: Reservation = {
        nodeId: node.id,
        registrationId: node.registrationId,
        reservationId: newReservationId(),
        units: unitsNeeded(capacity, node.registration),
        atMs: clock.epochMs(),
      };
      if (await nodes.reserve(node, reservation)) return ok({ node, reservation });
      takenMeanwhile.add(node.id);
      if (takenMeanwhile.size >= TRIES_PER_LOOK)
        return err({
          considered: candidates.length,
          excluded: { taken_meanwhile: takenMeanwhile.size },
        });
    }
  }

  async #withBackup(
    placed: Placed<MediaNode<Registration, Load>>,
    candidates: readonly Candidate<MediaNode<Registration, Load>>[],
    request: PlaceRequest,
    isFirst: boolean,
  ): Promise<Placed<MediaNode<Registration, Load>>> {
    if (request.withBackup !== true) return placed;
    return { ...placed, backup: await this.#selectBackup(placed.node, candidates, request, isFirst) };
  }

  async #selectBackup(
    { id, registration: { zone } }: MediaNode<Registration, Load>,
    candidates: readonly Candidate<MediaNode<Registration, Load>>[],
    request: PlaceRequest,
    isFirst: boolean,
  ): Promise<MediaNode<Registration, Load> | undefined> {
    const options = this.#selection(request);
    const near = selectBackup(candidates, { id, zone }, options);
    if ((near !== undefined && near.zone !== zone) || !isFirst || candidates.length < CANDIDATES_READ)
      return near?.node;
    // The nodes with the most headroom are all of one zone: another may still have capacity.
    return (selectBackup(await this.#lookAtAll(), { id, zone }, options) ?? near)?.node;
  }

  /** Nodes with the best rank. Where many have about the same, different looks see different ones of them. */
  async #look(): Promise<Candidate<MediaNode<Registration, Load>>[]> {
    const { region, nodes, clock, random } = this.#options;
    const nowMs = clock.epochMs();
    const order = this.#order !== undefined && nowMs < this.#order.untilMs ? this.#order : undefined;
    const query = { region, place: 'open', limit: CANDIDATES_READ } as const;
    if (order?.crowdedStep !== undefined) {
      const within = await nodes.list({ ...query, from: placeIn(order.crowdedStep, random()) });
      if (within.length === CANDIDATES_READ) return within.map((indexed) => this.#toCandidate(indexed));
    }
    const best = await nodes.list(query);
    // What is better than a crowded step is seen from the top only: a look from within says nothing of it.
    if (order === undefined)
      this.#order = { crowdedStep: crowdedStep(best), untilMs: nowMs + ORDER_HOLDS_MS };
    // There were not enough nodes from there on: the step is no crowd.
    else if (order.crowdedStep !== undefined) this.#order = { ...order, crowdedStep: undefined };
    return best.map((indexed) => this.#toCandidate(indexed));
  }

  /** All nodes, up to a bound: also those that take no meetings, to tell why. */
  async #lookAtAll(): Promise<Candidate<MediaNode<Registration, Load>>[]> {
    const { region, nodes } = this.#options;
    const places = await Promise.all(
      (['open', 'closed'] as const).map((place) => nodes.list({ region, place, limit: NODES_READ_AT_MOST })),
    );
    return places.flat().map((indexed) => this.#toCandidate(indexed));
  }

  #selection(
    { exclude, preferredZone }: PlaceRequest,
    takenMeanwhile?: ReadonlySet<string>,
  ): SelectionOptions {
    const { region, clock, random } = this.#options;
    return {
      region,
      random,
      nowMs: clock.epochMs(),
      preferredZone,
      ...(exclude !== undefined && { alreadyAsked: exclude }),
      ...(takenMeanwhile !== undefined && { takenMeanwhile }),
    };
  }

  #toCandidate({ node }: IndexedNode<Registration, Load>): Candidate<MediaNode<Registration, Load>> {
    return toCandidate(node, this.#options.capacity);
  }
}

/** A node as selection sees it. */
export function toCandidate<Registration extends Zoned, Load>(
  node: MediaNode<Registration, Load>,
  capacity: CapacityRule<Registration, Load>,
): Candidate<MediaNode<Registration, Load>> {
  const { id, registration, health } = node;
  const free = freeUnits(capacity, node);
  return {
    node,
    id,
    region: registration.region,
    zone: registration.zone,
    health,
    headroom: free === undefined ? undefined : Math.max(0, free) / capacity.capacity(registration),
    fits: free !== undefined && free >= unitsNeeded(capacity, registration),
    pendingMeetings: pendingMeetings(capacity, node),
  };
}

/** The step of all of them, where there are as many as are read. */
function crowdedStep(nodes: readonly { readonly position: string }[]): string | undefined {
  const first = nodes[0];
  const last = nodes.at(-1);
  if (nodes.length < CANDIDATES_READ || first === undefined || last === undefined) return undefined;
  const step = stepOf(first.position);
  return stepOf(last.position) === step ? step : undefined;
}
