import { ApiError, type ApiErrorCode, errorBodySchema } from '../../../shared/api/error.ts';
import { ConnectionError } from '../errors.ts';

/**
 * What stands in front of the API may answer in its place and in a shape of its own, such as a gateway that lets no more
 * requests through: by its status that is worth trying again.
 */
function fromInFront(status: number): readonly [ApiErrorCode, message: string] | undefined {
  if (status === 429)
    return ['RATE_LIMITED', 'The meeting service gets too many requests: try again shortly'];
  if (status < 502 || status > 504) return undefined;
  return ['INTERNAL_ERROR', `The meeting service is not available (${status}): try again shortly`];
}

/** What a failed answer says. @param json its body, undefined when that is not JSON */
export function toApiError(response: Response, json: unknown): ApiError | ConnectionError {
  const parsed = errorBodySchema.safeParse(json);
  const { status } = response;
  const after = response.headers.get('retry-after');
  const retryAfterSeconds = after === null ? Number.NaN : Number(after);
  const again = Number.isFinite(retryAfterSeconds) && { retryAfterSeconds };
  if (parsed.success) {
    const { code, message, details } = parsed.data.error;
    return new ApiError(code, message, { details, status, ...again });
  }
  const told = fromInFront(status);
  if (told === undefined)
    return ConnectionError.protocol('the meeting service', `status ${status} without an error body`);
  return new ApiError(...told, { status, ...again });
}
