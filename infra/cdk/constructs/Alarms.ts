import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type CreateAlarmOptions,
  type IMetric,
  MathExpression,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly httpApi: HttpApi;
  readonly api: LambdaFunction;
  readonly sweep: LambdaFunction;
  /** By operation, requests that DynamoDB has refused because they were too many. */
  readonly tableThrottles: Readonly<Record<string, IMetric>>;
  /** SNS topic of the region that is told; without one alarms are seen in CloudWatch alone. */
  readonly topicName?: string | undefined;
}

const PERIOD = Duration.minutes(1);
/** Share of requests answered with 5xx, percent: "no capacity" (503) is among them. */
const SERVER_ERRORS_PERCENT = 5;

interface Watch {
  readonly metric: IMetric;
  readonly description: string;
  readonly threshold: number;
  /** Whether less than the threshold is wrong, and not more. */
  readonly isBelow?: boolean;
}

/** What an operator of the control plane wants to be woken for. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { httpApi, api, sweep, tableThrottles, topicName }: AlarmsProps) {
    super(scope, id);
    const sum = { statistic: Stats.SUM, period: PERIOD };
    const watched: Record<string, Watch> = {
      ServerErrors: {
        metric: new MathExpression({
          expression: '100 * errors / requests',
          usingMetrics: { errors: httpApi.metricServerError(sum), requests: httpApi.metricCount(sum) },
          period: PERIOD,
          label: '5xx, percent of requests',
        }),
        threshold: SERVER_ERRORS_PERCENT,
        description: `Over ${SERVER_ERRORS_PERCENT} % of the API's answers are 5xx: its function's log says why`,
      },
      FunctionThrottles: {
        metric: api.metricThrottles(sum),
        threshold: 0,
        description:
          "Lambda has refused calls of the global controller: the account's concurrency is used up",
      },
      SweepErrors: {
        metric: sweep.metricErrors(sum),
        threshold: 0,
        description: 'The sweep fails: silent nodes are noticed later, and empty meetings do not end',
      },
      SweepSilent: {
        metric: sweep.metricInvocations(sum),
        threshold: 1,
        isBelow: true,
        description: 'The sweep is not called: silent nodes are noticed later, and empty meetings do not end',
      },
    };
    for (const [operation, metric] of Object.entries(tableThrottles))
      watched[`TableThrottles${operation}`] = {
        metric,
        threshold: 0,
        description: `DynamoDB refuses requests (${operation}): they grow faster than the table, or have a hot key`,
      };
    const topic =
      topicName === undefined
        ? undefined
        : Topic.fromTopicArn(
            this,
            'Topic',
            Stack.of(this).formatArn({ service: 'sns', resource: topicName }),
          );
    for (const [name, watch] of Object.entries(watched)) {
      const alarm = new Alarm(this, name, { metric: watch.metric, ...optionsOf(watch) });
      if (topic === undefined) continue;
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
  }
}

function optionsOf({ description, threshold, isBelow = false }: Watch): CreateAlarmOptions {
  return {
    alarmDescription: `Dark Tower: ${description}`,
    threshold,
    evaluationPeriods: 5,
    // What is missing is missing throughout; what goes wrong may do so now and then.
    datapointsToAlarm: isBelow ? 5 : 3,
    comparisonOperator: isBelow
      ? ComparisonOperator.LESS_THAN_THRESHOLD
      : ComparisonOperator.GREATER_THAN_THRESHOLD,
    // Nothing is counted while nothing happens.
    treatMissingData: isBelow ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
  };
}
