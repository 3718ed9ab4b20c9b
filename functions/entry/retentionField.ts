import * as z from 'zod';
import { RETENTION_DAYS } from '../../shared/api/accessSettings.ts';
import { DEFAULT_RETENTION_MS, retentionMs } from '../meeting/retention.ts';

const { min, max } = RETENTION_DAYS;

/** How long ended meetings are kept (ledger GC-13): days in the variable, ms in the configuration. */
export const retentionField = z
  .string()
  .refine(
    (text) => /^\d{1,3}$/.test(text) && Number(text) >= min && Number(text) <= max,
    `must be a whole number of days from ${min} to ${max}`,
  )
  .transform((text) => retentionMs(Number(text)))
  .default(DEFAULT_RETENTION_MS);
