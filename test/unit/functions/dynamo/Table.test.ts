import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTable } from '../../../../functions/dynamo/createTable.ts';
import { expiryAttribute, Table } from '../../../../functions/dynamo/Table.ts';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import { TestClock } from '../support/ControlPlane.ts';

const KEY = { pk: 'thing#1', sk: 'thing' };
let database: EmbeddedDynamo;
let clock: TestClock;
let table: Table;

beforeEach(async () => {
  clock = new TestClock();
  database = await EmbeddedDynamo.start({ tableName: 'things' });
  table = new Table({ client: database.client, tableName: 'things', clock });
});

afterEach(async () => {
  await database.stop();
});

describe('the table', () => {
  it('is made once, however often it is asked for', async () => {
    await createTable(database.client, 'things');
    await createTable(database.client, 'things');
  });

  it('GC-13 shows no item whose time has passed, and lets another take its place', async () => {
    const item = { name: 'old', kind_pk: 'thing', kind_sk: '1', ...expiryAttribute(clock.nowMs + 5_000) };
    expect(await table.put(KEY, item, table.absent())).toBe(true);
    expect(await table.put(KEY, item, table.absent())).toBe(false);
    clock.advance(4_999);
    expect(await table.get(KEY)).toMatchObject({ name: 'old' });
    expect(await table.queryIndex({ kind: 'thing', limit: 10 })).toHaveLength(1);
    clock.advance(1);
    expect(await table.get(KEY)).toBe(undefined);
    expect(await table.queryIndex({ kind: 'thing', limit: 10 })).toEqual([]);
    expect(await table.put(KEY, { name: 'new' }, table.absent())).toBe(true);
    expect(await table.get(KEY)).toEqual({ ...KEY, name: 'new' });
  });

  it('answers an update with what was before, and says when the condition does not hold', async () => {
    const set = (size: number) => ({ update: { text: 'SET #size = :size', values: { size } } });
    expect(await table.update(KEY, set(1))).toEqual({});
    expect(await table.update(KEY, set(2))).toMatchObject({ size: 1 });
    const condition = { text: '#size = :expected', values: { expected: 1 } };
    expect(await table.update(KEY, { ...set(3), condition })).toBe(undefined);
    expect(await table.get(KEY)).toMatchObject({ size: 2 });
  });

  it('follows the pages of a query past items that are filtered out', async () => {
    // Over 1 MB of items that have expired lie before those that have not: DynamoDB answers an empty page first.
    const ballast = 'x'.repeat(200_000);
    for (let i = 0; i < 8; i++)
      await table.put(
        { pk: `old#${i}`, sk: 'thing' },
        { kind_pk: 'thing', kind_sk: `9${i}`, ballast, ...expiryAttribute(clock.nowMs - 1_000) },
      );
    for (let i = 0; i < 5; i++)
      await table.put({ pk: `new#${i}`, sk: 'thing' }, { kind_pk: 'thing', kind_sk: `1${i}` });
    const found = await table.queryIndex({ kind: 'thing', limit: 3 });
    expect(found.map((item) => item['kind_sk'])).toEqual(['14', '13', '12']);
    expect(await table.queryIndex({ kind: 'thing', limit: 100 })).toHaveLength(5);
    const between = await table.queryIndex({ kind: 'thing', from: '11', to: '13', limit: 100 });
    expect(between.map((item) => item['kind_sk'])).toEqual(['13', '12', '11']);
  });
});
