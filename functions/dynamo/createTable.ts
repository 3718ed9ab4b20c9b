import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type GlobalSecondaryIndex,
  ResourceInUseException,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { TABLE } from '../../shared/table/table.ts';

const MAX_WAIT_SECONDS = 10;

const INDEXES: readonly GlobalSecondaryIndex[] = [
  toIndex(TABLE.index, 'ALL'),
  toIndex(TABLE.dueIndex, 'KEYS_ONLY'),
];

/**
 * Makes the table and its indexes if they are not there, and waits until they are. On AWS the stack does this.
 * @throws Error when there is a table of an earlier version, which lacks an index: the embedded database can add none
 */
export async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const { partitionKey, sortKey, index, dueIndex } = TABLE;
  const names = [partitionKey, sortKey, ...[index, dueIndex].flatMap((of) => [of.partitionKey, of.sortKey])];
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: names.map(textAttribute),
        KeySchema: toKeySchema(partitionKey, sortKey),
        GlobalSecondaryIndexes: [...INDEXES],
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    await checkIndexes(client, tableName);
  }
  await waitUntilTableExists(
    { client, maxWaitTime: MAX_WAIT_SECONDS, minDelay: 1 },
    { TableName: tableName },
  );
}

async function checkIndexes(client: DynamoDBClient, tableName: string): Promise<void> {
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  const there = new Set((table?.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName));
  for (const { IndexName: name } of INDEXES)
    if (!there.has(name))
      throw new Error(
        `Table "${tableName}" must have the index "${name}": it was made by an earlier version; start without its state (--ephemeral), or with another directory (--data DIR)`,
      );
}

function toIndex(
  { name, partitionKey, sortKey }: (typeof TABLE)['index' | 'dueIndex'],
  projected: 'ALL' | 'KEYS_ONLY',
): GlobalSecondaryIndex {
  return {
    IndexName: name,
    KeySchema: toKeySchema(partitionKey, sortKey),
    Projection: { ProjectionType: projected },
  };
}

function toKeySchema(partitionKey: string, sortKey: string) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' as const },
    { AttributeName: sortKey, KeyType: 'RANGE' as const },
  ];
}

function textAttribute(name: string) {
  return { AttributeName: name, AttributeType: 'S' as const };
}
