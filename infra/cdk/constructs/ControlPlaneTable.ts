import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type IMetric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ENV } from '../../../shared/base/env.ts';
import { TABLE } from '../../../shared/table/table.ts';

/** What functions do with items: no scans, no deletes, nothing else. */
const OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem', 'Query'] as const;

/**
 * The control plane's one table, in the shape that functions expect (shared/table): on demand, restorable to any second of
 * the last 35 days, kept when the stack goes. A global table of one region, so that others can join it in place (GC-12).
 */
export class ControlPlaneTable extends Construct {
  readonly name: string;
  readonly #table: TableV2;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    this.#table = new TableV2(this, 'Table', {
      partitionKey: text(TABLE.partitionKey),
      sortKey: text(TABLE.sortKey),
      timeToLiveAttribute: TABLE.timeToLive,
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      globalSecondaryIndexes: [
        {
          indexName: TABLE.index.name,
          partitionKey: text(TABLE.index.partitionKey),
          sortKey: text(TABLE.index.sortKey),
          projectionType: ProjectionType.ALL,
        },
        {
          indexName: TABLE.dueIndex.name,
          partitionKey: text(TABLE.dueIndex.partitionKey),
          sortKey: text(TABLE.dueIndex.sortKey),
          projectionType: ProjectionType.KEYS_ONLY,
        },
      ],
    });
    this.name = this.#table.tableName;
  }

  /**
   * By operation, requests a minute that were refused because they were too many, on the table and its indexes. Each by
   * itself: there are figures only where there were such, and a sum has none where one of its parts has none.
   */
  metricThrottles(): Readonly<Record<string, IMetric>> {
    const throttled = (operation: string) =>
      this.#table.metric('ThrottledRequests', {
        // In place of the table's own: without its name there would be no such figure.
        dimensionsMap: { TableName: this.name, Operation: operation },
        statistic: Stats.SUM,
        period: Duration.minutes(1),
      });
    return Object.fromEntries(OPERATIONS.map((name) => [name, throttled(name)]));
  }

  /** Tells the function the table's name, and lets it read and write items. */
  grantItems(user: LambdaFunction): void {
    user.addEnvironment(ENV.tableName, this.#table.tableName);
    user.addToRolePolicy(
      new PolicyStatement({
        actions: OPERATIONS.map((name) => `dynamodb:${name}`),
        resources: [this.#table.tableArn],
      }),
    );
    user.addToRolePolicy(
      new PolicyStatement({
        actions: ['dynamodb:Query'],
        resources: [TABLE.index, TABLE.dueIndex].map(({ name }) => `${this.#table.tableArn}/index/${name}`),
      }),
    );
  }
}
