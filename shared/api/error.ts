// The one error shape of every HTTP answer (ledger GC-14): {"error":{"code","message","details"}}.
import * as z from 'zod';

export const ERROR_STATUS = {
  INVALID_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  CAPACITY_EXCEEDED: 409,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  NO_CAPACITY: 503,
} as const;
export type ApiErrorCode = keyof typeof ERROR_STATUS;
export const API_ERROR_CODES = Object.keys(ERROR_STATUS) as [ApiErrorCode, ...ApiErrorCode[]];

export const errorBodySchema = z
  .object({
    error: z.object({
      code: z.enum(API_ERROR_CODES),
      message: z.string().meta({ description: 'A sentence a person can act on.' }),
      details: z.record(z.string(), z.unknown()),
    }),
  })
  .meta({
    id: 'Error',
    description: 'Every failure has this shape.',
    example: {
      error: { code: 'NOT_FOUND', message: 'No meeting "abc": check the id or create it', details: {} },
    },
  });
export type ErrorBody = z.infer<typeof errorBodySchema>;

export interface ApiErrorOptions {
  readonly details?: Readonly<Record<string, unknown>>;
  /** Overrides the code's own status where HTTP has a more exact one (405, 413, 415). */
  readonly status?: number;
  /** Seconds until it is worth trying again: becomes Retry-After. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A failure that has a code and a message for the caller. Anything else that is thrown is answered as INTERNAL_ERROR. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? ERROR_STATUS[code];
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  toBody(): ErrorBody {
    return { error: { code: this.code, message: this.message, details: this.details } };
  }
}
