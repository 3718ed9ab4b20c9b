import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { type HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

/** Requests of all callers together; API Gateway answers 429 to those beyond, before a function is called. */
export interface ThrottleSettings {
  readonly requestsPerSecond: number;
  /** Requests at once, over the rate. */
  readonly requestBurst: number;
}

export interface ApiStageProps {
  readonly httpApi: HttpApi;
  readonly throttle: ThrottleSettings;
}

/**
 * Names of groups that AWS services write to start so: they need no entry each in the account's policy for that, whose
 * length is limited.
 */
const VENDED_LOGS = '/aws/vendedlogs';

/**
 * One line a request: also of those that no function sees. As in the function's own log there is no header, no query and no
 * body, where tokens and names are.
 */
const LINE = {
  request_id: '$context.requestId',
  time: '$context.requestTimeEpoch',
  source_ip: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  status: '$context.status',
  answer_bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  function_ms: '$context.integrationLatency',
  error: '$context.error.message',
  function_error: '$context.integrationErrorMessage',
} as const;

/** The API's one stage, at its root, with a limit of requests and an access log. */
export class ApiStage extends Construct {
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, { httpApi, throttle }: ApiStageProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'AccessLogs', {
      logGroupName: `${VENDED_LOGS}/${Stack.of(this).stackName}/http-api`,
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    new HttpStage(this, 'Stage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: throttle.requestsPerSecond, burstLimit: throttle.requestBurst },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logGroup),
        format: AccessLogFormat.custom(JSON.stringify(LINE)),
      },
    });
    this.logGroupName = logGroup.logGroupName;
  }
}
