// The refusal of a request that breaks its schema, in the one error shape (ledger GC-14), wherever it is served.
import type * as z from 'zod';
import { ApiError } from './error.ts';
import { describeIssue } from './validationMessage.ts';

/** Issues of one body that are listed; the first ones say enough. */
const MAX_ISSUES = 20;
/** Parts of a request that may be told again: bodies carry secrets, headers credentials. */
const SHOWN_PLACES: ReadonlySet<string> = new Set(['query', 'path']);

/**
 * What a schema refused, each with the place: `{ in: 'body', path: 'capacity.max_streams', message }`.
 * @param input what the schema was given
 */
export function invalidRequest(place: string, error: z.core.$ZodError, input: unknown): ApiError {
  const refused = { place, input, showsValue: SHOWN_PLACES.has(place) };
  const issues = error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    in: place,
    path: issue.path.join('.'),
    message: describeIssue(issue, refused),
  }));
  return new ApiError('INVALID_REQUEST', issues[0]?.message ?? 'Request is not valid', {
    details: { issues },
  });
}
