// The CDK app: `npx cdk synth`, and `npx cdk deploy --all` with credentials. Settings are in cdk.json under `dark-tower:`,
// or on the command line: `-c dark-tower:regions=eu-west-1,us-east-1`.
import { App } from 'aws-cdk-lib';
import { readSettings } from './cdk/settings.ts';
import { ControlPlaneStack } from './cdk/stacks/ControlPlaneStack.ts';

const app = new App();
const settings = readSettings((name) => app.node.tryGetContext(name));
if (!settings.ok) throw new Error(settings.reason);
const { regions, ...controlPlane } = settings.value;
for (const region of regions)
  new ControlPlaneStack(app, `DarkTower-ControlPlane-${region}`, { env: { region }, ...controlPlane });
