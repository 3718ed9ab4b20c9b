import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENV } from '../../../shared/base/env.ts';
import type { LogLevel } from '../../../shared/base/log.ts';
import { functionCode } from '../functionCode.ts';

/** CPU comes with memory: at half of this a cold start takes twice as long. */
const MEMORY_MIB = 1_024;
/** Under the 30 s after which an HTTP API gives up on its integration. */
const TIMEOUT_SECONDS = 20;

export interface PublicApiProps {
  /** Region that the global controller speaks for. */
  readonly region: string;
  readonly logLevel: LogLevel;
}

/** The global controller as a Lambda function behind an HTTP API, which hands it every path. */
export class PublicApi extends Construct {
  readonly url: string;
  readonly logGroupName: string;
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: PublicApiProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // A role of its own: the one that CDK would make may write every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Dark Tower: global controller',
      code: functionCode('public'),
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
    const api = new HttpApi(this, 'HttpApi', {
      apiName: 'dark-tower',
      description: 'Dark Tower: global controller',
      defaultIntegration: new HttpLambdaIntegration('Integration', this.function),
    });
    this.url = api.apiEndpoint;
    this.logGroupName = logGroup.logGroupName;
  }
}
