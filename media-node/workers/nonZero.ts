import type { TransportCounters } from '../transport/MediaSession.ts';

/** What the transport refused, beside what the worker refused itself; reasons that never happened are left out. */
export function nonZero(counters: Readonly<TransportCounters>): Record<string, number> {
  return Object.fromEntries(Object.entries(counters).filter(([, count]) => count > 0));
}
