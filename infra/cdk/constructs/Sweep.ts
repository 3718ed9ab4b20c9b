import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENV } from '../../../shared/base/env.ts';
import type { LogLevel } from '../../../shared/base/log.ts';
import { functionCode } from '../functionCode.ts';

/** The shortest that a schedule can be. */
const INTERVAL_MINUTES = 1;
const MEMORY_MIB = 512;
/** A sweep that takes longer than its interval is given up; the next one goes on. */
const TIMEOUT_SECONDS = 55;

export interface SweepProps {
  /** Region whose nodes and meetings are looked after. */
  readonly region: string;
  readonly logLevel: LogLevel;
}

/** What time brings about and no request: silent nodes (ledger GC-3) and empty meetings (GC-13), every minute. */
export class Sweep extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Dark Tower: sweep of silent nodes and empty meetings',
      code: functionCode('sweep'),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MIB,
      timeout: Duration.seconds(TIMEOUT_SECONDS),
      role,
      logGroup,
      environment: {
        [ENV.region]: props.region,
        [ENV.logLevel]: props.logLevel,
      },
    });
    new Rule(this, 'Schedule', {
      description: 'Dark Tower: calls the sweep',
      schedule: Schedule.rate(Duration.minutes(INTERVAL_MINUTES)),
      // One that failed is not repeated: the next one comes soon and does the same.
      targets: [new LambdaTarget(this.function, { retryAttempts: 0 })],
    });
  }
}
