// Fields that several schemas share. Limits are in the ledger (GC-1).
import * as z from 'zod';
import { ID_PATTERN } from '../base/ids.ts';

export const MAX_ENDPOINT_LENGTH = 255;
export const MAX_DISPLAY_NAME_LENGTH = 80;

/** 1 to 64 characters of `A-Za-z0-9._-`, not `.` or `..`. */
export const idSchema = z
  .string()
  .regex(ID_PATTERN, 'must be 1 to 64 characters of A-Z a-z 0-9 . _ - and not "." or ".."');

/**
 * An https URL of at most 255 characters of printable ASCII. The characters are checked before URL is asked, which would
 * take out line breaks, tabs and leading spaces and turn `\\` into `/` without a word.
 */
export const httpsUrlSchema = z.string().max(MAX_ENDPOINT_LENGTH).refine(isPlainHttpsUrl, {
  error: 'must be an https:// URL in printable ASCII, without user name, password or fragment',
});

function isPlainHttpsUrl(value: string): boolean {
  if (!/^https:\/\/[\x21-\x7e]+$/.test(value) || /[\\#]/.test(value) || !URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

/** SHA-256 of a DER certificate, base64 (44 characters): what a browser's serverCertificateHashes takes. */
export const certificateHashSchema = z
  .string()
  .regex(/^[A-Za-z0-9+/]{43}=$/, 'must be a base64 SHA-256 (44 characters)');

/**
 * A name people read: trimmed, at most 80 UTF-16 units, without control characters, line separators, characters that turn
 * the direction of the text around a name, or lone surrogates (which UTF-8 cannot carry).
 */
export const displayNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(MAX_DISPLAY_NAME_LENGTH)
  .regex(
    /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+$/u,
    'must not contain control characters or lone surrogates',
  );

/** A query parameter for how many a page has at most. */
export function pageLimitSchema(max: number, otherwise: number) {
  return wholeNumberSchema(1, max).default(otherwise);
}

/** A whole number as the text of a query parameter. */
export function wholeNumberSchema(min: number, max = Number.MAX_SAFE_INTEGER) {
  const rule = `must be a whole number ${max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`}`;
  const schema = z.coerce.number(rule).int(rule).min(min, rule);
  return max === Number.MAX_SAFE_INTEGER ? schema : schema.max(max, rule);
}

export const timestampSchema = z.iso.datetime();
