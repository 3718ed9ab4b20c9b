/** How long ended meetings are kept unless configured otherwise, ms (ledger GC-13). */
export const DEFAULT_RETENTION_MS = 7 * 24 * 3_600_000;
