// Every failure leaves in one shape (ledger GC-14), whoever found it: a rule of ours, the framework, or nobody.
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ApiError, type ApiErrorCode } from '../../shared/api/error.ts';
import type { AppEnv } from './AppEnv.ts';

export const handleError: ErrorHandler<AppEnv> = (error, context) => {
  if (error instanceof ApiError) {
    if (error.status >= 500)
      context.get('log').warn('Request refused', {
        code: error.code,
        error,
        cause: error.cause,
        ...context.get('subject'),
      });
    return answer(context, error);
  }
  if (error instanceof HTTPException && error.status < 500) return answer(context, fromFramework(error));
  context.get('log').error('Request failed', {
    method: context.req.method,
    path: context.req.path,
    error,
    cause: error.cause,
    stack: error.stack,
    ...context.get('subject'),
  });
  const { traceId } = context.get('trace');
  return answer(
    context,
    new ApiError(
      'INTERNAL_ERROR',
      'Something went wrong here: try again, and report the trace id if it stays',
      {
        details: { trace_id: traceId },
      },
    ),
  );
};

export const handleNotFound: NotFoundHandler<AppEnv> = (context) =>
  answer(context, new ApiError('NOT_FOUND', `No route ${context.req.method} ${context.req.path}`));

export function methodNotAllowed(context: Context<AppEnv>, methods: readonly string[]): Response {
  const allow = methods.join(', ');
  const error = new ApiError(
    'INVALID_REQUEST',
    `Method must be one of ${allow} here: got ${context.req.method}`,
    {
      status: 405,
    },
  );
  return context.json(error.toBody(), 405, { allow });
}

const CODE_BY_STATUS: Readonly<Record<number, ApiErrorCode>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  429: 'RATE_LIMITED',
};

function fromFramework(error: HTTPException): ApiError {
  const message =
    error.status === 415
      ? 'Content type is not supported: send application/json'
      : error.message || 'Request is not valid';
  return new ApiError(CODE_BY_STATUS[error.status] ?? 'INVALID_REQUEST', message, { status: error.status });
}

function answer(context: Context<AppEnv>, error: ApiError): Response {
  if (error.retryAfterSeconds !== undefined) context.header('retry-after', String(error.retryAfterSeconds));
  return context.json(error.toBody(), error.status as ContentfulStatusCode);
}
