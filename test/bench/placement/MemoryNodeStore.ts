// A node store without a database: the rules of functions/registry over maps. What the simulation needs of it and no more;
// that the real store follows the same rules is for the tests of that store.
import type { CapacityRule } from '../../../functions/registry/capacity.ts';
import { freeUnits, headroomOf } from '../../../functions/registry/capacity.ts';
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
import { settledBefore } from '../../../functions/registry/report.ts';
import type { EpochMs } from '../../../shared/base/clock.ts';
import { SortedIndex } from './SortedIndex.ts';

interface Entry<Registration, Load> {
  node: MediaNode<Registration, Load>;
  reserved: number;
  position: string;
  place: Place;
  readonly reservations: Map<string, Reservation>;
}

export class MemoryNodeStore<Registration extends { readonly region: string }, Load>
  implements NodeStore<Registration, Load>
{
  readonly #capacity: CapacityRule<Registration, Load>;
  readonly #entries = new Map<string, Entry<Registration, Load>>();
  readonly #indexes = { open: new SortedIndex(), closed: new SortedIndex() };

  /** All nodes are of one region. */
  constructor(capacity: CapacityRule<Registration, Load>) {
    this.#capacity = capacity;
  }

  async register(
    { id, registrationId, registration }: Pick<MediaNode<Registration, Load>, 'id' | 'registrationId' | 'registration'>,
    atMs: EpochMs,
  ): Promise<HealthChange> {
    const before = this.#entries.get(id);
    if (before !== undefined) this.#indexes[before.place].remove(before.position);
    const after = nextHealth(before?.node.health, { type: 'registered', atMs });
    const position = positionOf(0, chanceOf(id), id);
    const node = { id, registrationId, registration, health: after, load: {} };
    this.#entries.set(id, { node, reserved: 0, position, place: 'closed', reservations: new Map() });
    this.#indexes.closed.add(position);
    return { before: before?.node.health, after };
  }

  async report(id: string, report: NodeReport<Load>): Promise<HealthChange | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { node } = entry;
    const before = node.health;
    const settled = settledBefore(this.#capacity, node.registration, report);
    for (const [reservationId, { atMs, units }] of entry.reservations)
      if (atMs < settled) {
        entry.reservations.delete(reservationId);
        entry.reserved -= units;
      }
    const after = nextHealth(before, { type: 'reported', state: report.state, atMs: report.atMs });
    entry.node = { ...node, health: after, load: { ...node.load, ...report.load } };
    this.#move(entry, positionAfter(entry.position, this.#rank(entry), chanceOf(id), id));
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
    const entry = this.#entries.get(id);
    return entry && withReserved(entry);
  }

  async list({ place, from, limit }: NodeQuery): Promise<readonly IndexedNode<Registration, Load>[]> {
    return this.#indexes[place].descending(from, limit).flatMap((position) => {
      const entry = this.#entries.get(position.slice(position.lastIndexOf('#') + 1));
      return entry === undefined ? [] : [{ node: withReserved(entry), position }];
    });
  }

  async reserve({ id }: MediaNode<Registration, Load>, reservation: Reservation): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry === undefined || entry.node.registrationId !== reservation.registrationId) return false;
    const free = freeUnits(this.#capacity, withReserved(entry));
    const takes = healthWeight(healthAt(entry.node.health, reservation.atMs)) > 0;
    if (!takes || free === undefined || free < reservation.units) return false;
    entry.reserved += reservation.units;
    entry.reservations.set(reservation.reservationId, reservation);
    this.#move(entry, positionOf(this.#rank(entry), chanceOf(reservation.reservationId), id));
    return true;
  }

  async release({ nodeId, reservationId, units }: Reservation): Promise<void> {
    const entry = this.#entries.get(nodeId);
    if (entry?.reservations.delete(reservationId)) entry.reserved -= units;
  }

  #rank(entry: Entry<Registration, Load>): number {
    const half = entry.node.health.state === 'DEGRADED' ? 0.5 : 1;
    return (headroomOf(this.#capacity, withReserved(entry)) ?? 0) * half;
  }

  #move(entry: Entry<Registration, Load>, position: string): void {
    const place: Place = healthWeight(entry.node.health.state) > 0 ? 'open' : 'closed';
    if (position === entry.position && place === entry.place) return;
    this.#indexes[entry.place].remove(entry.position);
    this.#indexes[place].add(position);
    entry.position = position;
    entry.place = place;
  }
}

function withReserved<Registration, Load>({
  node,
  reserved,
}: Entry<Registration, Load>): MediaNode<Registration, Load> {
  return {
    id: node.id,
    registrationId: node.registrationId,
    registration: node.registration,
    health: node.health,
    load: node.load,
    reserved,
  };
}
