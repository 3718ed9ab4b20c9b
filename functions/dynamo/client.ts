import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** A request that takes longer is given up and tried again; DynamoDB answers within tens of milliseconds. */
const CONNECTION_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 2_000;
const MAX_ATTEMPTS = 3;

export interface DynamoClientOptions {
  readonly region: string;
  /** A DynamoDB of one's own, such as the embedded one, which takes any credentials. */
  readonly endpoint?: string;
}

export function createDynamoClient({ region, endpoint }: DynamoClientOptions): DynamoDBClient {
  return new DynamoDBClient({
    region,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
    ...(endpoint !== undefined && {
      endpoint,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  });
}
