// What a report does to what is known (ledger GC-2, GC-9): whether it is news, and which reservations it accounts for.
import type { EpochMs } from '../../shared/base/clock.ts';
import type { CapacityRule } from './capacity.ts';
import type { NodeReport } from './NodeStore.ts';

/** No report is on its way for longer than this: one that seems older comes from a clock that was set back. */
export const MAX_DELAY_MS = 60_000;
/** A reservation that no figures have accounted for goes after this. */
export const RESERVATION_LIFETIME_MS = 60_000;

/** Whether a report was sent before the last one, or is that one again. Those that do not say when are always news. */
export function isOutdated(lastSentAtMs: EpochMs | undefined, sentAtMs: EpochMs | undefined): boolean {
  if (lastSentAtMs === undefined || sentAtMs === undefined) return false;
  return sentAtMs <= lastSentAtMs && lastSentAtMs - sentAtMs < MAX_DELAY_MS;
}

/**
 * Reservations made before this are in the report's figures, or too old to keep. A node's clock that is ahead does not
 * count: its figures are no newer than their arrival.
 */
export function settledBefore<Registration, Load>(
  rule: CapacityRule<Registration, Load>,
  registration: Registration,
  { load, atMs, sentAtMs }: NodeReport<Load>,
): number {
  const expired = atMs - RESERVATION_LIFETIME_MS;
  if (rule.used(registration, load) === undefined) return expired;
  return Math.max(expired, Math.min(sentAtMs ?? atMs, atMs) - rule.settleMs);
}
