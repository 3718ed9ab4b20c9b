// Everything a worker counts, preallocated: counting is one addition to a fixed place (ledger MH-8).
import {
  DROP_REASON_NAMES,
  DROP_REASONS,
  type DropReason,
  FIRST_DESTINATION_REASON,
  FIRST_INGRESS_REASON,
  LAST_DESTINATION_REASON,
  LAST_INGRESS_REASON,
} from './DropReason.ts';

/** What is counted besides drops. Two sums always hold: see Counters. */
export const Counter = {
  /** Datagrams that sessions delivered, control datagrams included. */
  datagramsIn: 0,
  /** Media datagrams that were offered to at least one destination. */
  datagramsRouted: 1,
  /** Control datagrams that were understood and acted on. */
  controlIn: 2,
  /** Copies offered to destinations. */
  copiesOffered: 3,
  /** Copies that a destination took. */
  datagramsOut: 4,
  /** Datagram bytes without the transport's prefix. */
  datagramBytesIn: 5,
  datagramBytesOut: 6,
  pongsOut: 7,
  /** Media streams that were accepted, and copies of them that were opened. */
  streamsIn: 8,
  streamsOut: 9,
  streamBytesIn: 10,
  streamBytesOut: 11,
  /** Control messages read whole. */
  messagesIn: 12,
  keyFrameRequestsIn: 13,
  /** Key frame requests that reached a publisher; the rest was coalesced. */
  keyFrameRequestsOut: 14,
  /** Changes of subscribers' paths that their meeting's controller was told of. */
  qualityAlerts: 15,
  /** Further copies of datagrams, to see whether a path takes more; in no other count. */
  probeDatagramsOut: 16,
  /** Sources of which a subscriber is sent less because of its path, by what showed it, and more again. */
  layersLoweredForLoss: 17,
  layersLoweredForRoundTrip: 18,
  layersLoweredForCongestion: 19,
  layersRaised: 20,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];
const COUNTERS = Object.keys(Counter).length;
const COUNTER_NAMES = Object.keys(Counter) as readonly (keyof typeof Counter)[];

/**
 * datagramsIn = datagramsRouted + controlIn + ingress drops; copiesOffered = datagramsOut + destination drops.
 * Counts are exact up to 2^53.
 */
export class Counters {
  readonly #values = new Float64Array(COUNTERS);
  readonly #drops = new Float64Array(DROP_REASONS);

  add(counter: Counter, amount: number): void {
    this.#values[counter] = (this.#values[counter] ?? 0) + amount;
  }

  drop(reason: DropReason): void {
    this.#drops[reason] = (this.#drops[reason] ?? 0) + 1;
  }

  value(counter: Counter): number {
    return this.#values[counter] ?? 0;
  }

  drops(reason: DropReason): number {
    return this.#drops[reason] ?? 0;
  }

  /** Datagrams dropped on their way in. */
  get ingressDrops(): number {
    return this.#sumOfDrops(FIRST_INGRESS_REASON, LAST_INGRESS_REASON);
  }

  /** Copies of datagrams that no destination took. */
  get destinationDrops(): number {
    return this.#sumOfDrops(FIRST_DESTINATION_REASON, LAST_DESTINATION_REASON);
  }

  /** All counts but drops, by name. */
  valuesByName(): Record<keyof typeof Counter, number> {
    const values = COUNTER_NAMES.map((name) => [name, this.value(Counter[name])]);
    return Object.fromEntries(values) as Record<keyof typeof Counter, number>;
  }

  /** Drops by the name of their reason; reasons that never happened are left out. */
  dropsByName(): Record<string, number> {
    const byName: Record<string, number> = {};
    for (const [reason, name] of DROP_REASON_NAMES.entries()) {
      const count = this.#drops[reason] ?? 0;
      if (count > 0) byName[name] = count;
    }
    return byName;
  }

  #sumOfDrops(first: DropReason, last: DropReason): number {
    let sum = 0;
    for (let reason: number = first; reason <= last; reason++) sum += this.#drops[reason] ?? 0;
    return sum;
  }
}
