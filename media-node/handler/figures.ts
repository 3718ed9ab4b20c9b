// What is told of a worker, or of one router on it (ledger MH-8). Made when asked for.
import type { Figures } from '../../shared/api/handler.ts';
import { Counter } from '../metrics/Counters.ts';
import type { Measures } from '../metrics/Measures.ts';
import { quantilesOf } from '../metrics/quantiles.ts';
import { type RouterPaths, sessionPaths } from './sessionPaths.ts';

/** Spans of the recent forwarding times, ms. */
const SHORT_MS = 10_000;
const LONG_MS = 60_000;

/** `routers`: those whose sessions it is about. */
export function figuresOf(measures: Measures, routers: Iterable<RouterPaths>): Figures {
  const { counters, forwarding, ratesIn, ratesOut } = measures;
  const total = quantilesOf(forwarding.total);
  const short = quantilesOf(forwarding.recent(SHORT_MS));
  const long = quantilesOf(forwarding.recent(LONG_MS));
  return {
    datagrams_in: counters.value(Counter.datagramsIn),
    datagrams_out: counters.value(Counter.datagramsOut),
    bytes_in: measures.bytesIn,
    bytes_out: measures.bytesOut,
    datagrams_in_per_second: ratesIn.datagramsPerSecond,
    datagrams_out_per_second: ratesOut.datagramsPerSecond,
    bits_in_per_second: ratesIn.bitsPerSecond,
    bits_out_per_second: ratesOut.bitsPerSecond,
    drops: counters.dropsByName(),
    counters: counters.valuesByName(),
    // Frames that came through another handler are not accepted from a client, and there are no links yet.
    forwarded_by_hops: { 0: counters.value(Counter.datagramsRouted) },
    ...(total && {
      forwarding_us: total,
      forwarding_buckets_us: forwarding.buckets.map(({ leUs, count }) => ({ le: leUs, count })),
    }),
    ...(short && { forwarding_10s_us: short }),
    ...(long && { forwarding_60s_us: long }),
    ...sessionPaths(routers),
  };
}
