// Who gets which stream (ledger MH-3): key (user id, stream id), value the list of destinations. A table never changes:
// a change builds a new one, and the one reference to it is replaced, so that a packet sees the old table or the new one.
// Inside, a hash table with open addressing in flat arrays, so that a lookup touches one or two lines of memory however many
// streams there are.
import type { StreamTraffic } from '../metrics/StreamTraffic.ts';
import type { Arrivals } from '../quality/Arrivals.ts';
import type { Destination } from './Destination.ts';

/** What of a stream's traffic is counted here. */
export type RouteTraffic = Pick<StreamTraffic, 'datagrams' | 'bytes'>;

export interface RouteEntry {
  readonly userId: number;
  readonly streamId: number;
  /** Frames of the other kind are not this stream's. */
  readonly kind: 'audio' | 'video';
  /** Kept as it is: an array that nobody changes afterwards. */
  readonly destinations: readonly Destination[];
  /** Of datagrams that are sent on demand (see FLAG_ON_DEMAND); nobody without it. Kept as it is, too. */
  readonly onDemandDestinations?: readonly Destination[];
  /** Counted here; with what follows, what tables share. */
  readonly traffic: RouteTraffic;
  /** Told of frames as they come, as far as somebody is sent them. May be made when first asked for. */
  readonly arrivals: Arrivals;
}

/** One stream's place in one table. */
export interface Route {
  readonly isAudio: boolean;
  readonly destinations: readonly Destination[];
  readonly onDemandDestinations: readonly Destination[];
  readonly traffic: RouteTraffic;
  readonly stream: Pick<RouteEntry, 'arrivals'>;
}

/** Slots for each entry, at least: short probes for little memory. */
const SLOTS_PER_ENTRY = 2;
const MIN_SLOTS = 4;
const NOBODY: readonly Destination[] = Object.freeze([]);

export class RouteTable {
  static readonly empty: RouteTable = new RouteTable([]);

  /** User id and stream id of each slot, as signed integers. */
  readonly #keys: Int32Array;
  readonly #routes: readonly (Route | undefined)[];
  readonly #mask: number;
  /** Streams that have a route. */
  readonly size: number;

  /** @throws RangeError when two entries have the same key. */
  constructor(entries: Iterable<RouteEntry>) {
    const all = [...entries];
    let slots = MIN_SLOTS;
    while (slots < all.length * SLOTS_PER_ENTRY) slots *= 2;
    const keys = new Int32Array(slots * 2);
    const routes = new Array<Route | undefined>(slots).fill(undefined);
    this.#mask = slots - 1;
    for (const entry of all) {
      const { userId, streamId, kind, destinations, onDemandDestinations = NOBODY } = entry;
      let slot = hash(userId, streamId) & this.#mask;
      for (; routes[slot] !== undefined; slot = (slot + 1) & this.#mask) {
        if (keys[slot * 2] === (userId | 0) && keys[slot * 2 + 1] === (streamId | 0))
          throw new RangeError(`Routes must differ in user and stream: ${userId}/${streamId} came twice`);
      }
      keys[slot * 2] = userId;
      keys[slot * 2 + 1] = streamId;
      const { traffic } = entry;
      const isAudio = kind === 'audio';
      routes[slot] = { isAudio, destinations, onDemandDestinations, traffic, stream: entry };
    }
    this.#keys = keys;
    this.#routes = routes;
    this.size = all.length;
  }

  /** The route of a stream; undefined when it has none. Allocates nothing. */
  find(userId: number, streamId: number): Route | undefined {
    const keys = this.#keys;
    const mask = this.#mask;
    const user = userId | 0;
    const stream = streamId | 0;
    for (let slot = hash(user, stream) & mask; ; slot = (slot + 1) & mask) {
      const route = this.#routes[slot];
      if (route === undefined || (keys[slot * 2] === user && keys[slot * 2 + 1] === stream)) return route;
    }
  }
}

/** The one place that says which table counts. */
export interface RouteSource {
  readonly routes: RouteTable;
}

/** Mixes both ids, which count up from 1, over all bits (odd constants of the golden ratio and of MurmurHash3). */
function hash(userId: number, streamId: number): number {
  const mixed = Math.imul(userId, 0x9e37_79b1) ^ Math.imul(streamId, 0x85eb_ca6b);
  return mixed ^ (mixed >>> 15);
}
