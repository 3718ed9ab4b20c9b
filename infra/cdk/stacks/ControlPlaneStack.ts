import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from '../constructs/Alarms.ts';
import { ControlPlaneKeys } from '../constructs/ControlPlaneKeys.ts';
import { ControlPlaneTable } from '../constructs/ControlPlaneTable.ts';
import { PublicApi } from '../constructs/PublicApi.ts';
import { Sweep } from '../constructs/Sweep.ts';
import type { Settings } from '../settings.ts';

export type ControlPlaneStackProps = StackProps & Omit<Settings, 'regions'>;

/**
 * One region's control plane: table, keys, and the global controller behind an HTTP API. It has no media nodes: a meeting
 * can be created but not joined until nodes register, wherever they run. Putting them on EC2 is a stack of its own, not
 * part of this one.
 */
export class ControlPlaneStack extends Stack {
  constructor(scope: Construct, id: string, props: ControlPlaneStackProps) {
    super(scope, id, { description: 'Dark Tower: control plane of a region', ...props });
    const table = new ControlPlaneTable(this, 'Table');
    const keys = new ControlPlaneKeys(this, 'Keys', { signingKeySecretName: props.signingKeySecretName });
    const { logLevel, retentionDays, access, throttle } = props;
    const settings = { region: this.region, logLevel, retentionDays };
    const api = new PublicApi(this, 'Api', { settings, access, throttle });
    table.grantItems(api.function);
    keys.grantKeys(api.function);
    const sweep = new Sweep(this, 'Sweep', { settings });
    table.grantItems(sweep.function);
    keys.grantSigningKey(sweep.function);
    new Alarms(this, 'Alarms', {
      httpApi: api.httpApi,
      api: api.function,
      sweep: sweep.function,
      tableThrottles: table.metricThrottles(),
      topicName: props.alarmTopicName,
    });

    const outputs: Readonly<Record<string, readonly [value: string, description: string]>> = {
      Url: [api.url, 'Address of the REST API, and the global controller of media nodes'],
      TableName: [table.name, 'DynamoDB table of the control plane'],
      LogGroupName: [api.logGroupName, 'Logs of the global controller'],
      AccessLogGroupName: [api.accessLogGroupName, 'One line for each request to the API'],
      ApiKeySecretArn: [keys.apiKey.secretArn, 'Secret that holds the bearer key of the public API'],
      NodeTokenSecretArn: [keys.nodeToken.secretArn, 'Secret that holds the bearer key of media nodes'],
    };
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }
}
