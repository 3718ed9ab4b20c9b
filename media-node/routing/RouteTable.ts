// Who gets which stream (ledger MH-3): key (user id, stream id), value the list of destinations. A table never changes:
// a change builds a new one, and the one reference to it is replaced, so that a packet sees the old table or the new one.
import type { Destination } from './Destination.ts';

export interface RouteEntry {
  readonly userId: number;
  readonly streamId: number;
  /** Kept as it is: an array that nobody changes afterwards. */
  readonly destinations: readonly Destination[];
}

export class RouteTable {
  static readonly empty: RouteTable = new RouteTable([]);

  readonly #byUser: ReadonlyMap<number, ReadonlyMap<number, readonly Destination[]>>;
  /** Streams that have a route. */
  readonly size: number;

  /** @throws RangeError when two entries have the same key. */
  constructor(entries: Iterable<RouteEntry>) {
    const byUser = new Map<number, Map<number, readonly Destination[]>>();
    let size = 0;
    for (const { userId, streamId, destinations } of entries) {
      let streams = byUser.get(userId);
      if (!streams) {
        streams = new Map();
        byUser.set(userId, streams);
      }
      if (streams.has(streamId))
        throw new RangeError(`Routes must differ in user and stream: ${userId}/${streamId} came twice`);
      streams.set(streamId, destinations);
      size++;
    }
    this.#byUser = byUser;
    this.size = size;
  }

  /** Destinations of a stream; undefined when it has no route. Allocates nothing. */
  find(userId: number, streamId: number): readonly Destination[] | undefined {
    return this.#byUser.get(userId)?.get(streamId);
  }
}

/** The one place that says which table counts. */
export interface RouteSource {
  readonly routes: RouteTable;
}
