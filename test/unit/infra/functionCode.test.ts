import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { ControlPlaneStack } from '../../../infra/cdk/stacks/ControlPlaneStack.ts';

it('GC-14 bundles each function by itself: the API has the routes, the sweep has none', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'dark-tower-code-'));
  try {
    const app = new App({ outdir });
    const stack = new ControlPlaneStack(app, 'Stack', {
      env: { region: 'eu-west-1' },
      signingKeySecretName: 'test/signing-key',
      logLevel: 'warn',
      retentionDays: 7,
      access: { issuers: [] },
      throttle: { requestsPerSecond: 50, requestBurst: 100 },
    });
    const functions = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
    const scripts = functions.map(({ Properties }): [string, string] => {
      const asset = `asset.${String(Properties.Code.S3Key).replace('.zip', '')}`;
      return [Properties.Description, readFileSync(join(outdir, asset, 'index.mjs'), 'utf8')];
    });
    expect(new Set(scripts.map(([, script]) => script)).size).toBe(2);
    for (const [description, script] of scripts)
      expect(script.includes('createMeeting')).toBe(description.includes('global controller'));
    expect(readdirSync(outdir).filter((name) => name.startsWith('asset.'))).toHaveLength(2);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}, 60_000);
