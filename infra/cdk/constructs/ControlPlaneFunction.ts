import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENV } from '../../../shared/base/env.ts';
import type { LogLevel } from '../../../shared/base/log.ts';
import type { FunctionName } from '../../build/functions.ts';
import { functionCode } from '../functionCode.ts';

/** What every function of the control plane is told. */
export interface FunctionSettings {
  /** Region whose meetings and nodes it is about. */
  readonly region: string;
  readonly logLevel: LogLevel;
  /** How long records of meetings that have ended stay (ledger GC-13). */
  readonly retentionDays: number;
}

export interface ControlPlaneFunctionProps {
  readonly name: FunctionName;
  readonly description: string;
  readonly memoryMib: number;
  readonly timeoutSeconds: number;
  readonly settings: FunctionSettings;
}

/** A Lambda function of the control plane, with a role and a log group of its own. */
export class ControlPlaneFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, props: ControlPlaneFunctionProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of its own: the one that CDK would make may write every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: functionCode(props.name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMib,
      timeout: Duration.seconds(props.timeoutSeconds),
      role,
      logGroup,
      environment: {
        [ENV.region]: props.settings.region,
        [ENV.logLevel]: props.settings.logLevel,
        [ENV.retentionDays]: String(props.settings.retentionDays),
      },
    });
    this.logGroupName = logGroup.logGroupName;
  }
}
