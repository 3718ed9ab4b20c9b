// What a lookup and a change of routes cost as a router's streams grow. See METHOD.md.

import { parseArgs } from 'node:util';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import type { Destination } from '../../../media-node/routing/Destination.ts';
import { type RouteEntry, RouteTable } from '../../../media-node/routing/RouteTable.ts';
import { systemClock } from '../../../shared/base/clock.ts';

const SIZES = [10, 100, 1_000, 10_000];
/** Streams of one participant: camera layers, sound, a screen. */
const STREAMS_PER_USER = 5;
const DEFAULT_LOOKUPS = 2_000_000;
const SWAPS = 30;
/** A prime that divides none of the sizes. */
const STRIDE = 7_919;
/** Turns over all sizes; the median of each counts. */
const TURNS = 7;
const NS_PER_MS = 1_000_000;

export interface RoutingCase {
  readonly streams: number;
  readonly lookupNs: number;
  /** A new table of all streams. */
  readonly swapUs: number;
  readonly swapUsPerStream: number;
}
export interface RoutingResult {
  readonly cases: readonly RoutingCase[];
  /** Slowest lookup over fastest. */
  readonly lookupSpread: number;
}

/** `args`: --lookups N (for each size and turn). */
export async function run(args: readonly string[]): Promise<RoutingResult> {
  const { values } = parseArgs({ args: [...args], options: { lookups: { type: 'string' } } });
  const lookups = Number(values.lookups ?? DEFAULT_LOOKUPS);
  if (!Number.isInteger(lookups) || lookups < 1_000)
    throw new RangeError(`--lookups must be an integer of at least 1000: ${values.lookups}`);
  const subjects = SIZES.map((streams) => new Subject(streams));
  for (const subject of subjects) subject.lookUp(lookups);
  for (let turn = 0; turn < TURNS; turn++) for (const subject of subjects) subject.measure(lookups);
  const cases = subjects.map((subject) => subject.result());
  const times = cases.map(({ lookupNs }) => lookupNs);
  return { cases, lookupSpread: round(Math.max(...times) / Math.min(...times)) };
}

export function describe({ cases, lookupSpread }: RoutingResult): string {
  const rows = cases.map(
    ({ streams, lookupNs, swapUs, swapUsPerStream }) =>
      `${String(streams).padStart(8)} ${`${lookupNs} ns`.padStart(12)} ${`${swapUs} us`.padStart(12)} ${`${swapUsPerStream} us`.padStart(12)}`,
  );
  return [
    ' streams       lookup         swap   a stream',
    ...rows,
    `slowest lookup / fastest: ${lookupSpread}`,
  ].join('\n');
}

/** A router's routes of one size. */
class Subject {
  readonly #entries: readonly RouteEntry[];
  /** User and stream ids in the order in which they are looked up: as packets of many senders come, in none. */
  readonly #order: Int32Array;
  readonly #lookupNs: number[] = [];
  readonly #swapUs: number[] = [];
  #table: RouteTable;

  constructor(streams: number) {
    const destinations: Destination[] = [{ sendDatagram: () => 0 }];
    this.#entries = Array.from({ length: streams }, (_, index) => ({
      userId: 1 + Math.floor(index / STREAMS_PER_USER),
      streamId: 1 + (index % STREAMS_PER_USER),
      kind: 'video' as const,
      destinations,
      traffic: { datagrams: 0, bytes: 0 },
      arrivals: new Arrivals(systemClock),
    }));
    this.#order = Int32Array.from(
      this.#entries.flatMap((_, index) => {
        const entry = this.#entries[(index * STRIDE) % streams];
        return [entry?.userId ?? 0, entry?.streamId ?? 0];
      }),
    );
    this.#table = new RouteTable(this.#entries);
  }

  measure(lookups: number): void {
    this.#lookupNs.push((this.lookUp(lookups) * NS_PER_MS) / lookups);
    const start = performance.now();
    for (let swap = 0; swap < SWAPS; swap++) this.#table = new RouteTable(this.#entries);
    this.#swapUs.push(((performance.now() - start) * 1_000) / SWAPS);
  }

  /** Time of so many lookups, ms. Throws when one finds nothing: the loop must not be optimised away. */
  lookUp(lookups: number): number {
    const table = this.#table;
    const order = this.#order;
    let found = 0;
    let next = 0;
    const start = performance.now();
    for (let lookup = 0; lookup < lookups; lookup++) {
      if (table.find(order[next] ?? 0, order[next + 1] ?? 0) !== undefined) found++;
      next += 2;
      if (next === order.length) next = 0;
    }
    const elapsed = performance.now() - start;
    if (found !== lookups) throw new Error(`Only ${found} of ${lookups} lookups found their route`);
    return elapsed;
  }

  result(): RoutingCase {
    const streams = this.#entries.length;
    const swapUs = median(this.#swapUs);
    return {
      streams,
      lookupNs: round(median(this.#lookupNs)),
      swapUs: round(swapUs),
      swapUsPerStream: round(swapUs / streams),
    };
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
