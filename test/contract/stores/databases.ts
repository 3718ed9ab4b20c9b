// The databases that the stores are held to: the embedded one always, and another implementation where there is one.
import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../../functions/dynamo/client.ts';
import { createTable } from '../../../functions/dynamo/createTable.ts';
import { EmbeddedDynamo } from '../../../functions/local/EmbeddedDynamo.ts';
import { Secret } from '../../../shared/base/secret.ts';

export interface Database {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  stop(): Promise<void>;
}

export interface DatabaseKind {
  readonly name: string;
  /** A table of its own. */
  start(): Promise<Database>;
}

/** Address of another DynamoDB, such as `http://127.0.0.1:8000`: the suite then runs against both. */
const endpoint = process.env['DYNAMODB_ENDPOINT'];

const embedded: DatabaseKind = {
  name: 'the embedded DynamoDB',
  async start() {
    const database = await EmbeddedDynamo.start({ tableName: 'contract' });
    return { client: database.client, tableName: 'contract', stop: () => database.stop() };
  },
};

export const DATABASES: readonly DatabaseKind[] = [
  embedded,
  ...(endpoint === undefined
    ? []
    : [
        {
          name: `the DynamoDB at ${endpoint}`,
          async start() {
            const client = createDynamoClient({
              region: 'local',
              own: { endpoint, accessKeyId: new Secret('local') },
            });
            const tableName = `contract-${randomUUID()}`;
            await createTable(client, tableName);
            return { client, tableName, stop: async () => client.destroy() };
          },
        },
      ]),
];
