// Fields that several schemas share. Limits are in the ledger (GC-1).
import * as z from 'zod';
import { ID_PATTERN } from '../base/ids.ts';

export const MAX_ENDPOINT_LENGTH = 255;
export const MAX_DISPLAY_NAME_LENGTH = 80;

/** 1 to 64 characters of `A-Za-z0-9._-`. */
export const idSchema = z.string().regex(ID_PATTERN, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ -');

/** An https URL of at most 255 characters. */
export const httpsUrlSchema = z
  .string()
  .max(MAX_ENDPOINT_LENGTH)
  .refine((value) => URL.canParse(value) && new URL(value).protocol === 'https:', 'must be an https:// URL');

/** SHA-256 of a DER certificate, base64 (44 characters): what a browser's serverCertificateHashes takes. */
export const certificateHashSchema = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be a base64 SHA-256 (44 characters)');

/** A name people read: trimmed, without control characters. */
export const displayNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_DISPLAY_NAME_LENGTH)
  .regex(/^\P{Cc}+$/u, 'must not contain control characters');

export const timestampSchema = z.iso.datetime();
