// Everything a worker counts, preallocated: counting is one addition to a fixed place (ledger MH-8).
import {
  DROP_REASON_NAMES,
  DROP_REASONS,
  DropReason,
  FIRST_DESTINATION_REASON,
  FIRST_INGRESS_REASON,
  LAST_DESTINATION_REASON,
  LAST_INGRESS_REASON,
  STREAM_COPY_DROPS,
  STREAM_REFUSALS,
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
  /** Media streams that sessions delivered; those passed on to their end, and those that their sender gave up or may not go on. */
  streamsReceived: 21,
  streamsEnded: 22,
  streamsGivenUp: 23,
  /** Copies of streams to be sent; those sent to their end, and those ended with what they are copies of, or not wanted any more. */
  streamCopiesOffered: 24,
  streamCopiesEnded: 25,
  streamCopiesGivenUp: 26,
} as const;
export type Counter = (typeof Counter)[keyof typeof Counter];
const COUNTERS = Object.keys(Counter).length;
const COUNTER_NAMES = Object.keys(Counter) as readonly (keyof typeof Counter)[];

/**
 * datagramsIn = datagramsRouted + controlIn + ingress drops; copiesOffered = datagramsOut + destination drops. Of media
 * streams, streamsReceived = streamsEnded + streamsGivenUp + streamRefusals + those still open, and streamCopiesOffered =
 * streamCopiesEnded + streamCopiesGivenUp + streamCopyDrops + those still open.
 * Counts are exact up to 2^53. What is counted in a branch counts in what it branched from as well: it is added up when
 * somebody asks, so that counting itself stays one addition.
 */
export class Counters {
  /** Counters, then drops. */
  #counts = new Float64Array(COUNTERS + DROP_REASONS);
  #above: Counters | undefined;
  /** Made with the first. */
  #branches: Set<Counters> | undefined;

  add(counter: Counter, amount: number): void {
    this.#counts[counter] = (this.#counts[counter] ?? 0) + amount;
  }

  drop(reason: DropReason): void {
    const at = COUNTERS + reason;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Counts a part of this, such as one session's, which can be told apart until it ends. */
  branch(): Counters {
    const branch = new Counters();
    branch.#above = this;
    this.#branches ??= new Set();
    this.#branches.add(branch);
    return branch;
  }

  /**
   * Ends a branch and its own: its counts stay where it branched from. What somebody still counts here afterwards goes to the
   * one at the top, so that there everything is counted once; do not read it any more. Idempotent.
   */
  end(): void {
    const above = this.#above;
    if (above === undefined) return;
    for (const branch of this.#branches ?? []) branch.end();
    this.#addTo(above.#counts);
    above.#branches?.delete(this);
    this.#above = undefined;
    let top = above;
    while (top.#above !== undefined) top = top.#above;
    this.#counts = top.#counts;
  }

  value(counter: Counter): number {
    return this.#sum(counter);
  }

  drops(reason: DropReason): number {
    return this.#sum(COUNTERS + reason);
  }

  /** Datagrams dropped on their way in. */
  get ingressDrops(): number {
    return this.#sumOfDrops(FIRST_INGRESS_REASON, LAST_INGRESS_REASON);
  }

  /** Copies of datagrams that no destination took. */
  get destinationDrops(): number {
    return this.#sumOfDrops(FIRST_DESTINATION_REASON, LAST_DESTINATION_REASON);
  }

  /** Media streams that were not passed on to their end for a reason; that nobody received one is none. */
  get streamRefusals(): number {
    return STREAM_REFUSALS.reduce<number>((sum, reason) => sum + this.drops(reason), 0);
  }

  /** Copies of media streams that their subscribers did not take to the end. */
  get streamCopyDrops(): number {
    return STREAM_COPY_DROPS.reduce<number>((sum, reason) => sum + this.drops(reason), 0);
  }

  /** All counts but drops, by name. */
  valuesByName(): Record<keyof typeof Counter, number> {
    const totals = this.#totals();
    const values = COUNTER_NAMES.map((name) => [name, totals[Counter[name]]]);
    return Object.fromEntries(values) as Record<keyof typeof Counter, number>;
  }

  /** Drops by the name of their reason; reasons that never happened are left out, and those that are not `wanted`. */
  dropsByName(wanted: (reason: DropReason) => boolean = () => true): Record<string, number> {
    const totals = this.#totals();
    const byName: Record<string, number> = {};
    for (const name of DROP_REASON_NAMES) {
      const count = totals[COUNTERS + DropReason[name]] ?? 0;
      if (count > 0 && wanted(DropReason[name])) byName[name] = count;
    }
    return byName;
  }

  #sumOfDrops(first: DropReason, last: DropReason): number {
    let sum = 0;
    for (let reason: number = first; reason <= last; reason++) sum += this.#sum(COUNTERS + reason);
    return sum;
  }

  #sum(at: number): number {
    let sum = this.#counts[at] ?? 0;
    for (const branch of this.#branches ?? []) sum += branch.#sum(at);
    return sum;
  }

  #totals(): Float64Array {
    const totals = new Float64Array(COUNTERS + DROP_REASONS);
    this.#addTo(totals);
    return totals;
  }

  #addTo(totals: Float64Array): void {
    for (const [at, count] of this.#counts.entries()) totals[at] = (totals[at] ?? 0) + count;
    for (const branch of this.#branches ?? []) branch.#addTo(totals);
  }
}
