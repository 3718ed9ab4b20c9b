import { SecretValue } from 'aws-cdk-lib';
import { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { HumanCheckName, IssuerSettings } from '../../../shared/api/accessSettings.ts';
import { ENV } from '../../../shared/base/env.ts';
import { ApiStage, type ThrottleSettings } from './ApiStage.ts';
import { ControlPlaneFunction, type FunctionSettings } from './ControlPlaneFunction.ts';

/** CPU comes with memory: at half of this a cold start takes twice as long. */
const MEMORY_MIB = 1_024;
/** Under the 30 s after which an HTTP API gives up on its integration. */
const TIMEOUT_SECONDS = 20;

/** Who may use the API; what is left out is as the function has it by default. */
export interface AccessSettings {
  readonly issuers: readonly IssuerSettings[];
  /** Secrets Manager secret with the JSON list of machine clients; without one there are none. */
  readonly clientsSecretName?: string | undefined;
  readonly humanCheck?: HumanCheckName | undefined;
  readonly writesPerMinute?: number | undefined;
}

export interface PublicApiProps {
  readonly settings: FunctionSettings;
  readonly access: AccessSettings;
  readonly throttle: ThrottleSettings;
}

/** The global controller as a Lambda function behind an HTTP API, which hands it every path. */
export class PublicApi extends Construct {
  readonly url: string;
  readonly httpApi: HttpApi;
  readonly logGroupName: string;
  readonly accessLogGroupName: string;
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, { settings, access, throttle }: PublicApiProps) {
    super(scope, id);
    const controller = new ControlPlaneFunction(this, 'GlobalController', {
      name: 'public',
      description: 'Dark Tower: global controller',
      memoryMib: MEMORY_MIB,
      timeoutSeconds: TIMEOUT_SECONDS,
      settings,
    });
    this.function = controller.function;
    this.logGroupName = controller.logGroupName;
    for (const [name, value] of Object.entries(accessEnvironment(access)))
      this.function.addEnvironment(name, value);
    this.httpApi = new HttpApi(this, 'HttpApi', {
      apiName: 'dark-tower',
      description: 'Dark Tower: global controller',
      defaultIntegration: new HttpLambdaIntegration('Integration', this.function),
      createDefaultStage: false,
    });
    this.url = this.httpApi.apiEndpoint;
    const stage = new ApiStage(this, 'Stage', { httpApi: this.httpApi, throttle });
    this.accessLogGroupName = stage.logGroupName;
  }
}

/** The list of clients as a dynamic reference, as ControlPlaneKeys does it: it holds hashes of secrets. */
function accessEnvironment(access: AccessSettings): Readonly<Record<string, string>> {
  const { issuers, clientsSecretName, humanCheck, writesPerMinute } = access;
  return {
    ...(issuers.length > 0 && { [ENV.issuers]: JSON.stringify(issuers) }),
    ...(clientsSecretName !== undefined && {
      [ENV.clients]: SecretValue.secretsManager(clientsSecretName).unsafeUnwrap(),
    }),
    ...(humanCheck !== undefined && { [ENV.humanCheck]: humanCheck }),
    ...(writesPerMinute !== undefined && { [ENV.writesPerMinute]: String(writesPerMinute) }),
  };
}
