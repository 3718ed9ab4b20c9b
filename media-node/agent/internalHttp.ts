// What the internal APIs of both roles have in common: one error shape for everything (ledger GC-14), bodies that are
// bounded and checked, node tokens, and 405 for a known path with another method.
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type * as z from 'zod';
import { ApiError } from '../../shared/api/error.ts';
import { invalidRequest } from '../../shared/api/invalidRequest.ts';
import type { Logger } from '../../shared/base/log.ts';
import { continueTrace } from '../../shared/base/trace.ts';

/** The largest body, a batch of 256 items, has about 40 kB. */
export const MAX_BODY_BYTES = 262_144;

/** Answers who makes the request. Throws an ApiError when it may not be made. */
export type Authorize = (request: Request) => Promise<string>;
export type Method = 'GET' | 'POST' | 'DELETE';
/** `caller` is whom authorize said. */
export type Handler = (context: Context, caller: string) => Promise<Response>;

/** What requests carry with them: the caller's trace (ledger GC-19), and what they are about, for the log. */
interface InternalEnv {
  Variables: { trace_id: string; subject: Readonly<Record<string, unknown>> | undefined };
}

export class InternalHttp {
  readonly #app = new Hono<InternalEnv>();

  constructor(log: Logger) {
    this.#app.use(async (context, next) => {
      context.set('trace_id', continueTrace(context.req.header('traceparent')).traceId);
      await next();
      const { method, path } = context.req;
      log.debug('Internal request', { method, path, status: context.res.status, ...about(context) });
    });
    this.#app.use(
      bodyLimit({
        maxSize: MAX_BODY_BYTES,
        onError: () => {
          throw new ApiError('INVALID_REQUEST', `A body may have at most ${MAX_BODY_BYTES} bytes`, {
            status: 413,
          });
        },
      }),
    );
    this.#app.notFound((context) => {
      const { method, path } = context.req;
      return answerError(
        context,
        new ApiError('NOT_FOUND', `No resource at ${method} ${path.slice(0, 200)}`),
      );
    });
    this.#app.onError((error, context) => {
      const refused = error instanceof ApiError ? error : new ApiError('INTERNAL_ERROR', 'Internal error');
      const fields = { method: context.req.method, path: context.req.path, error, ...about(context) };
      if (refused.code === 'INTERNAL_ERROR') log.error('Internal request failed', fields);
      else if (refused.status >= 500) log.warn('Internal request could not be served now', fields);
      return answerError(context, refused);
    });
  }

  readonly fetch = (request: Request): Response | Promise<Response> => this.#app.fetch(request);

  /** All methods of one path. `:name` in the path is a parameter. */
  route(path: string, authorize: Authorize, handlers: Partial<Record<Method, Handler>>): void {
    const pattern = decodeURIComponent(path);
    for (const [method, handler] of Object.entries(handlers)) {
      this.#app.on(method, pattern, async (context) => {
        return await handler(context, await authorize(context.req.raw));
      });
    }
    const allow = Object.keys(handlers).join(', ');
    this.#app.all(pattern, (context) => {
      context.header('Allow', allow);
      throw new ApiError('INVALID_REQUEST', `Method ${context.req.method} is not one of ${allow}`, {
        status: 405,
      });
    });
  }
}

/** Says what a request is about, for the log: meeting_id, participant_id. */
export function setSubject(context: Context, subject: Readonly<Record<string, unknown>>): void {
  context.set('subject', subject);
}

function about(context: Context<InternalEnv>): Readonly<Record<string, unknown>> {
  return { trace_id: context.get('trace_id'), ...context.get('subject') };
}

/** The body as JSON that fits the schema. */
export async function readJson<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  requireContentType(context, ['application/json']);
  return parseBody(await readJsonValue(context), schema);
}

/** The request's media type, when it is one of these. @throws ApiError with 415 */
export function requireContentType<T extends string>(context: Context, accepted: readonly T[]): T {
  const type = (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase();
  const match = accepted.find((candidate) => candidate === type);
  if (match === undefined) {
    throw new ApiError('INVALID_REQUEST', `Content-Type must be ${accepted.join(' or ')}: got "${type}"`, {
      status: 415,
    });
  }
  return match;
}

export async function readJsonValue(context: Context): Promise<unknown> {
  try {
    return JSON.parse(await context.req.text());
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw new ApiError('INVALID_REQUEST', 'The body is not valid JSON', { cause });
  }
}

export function parseBody<T extends z.ZodType>(value: unknown, schema: T): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest('body', parsed.error, value);
}

function answerError(context: Context, error: ApiError): Response {
  if (error.retryAfterSeconds !== undefined) context.header('Retry-After', String(error.retryAfterSeconds));
  if (error.status === 401) context.header('WWW-Authenticate', 'Bearer');
  return context.json(error.toBody(), error.status as ContentfulStatusCode);
}
