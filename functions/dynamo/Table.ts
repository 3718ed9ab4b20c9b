// The one DynamoDB table (shared/table): single-item reads and conditional writes, queries of a partition and of its index. No
// transactions, no scans. Items past their time are gone for readers, whenever DynamoDB gets round to deleting them.
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Clock } from '../../shared/base/clock.ts';
import { TABLE } from '../../shared/table/table.ts';
import {
  type AttributeMap,
  fromAttributes,
  type Item,
  toAttribute,
  toAttributes,
  type Value,
} from './attributes.ts';
import { isConditionFailure, translate } from './failures.ts';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/**
 * An expression in DynamoDB's language in which every attribute name is written `#name` (some names are reserved words)
 * and every value `:name`.
 */
export interface Expression {
  readonly text: string;
  readonly values?: Readonly<Record<string, Value>>;
}

export interface UpdateOptions {
  readonly update: Expression;
  readonly condition?: Expression;
}

export interface IndexQuery {
  /** Partition of the index. */
  readonly kind: string;
  /** Bounds of the index's sort key, both included. */
  readonly from?: string;
  readonly to?: string;
  /** Items answered, in descending order of the sort key. */
  readonly limit: number;
}

export interface DueQuery {
  /** Partition of the index of what is due. */
  readonly kind: string;
  /** Bound of the sort key, included. */
  readonly to: string;
  /** Keys answered, in ascending order. */
  readonly limit: number;
}

export interface PartitionQuery {
  readonly pk: string;
  /** What the sort keys begin with. */
  readonly prefix: string;
  /** Items answered, in ascending order. */
  readonly limit: number;
}

export interface TableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
}

/** All methods reject with ApiError (503) while DynamoDB is away. */
export class Table {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #clock: Clock;

  constructor(options: TableOptions) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#clock = options.clock;
  }

  /** The item as of the latest completed write; undefined when there is none or its time has passed. */
  async get(key: ItemKey): Promise<Item | undefined> {
    const { Item: attributes } = await entering(
      this.#client.send(
        new GetItemCommand({ TableName: this.#tableName, Key: toKey(key), ConsistentRead: true }),
      ),
    );
    return this.#unexpired(attributes);
  }

  /** Puts the item in place of what is there. False when the condition does not hold. */
  async put(key: ItemKey, item: Item, condition?: Expression): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.#tableName,
      Item: { ...toAttributes(item), ...toKey(key) },
      ...(condition && { ConditionExpression: condition.text, ...placeholders(condition) }),
    });
    return await conditionally(async () => {
      await this.#client.send(command);
      return true;
    }, false);
  }

  /** What the item was before the update (empty when it is new), or undefined when the condition does not hold. */
  async update(key: ItemKey, { update, condition }: UpdateOptions): Promise<Item | undefined> {
    const command = new UpdateItemCommand({
      TableName: this.#tableName,
      Key: toKey(key),
      UpdateExpression: update.text,
      ...(condition && { ConditionExpression: condition.text }),
      ...placeholders(update, ...(condition ? [condition] : [])),
      ReturnValues: 'ALL_OLD',
    });
    return await conditionally(async () => {
      const { Attributes: before } = await this.#client.send(command);
      return this.#unexpired(before) ?? {};
    }, undefined);
  }

  /** Items of one kind from the index, which may be behind by a moment. */
  async queryIndex({ kind, from, to, limit }: IndexQuery): Promise<Item[]> {
    const key: Expression = {
      text: `#${TABLE.index.partitionKey} = :kind${range(from, to)}`,
      values: { kind, ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
    };
    return await this.#queryAlive(key, limit, { IndexName: TABLE.index.name, ScanIndexForward: false });
  }

  /** Unexpired items of one partition, with their sort keys, as of the latest completed writes. */
  async queryPartition({ pk, prefix, limit }: PartitionQuery): Promise<Item[]> {
    const key: Expression = {
      text: `#${TABLE.partitionKey} = :pk AND begins_with(#${TABLE.sortKey}, :prefix)`,
      values: { pk, prefix },
    };
    return await this.#queryAlive(key, limit, { ConsistentRead: true });
  }

  /** Sort keys of one kind from the index of what is due, the earliest first; it may be behind by a moment. */
  async queryDue({ kind, to, limit }: DueQuery): Promise<string[]> {
    const { name, partitionKey, sortKey } = TABLE.dueIndex;
    const key: Expression = {
      text: `#${partitionKey} = :kind AND #${sortKey} <= :to`,
      values: { kind, to },
    };
    const page = await entering(
      this.#client.send(
        new QueryCommand({
          TableName: this.#tableName,
          IndexName: name,
          KeyConditionExpression: key.text,
          ...placeholders(key),
          Limit: limit,
        }),
      ),
    );
    // A page that is not full is the last one, or followed by a later sweep.
    return (page.Items ?? []).map((attributes) => String(fromAttributes(attributes)[sortKey]));
  }

  /** Holds where there is no item, or one whose time has passed. */
  absent(): Expression {
    return {
      text: `attribute_not_exists(#${TABLE.partitionKey}) OR #${TABLE.timeToLive} <= :now`,
      values: { now: this.#epochSeconds() },
    };
  }

  /** Items that have not expired, page after page until there are `limit`. */
  async #queryAlive(
    key: Expression,
    limit: number,
    input: Pick<QueryCommandInput, 'IndexName' | 'ScanIndexForward' | 'ConsistentRead'>,
  ): Promise<Item[]> {
    const alive: Expression = {
      text: `attribute_not_exists(#${TABLE.timeToLive}) OR #${TABLE.timeToLive} > :now`,
      values: { now: this.#epochSeconds() },
    };
    const items: Item[] = [];
    let startKey: AttributeMap | undefined;
    do {
      const page = await entering(
        this.#client.send(
          new QueryCommand({
            TableName: this.#tableName,
            KeyConditionExpression: key.text,
            FilterExpression: alive.text,
            ...placeholders(key, alive),
            Limit: limit - items.length,
            ...(startKey && { ExclusiveStartKey: startKey }),
            ...input,
          }),
        ),
      );
      items.push(...(page.Items ?? []).map(fromAttributes));
      startKey = page.LastEvaluatedKey;
    } while (startKey !== undefined && items.length < limit);
    return items;
  }

  #unexpired(attributes: AttributeMap | undefined): Item | undefined {
    if (attributes === undefined) return undefined;
    const item = fromAttributes(attributes);
    const expiresAt = item[TABLE.timeToLive];
    return typeof expiresAt === 'number' && expiresAt <= this.#epochSeconds() ? undefined : item;
  }

  #epochSeconds(): number {
    return Math.floor(this.#clock.epochMs() / 1_000);
  }
}

/** When an item may go: the attribute that readers and DynamoDB look at, in whole seconds. */
export function expiryAttribute(expiresAtMs: number): { readonly [TABLE.timeToLive]: number } {
  return { [TABLE.timeToLive]: Math.ceil(expiresAtMs / 1_000) };
}

function toKey({ pk, sk }: ItemKey): AttributeMap {
  return { [TABLE.partitionKey]: { S: pk }, [TABLE.sortKey]: { S: sk } };
}

function range(from: string | undefined, to: string | undefined): string {
  const sortKey = `#${TABLE.index.sortKey}`;
  if (from !== undefined && to !== undefined) return ` AND ${sortKey} BETWEEN :from AND :to`;
  if (from !== undefined) return ` AND ${sortKey} >= :from`;
  return to === undefined ? '' : ` AND ${sortKey} <= :to`;
}

/** Aliases for every name and value that the expressions use: DynamoDB refuses those that are not used. */
function placeholders(...expressions: readonly Expression[]): {
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
} {
  const names = expressions.flatMap(({ text }) => text.match(/#\w+/g) ?? []);
  const values = expressions.flatMap((expression) => Object.entries(expression.values ?? {}));
  return {
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])),
    ...(values.length > 0 && {
      ExpressionAttributeValues: Object.fromEntries(
        values.map(([name, value]) => [`:${name}`, toAttribute(value)]),
      ),
    }),
  };
}

async function conditionally<T>(send: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (isConditionFailure(error)) return otherwise;
    throw translate(error);
  }
}

async function entering<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw translate(error);
  }
}
