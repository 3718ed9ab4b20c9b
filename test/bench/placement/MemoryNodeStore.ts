// A node store without a database: the rules of functions/registry over maps. test/contract/stores/nodes.test.ts holds it
// to what the real store promises.
import type { CapacityRule } from '../../../functions/registry/capacity.ts';
import { freeUnits } from '../../../functions/registry/capacity.ts';
import { healthAt, healthWeight, nextHealth } from '../../../functions/registry/health.ts';
import type { MediaNode } from '../../../functions/registry/MediaNode.ts';
import type {
  HealthChange,
  IndexedNode,
  NodeQuery,
  NodeReport,
  NodeStore,
  Place,
  Reservation,
} from '../../../functions/registry/NodeStore.ts';
import { chanceOf, positionAfter, positionOf } from '../../../functions/registry/position.ts';
import { rankOf } from '../../../functions/registry/rank.ts';
import { isOutdated, settledBefore } from '../../../functions/registry/report.ts';
import type { EpochMs } from '../../../shared/base/clock.ts';
import { SortedIndex } from './SortedIndex.ts';

interface Entry<Registration, Load> {
  /** As it is now, reservations included. */
  node: MediaNode<Registration, Load> & { readonly reserved: number };
  position: string;
  place: Place;
  readonly reservations: Map<string, Reservation>;
  sentAtMs: EpochMs | undefined;
}

export class MemoryNodeStore<Registration extends { readonly region: string }, Load>
  implements NodeStore<Registration, Load>
{
  readonly #capacity: CapacityRule<Registration, Load>;
  readonly #entries = new Map<string, Entry<Registration, Load>>();
  readonly #indexes = {
    open: new SortedIndex<Entry<Registration, Load>>(),
    closed: new SortedIndex<Entry<Registration, Load>>(),
  };

  /** All nodes are of one region. */
  constructor(capacity: CapacityRule<Registration, Load>) {
    this.#capacity = capacity;
  }

  async register(
    {
      id,
      registrationId,
      registration,
    }: Pick<MediaNode<Registration, Load>, 'id' | 'registrationId' | 'registration'>,
    atMs: EpochMs,
  ): Promise<HealthChange> {
    const before = this.#entries.get(id);
    if (before !== undefined) this.#indexes[before.place].remove(before);
    const after = nextHealth(before?.node.health, { type: 'registered', atMs });
    const position = positionOf(0, chanceOf(id), id);
    const node = { id, registrationId, registration, health: after, load: {}, reserved: 0 };
    const entry: Entry<Registration, Load> = {
      node,
      position,
      place: 'closed',
      reservations: new Map(),
      sentAtMs: undefined,
    };
    this.#entries.set(id, entry);
    this.#indexes.closed.add(entry);
    return { before: before?.node.health, after };
  }

  async report(id: string, report: NodeReport<Load>): Promise<HealthChange | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { node } = entry;
    const before = node.health;
    if (isOutdated(entry.sentAtMs, report.sentAtMs)) return { before, after: before };
    entry.sentAtMs = report.sentAtMs;
    let { reserved } = node;
    const settled = settledBefore(this.#capacity, node.registration, report);
    for (const [reservationId, { atMs, units }] of entry.reservations)
      if (atMs < settled) {
        entry.reservations.delete(reservationId);
        reserved -= units;
      }
    const after = nextHealth(before, { type: 'reported', state: report.state, atMs: report.atMs });
    entry.node = { ...node, health: after, load: { ...node.load, ...report.load }, reserved };
    this.#move(entry, positionAfter(entry.position, rankOf(this.#capacity, entry.node), chanceOf(id), id));
    return { before, after };
  }

  async drain(id: string, drained: boolean): Promise<HealthChange | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const before = entry.node.health;
    const after = nextHealth(before, { type: drained ? 'drained' : 'undrained' });
    entry.node = { ...entry.node, health: after };
    this.#move(entry, entry.position);
    return { before, after };
  }

  async markSilent({ id, health }: MediaNode<Registration, Load>): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.node.health.atMs !== health.atMs) return false;
    entry.node = { ...entry.node, health: { ...health, state: 'UNHEALTHY' } };
    this.#move(entry, entry.position);
    return true;
  }

  async get(id: string): Promise<MediaNode<Registration, Load> | undefined> {
    return this.#entries.get(id)?.node;
  }

  async list({ place, from, limit }: NodeQuery): Promise<readonly IndexedNode<Registration, Load>[]> {
    return this.#indexes[place].descending(from, limit);
  }

  async reserve({ id }: MediaNode<Registration, Load>, reservation: Reservation): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.node.registrationId !== reservation.registrationId) return false;
    const free = freeUnits(this.#capacity, entry.node);
    const takes = healthWeight(healthAt(entry.node.health, reservation.atMs)) > 0;
    if (!takes || free === undefined || free < reservation.units) return false;
    entry.node = { ...entry.node, reserved: entry.node.reserved + reservation.units };
    entry.reservations.set(reservation.reservationId, reservation);
    this.#move(
      entry,
      positionOf(rankOf(this.#capacity, entry.node), chanceOf(reservation.reservationId), id),
    );
    return true;
  }

  async release({ nodeId, reservationId, units }: Reservation): Promise<void> {
    const entry = this.#entries.get(nodeId);
    if (entry?.reservations.delete(reservationId))
      entry.node = { ...entry.node, reserved: entry.node.reserved - units };
  }

  #move(entry: Entry<Registration, Load>, position: string): void {
    const place: Place = healthWeight(entry.node.health.state) > 0 ? 'open' : 'closed';
    if (position === entry.position && place === entry.place) return;
    this.#indexes[entry.place].remove(entry);
    entry.position = position;
    entry.place = place;
    this.#indexes[place].add(entry);
  }
}
