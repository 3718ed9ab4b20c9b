// Parts of route descriptions that many routes share.
import type { ZodType } from 'zod';
import { errorBodySchema } from '../../shared/api/error.ts';

const ERRORS = {
  400: 'The request is malformed, or a field breaks its rule; `details.issues` lists which',
  401: 'Who calls is not known: the key or token is missing or not valid',
  403: 'The caller may not do this; where a scope is lacking, `details.scope` names it',
  404: 'There is no such thing, or it has ended',
  405: 'Another method is meant; `Allow` lists which',
  406: 'The caller accepts no content type that the route answers in',
  409: 'It contradicts what is there',
  413: 'The body is larger than 64 KiB',
  415: 'The content type is not one of those that the route takes',
  422: 'The request contradicts an earlier one of the same `Idempotency-Key`',
  429: 'Too many requests of this client; `Retry-After` says when to try again',
  500: 'Something went wrong that is not the caller’s fault; `details.trace_id` finds it in the logs',
  503: 'Not possible at the moment; `Retry-After` says when to try again',
} as const;
export type ErrorStatus = keyof typeof ERRORS;

/** Every route may fail in these ways. */
const ALWAYS = [401, 405, 406, 500, 503] as const;
/** So may every route that is open to all, where nothing is kept. */
const ALWAYS_OPEN = [405, 406, 500] as const;
/** Every route that takes a body may also fail in these. */
export const BODY_ERRORS = [400, 413, 415] as const;
/** What may also become of a request that changes something. */
export const WRITE_ERRORS = [413, 429] as const;

interface JsonContent<Schema extends ZodType> {
  readonly content: { readonly 'application/json': { readonly schema: Schema } };
  readonly description: string;
}

export function jsonContent<Schema extends ZodType>(
  description: string,
  schema: Schema,
): JsonContent<Schema> {
  return { description, content: { 'application/json': { schema } } };
}

type ErrorContent = JsonContent<typeof errorBodySchema>;

/** One failure, where a route has more to say of it than others. */
export function errorResponse(description: string): ErrorContent {
  return jsonContent(description, errorBodySchema);
}

/** Failures of a route that asks who calls, with those that every such route has. */
export function errorResponses<const Status extends ErrorStatus>(
  ...statuses: readonly Status[]
): Record<Status | (typeof ALWAYS)[number], ErrorContent> {
  return describe([...statuses, ...ALWAYS]);
}

/** Failures of a route that is open to all and keeps nothing. */
export function openErrorResponses<const Status extends ErrorStatus>(
  ...statuses: readonly Status[]
): Record<Status | (typeof ALWAYS_OPEN)[number], ErrorContent> {
  return describe([...statuses, ...ALWAYS_OPEN]);
}

function describe<Status extends ErrorStatus>(statuses: readonly Status[]): Record<Status, ErrorContent> {
  const all = [...new Set(statuses)].sort((a, b) => a - b);
  return Object.fromEntries(all.map((status) => [status, errorResponse(ERRORS[status])])) as Record<
    Status,
    ErrorContent
  >;
}
