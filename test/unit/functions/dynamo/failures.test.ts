import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  ProvisionedThroughputExceededException,
  ResourceNotFoundException,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { isConditionFailure, translate } from '../../../../functions/dynamo/failures.ts';
import { ApiError } from '../../../../shared/api/error.ts';

function answered(name: string, httpStatusCode: number): DynamoDBServiceException {
  const fault = httpStatusCode >= 500 ? 'server' : 'client';
  return new DynamoDBServiceException({ name, message: name, $fault: fault, $metadata: { httpStatusCode } });
}

const named = (name: string): Error => Object.assign(new Error(name), { name });

describe('failures of DynamoDB', () => {
  it.each([
    ['throttling', new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} })],
    ['throttling of the account', answered('ThrottlingException', 400)],
    ['an internal error', answered('InternalServerError', 500)],
    ['an unknown error of the server', answered('SomethingNew', 503)],
    ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['a timeout', named('TimeoutError')],
    ['missing credentials', named('CredentialsProviderError')],
  ])('GC-14 become 503 with Retry-After: %s', (_name, failure) => {
    const translated = translate(failure);
    if (!(translated instanceof ApiError)) throw new Error('Not translated');
    expect(translated).toMatchObject({ status: 503, retryAfterSeconds: 2, cause: failure });
    expect(translated.message).not.toContain(failure.message);
  });

  it.each([
    ['a table that is not there', new ResourceNotFoundException({ message: 'no table', $metadata: {} })],
    ['a request that is wrong', answered('ValidationException', 400)],
    ['no permission', answered('AccessDeniedException', 400)],
    ['a mistake of ours', new TypeError('x is not a function')],
  ])('stay what they are where trying again is of no use: %s', (_name, failure) => {
    expect(translate(failure)).toBe(failure);
  });

  it('GC-7 tell a condition that does not hold from the rest', () => {
    expect(isConditionFailure(new ConditionalCheckFailedException({ message: '', $metadata: {} }))).toBe(
      true,
    );
    expect(isConditionFailure(answered('ValidationException', 400))).toBe(false);
  });
});
