// Who gets which stream (ledger MH-3): key (user id, stream id), value the list of destinations. A table never changes:
// a change builds a new one, and the one reference to it is replaced, so that a packet sees the old table or the new one.
import type { Destination } from './Destination.ts';

/** What came in on one stream. Only counts up; exact up to 2^53. */
export interface StreamTraffic {
  datagrams: number;
  bytes: number;
}

export interface RouteEntry {
  readonly userId: number;
  readonly streamId: number;
  /** Frames of the other kind are not this stream's. */
  readonly kind: 'audio' | 'video';
  /** Kept as it is: an array that nobody changes afterwards. */
  readonly destinations: readonly Destination[];
  /** Counted here; the one thing that tables share. */
  readonly traffic: StreamTraffic;
}

/** One stream's place in one table. */
export interface Route {
  readonly isAudio: boolean;
  readonly destinations: readonly Destination[];
  readonly traffic: StreamTraffic;
}

export class RouteTable {
  static readonly empty: RouteTable = new RouteTable([]);

  readonly #byUser: ReadonlyMap<number, ReadonlyMap<number, Route>>;
  /** Streams that have a route. */
  readonly size: number;

  /** @throws RangeError when two entries have the same key. */
  constructor(entries: Iterable<RouteEntry>) {
    const byUser = new Map<number, Map<number, Route>>();
    let size = 0;
    for (const { userId, streamId, kind, destinations, traffic } of entries) {
      let streams = byUser.get(userId);
      if (!streams) {
        streams = new Map();
        byUser.set(userId, streams);
      }
      if (streams.has(streamId))
        throw new RangeError(`Routes must differ in user and stream: ${userId}/${streamId} came twice`);
      streams.set(streamId, { isAudio: kind === 'audio', destinations, traffic });
      size++;
    }
    this.#byUser = byUser;
    this.size = size;
  }

  /** The route of a stream; undefined when it has none. Allocates nothing. */
  find(userId: number, streamId: number): Route | undefined {
    return this.#byUser.get(userId)?.get(streamId);
  }
}

/** The one place that says which table counts. */
export interface RouteSource {
  readonly routes: RouteTable;
}
