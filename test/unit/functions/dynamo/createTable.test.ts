import { CreateTableCommand, DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTable } from '../../../../functions/dynamo/createTable.ts';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import { TABLE } from '../../../../shared/table/table.ts';

let database: EmbeddedDynamo;

beforeEach(async () => {
  database = await EmbeddedDynamo.start({ tableName: 'other' });
});

afterEach(async () => {
  await database.stop();
});

async function indexNames(tableName: string): Promise<string[]> {
  const { Table: table } = await database.client.send(new DescribeTableCommand({ TableName: tableName }));
  return (table?.GlobalSecondaryIndexes ?? []).map(({ IndexName }) => IndexName ?? '').sort();
}

describe('making the table', () => {
  it('GC-13 refuses a table of an earlier version, which lacks an index, and says what to do', async () => {
    const { partitionKey, sortKey, index } = TABLE;
    await database.client.send(
      new CreateTableCommand({
        TableName: 'old',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [partitionKey, sortKey, index.partitionKey, index.sortKey].map((name) => ({
          AttributeName: name,
          AttributeType: 'S',
        })),
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: sortKey, KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: index.name,
            KeySchema: [
              { AttributeName: index.partitionKey, KeyType: 'HASH' },
              { AttributeName: index.sortKey, KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'ALL' },
          },
        ],
      }),
    );
    await expect(createTable(database.client, 'old')).rejects.toThrow(
      'Table "old" must have the index "by-due": it was made by an earlier version',
    );
  });

  it('GC-13 does nothing where the table is as it should be', async () => {
    await createTable(database.client, 'other');
    await createTable(database.client, 'other');
    expect(await indexNames('other')).toHaveLength(2);
  });
});
