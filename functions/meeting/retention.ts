import { RETENTION_DAYS } from '../../shared/api/accessSettings.ts';

const DAY_MS = 24 * 3_600_000;

/** How long ended meetings are kept unless configured otherwise, ms (ledger GC-13). */
export const DEFAULT_RETENTION_MS = retentionMs(RETENTION_DAYS.default);

export function retentionMs(days: number): number {
  return days * DAY_MS;
}
