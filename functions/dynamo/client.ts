import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemClock } from '../../shared/base/clock.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { cryptoRandom } from '../base/random.ts';
import { createRetryStrategy } from './retryStrategy.ts';

/** A request that takes longer is given up and tried again; DynamoDB answers within tens of milliseconds. */
const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;

export interface DynamoClientOptions {
  readonly region: string;
  /** A DynamoDB of one's own that knows its callers by their access key id, as the embedded one does; AWS's by default. */
  readonly own?: { readonly endpoint: string; readonly accessKeyId: Secret };
}

export function createDynamoClient({ region, own }: DynamoClientOptions): DynamoDBClient {
  return new DynamoDBClient({
    region,
    retryStrategy: createRetryStrategy(systemClock, cryptoRandom),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(own !== undefined && {
      endpoint: own.endpoint,
      // The signature is not checked, but it has to be made.
      credentials: { accessKeyId: own.accessKeyId.reveal(), secretAccessKey: 'unchecked' },
    }),
  });
}
