// What goes wrong at DynamoDB, translated where it enters: a condition that does not hold is an outcome, a database that
// is away or busy is 503, and the rest is a bug.
import { ConditionalCheckFailedException, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { ApiError } from '../../shared/api/error.ts';

const RETRY_AFTER_SECONDS = 2;

/** Answers of DynamoDB that go away by themselves; the SDK has retried them already. */
const TRANSIENT = new Set([
  'InternalServerError',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'ThrottlingException',
]);

export function isConditionFailure(error: unknown): boolean {
  return error instanceof ConditionalCheckFailedException;
}

/** The failure as the rest of the control plane knows it. */
export function translate(error: unknown): unknown {
  const isOurs = !(error instanceof Error) || error instanceof TypeError || error instanceof RangeError;
  if (isOurs) return error;
  const answered = error instanceof DynamoDBServiceException;
  // Without an answer it is the connection: refused, reset, timed out, no name, no credentials.
  const away = answered ? TRANSIENT.has(error.name) || (error.$metadata.httpStatusCode ?? 0) >= 500 : true;
  if (!away) return error;
  return new ApiError('INTERNAL_ERROR', 'The database cannot be reached: try again shortly', {
    status: 503,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause: error,
  });
}
