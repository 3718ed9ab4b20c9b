import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPublicConfig } from '../../../functions/entry/publicConfig.ts';
import { readSweepConfig } from '../../../functions/entry/sweepConfig.ts';
import { ControlPlaneStack } from '../../../infra/cdk/stacks/ControlPlaneStack.ts';
import { ENV } from '../../../shared/base/env.ts';
import { TABLE } from '../../../shared/table/table.ts';
import { readSources } from '../../support/imports.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const functionSources = readSources(root).filter((file) => file.path.startsWith('functions/'));

const ISSUER = {
  issuer: 'https://id.example',
  audience: 'meet',
  jwks_url: 'https://id.example/jwks',
  org_claim: 'tenant',
};

let outdir: string;
let template: Template;

beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'dark-tower-cdk-'));
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  // The template is what is looked at: the function's bundle is left unbuilt.
  const app = new App({ outdir, context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stack = new ControlPlaneStack(app, 'Stack', {
    env: { region: 'eu-west-1' },
    signingKeySecretName: 'test/signing-key',
    logLevel: 'warn',
    retentionDays: 30,
    access: {
      issuers: [ISSUER],
      clientsSecretName: 'test/clients',
      humanCheck: 'none',
      writesPerMinute: 60,
    },
    throttle: { requestsPerSecond: 50, requestBurst: 100 },
    alarmTopicName: 'on-call',
  });
  template = Template.fromStack(stack);
}, 60_000);

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

type Statement = { readonly Effect: string; readonly Action: string | string[]; readonly Resource: unknown };

function statements(): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    (policy) => policy['Properties'].PolicyDocument.Statement as Statement[],
  );
}

/** Logical ids of the functions. */
function functions(): { api: string; sweep: string } {
  const entries = Object.entries(template.findResources('AWS::Lambda::Function'));
  const named = (word: string): string => {
    const [found, ...others] = entries.filter(([, { Properties }]) => Properties.Description.includes(word));
    if (found === undefined || others.length > 0) throw new Error(`There must be one function "${word}"`);
    return found[0];
  };
  return { api: named('global controller'), sweep: named('sweep') };
}

function functionEnvironment(name: 'api' | 'sweep' = 'api'): Readonly<Record<string, unknown>> {
  const resources = template.findResources('AWS::Lambda::Function');
  return resources[functions()[name]]?.['Properties'].Environment.Variables;
}

/** Every string in a value, keys included. */
function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [key, ...stringsIn(child)]);
}

describe('ControlPlaneStack', () => {
  it('GC-12 makes the table in the shape that functions expect, as a global table', () => {
    const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' });
    const keys = (partition: string, sort: string) => [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: sort, KeyType: 'RANGE' },
    ];
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        attribute(TABLE.partitionKey),
        attribute(TABLE.sortKey),
        attribute(TABLE.index.partitionKey),
        attribute(TABLE.index.sortKey),
        attribute(TABLE.dueIndex.partitionKey),
        attribute(TABLE.dueIndex.sortKey),
      ],
      KeySchema: keys(TABLE.partitionKey, TABLE.sortKey),
      GlobalSecondaryIndexes: [
        {
          IndexName: TABLE.index.name,
          KeySchema: keys(TABLE.index.partitionKey, TABLE.index.sortKey),
          Projection: { ProjectionType: 'ALL' },
        },
        {
          IndexName: TABLE.dueIndex.name,
          KeySchema: keys(TABLE.dueIndex.partitionKey, TABLE.dueIndex.sortKey),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
  });

  it('GC-13 lets DynamoDB remove items after their time', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: TABLE.timeToLive, Enabled: true },
    });
  });

  it('can restore the table to any moment, and keeps it when the stack goes', () => {
    template.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Replicas: [
          Match.objectLike({
            Region: 'eu-west-1',
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ],
      },
    });
  });

  it('GC-14 puts one HTTP API in front of one function on Node 24 and ARM', () => {
    template.resourceCountIs('AWS::Lambda::Function', 2);
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
    template.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default' });
    template.hasResourceProperties('AWS::ApiGatewayV2::Integration', { PayloadFormatVersion: '2.0' });
  });

  it.each([
    ['api', ['lambdaConfig', 'publicConfig', 'accessConfig'], readPublicConfig],
    ['sweep', ['lambdaConfig', 'sweepConfig'], readSweepConfig],
  ] as const)(
    'gives the function %s every variable that it needs, and none of ours that it does not ask for',
    (name, configs, read) => {
      const environment = functionEnvironment(name);
      expect(environment).toMatchObject({ [ENV.region]: 'eu-west-1', [ENV.logLevel]: 'warn' });
      const given = Object.keys(environment).filter((variable) => variable.startsWith('DARK_TOWER_'));
      const empty = read({});
      const needed = empty.ok
        ? []
        : [...empty.reason.matchAll(/DARK_TOWER_\w+/g)].map(([variable]) => variable);
      expect(needed.length).toBeGreaterThan(2);
      expect(given).toEqual(expect.arrayContaining(needed));
      const paths = configs.map((config) => `functions/entry/${config}.ts`);
      const sources = functionSources.filter(({ path }) => paths.includes(path));
      const asked = Object.entries(ENV).filter(([field]) => sources.some(({ names }) => names.has(field)));
      expect(asked.map(([, variable]) => variable)).toEqual(expect.arrayContaining(given));
    },
  );

  it('GC-13 GC-15 GC-16 tells the API who may use it, and both functions how long records stay', () => {
    const environment = functionEnvironment();
    expect(JSON.parse(String(environment[ENV.issuers]))).toEqual([ISSUER]);
    expect(environment).toMatchObject({
      [ENV.clients]: '{{resolve:secretsmanager:test/clients:SecretString:::}}',
      [ENV.humanCheck]: 'none',
      [ENV.writesPerMinute]: '60',
      [ENV.retentionDays]: '30',
    });
    const sweep = functionEnvironment('sweep');
    expect(sweep[ENV.retentionDays]).toBe('30');
    expect(sweep).not.toHaveProperty(ENV.clients);
    // What the stack writes is what the function reads.
    const clients = [
      { client_id: 'c', secret_sha256: '0'.repeat(64), org: 'acme', scopes: ['meetings:read'] },
    ];
    const read = readPublicConfig({
      ...Object.fromEntries(
        Object.entries(environment).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : 'k'.repeat(32),
        ]),
      ),
      AWS_REGION: 'eu-west-1',
      [ENV.signingJwk]: JSON.stringify({ kty: 'OKP', crv: 'Ed25519', kid: '1', d: 'd' }),
      [ENV.clients]: JSON.stringify(clients),
    });
    expect(read.ok ? read.value : read.reason).toMatchObject({
      retentionMs: 30 * 24 * 3_600_000,
      access: {
        issuers: [{ issuer: ISSUER.issuer, org: { orgClaim: 'tenant' } }],
        clients: [{ clientId: 'c' }],
        humanCheck: 'none',
        writesPerMinute: 60,
      },
    });
  });

  it('GC-10 names secrets and holds none: the template has references that only a deployment resolves', () => {
    const environment = functionEnvironment();
    for (const name of [ENV.signingJwk, ENV.apiKey, ENV.nodeToken])
      expect(stringsIn(environment[name]).join('')).toMatch(
        /\{\{resolve:secretsmanager:.*:SecretString:::\}\}$/,
      );
    expect(environment[ENV.signingJwk]).toBe('{{resolve:secretsmanager:test/signing-key:SecretString:::}}');
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    template.allResourcesProperties('AWS::SecretsManager::Secret', { SecretString: Match.absent() });
    template.allResourcesProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
    });
    for (const output of Object.values(template.findOutputs('*')))
      expect(JSON.stringify(output)).not.toContain('resolve:');
  });

  it('grants what is used, on what is used: no wildcard in an action or a resource, no managed policy', () => {
    const all = statements();
    expect(all.length).toBeGreaterThan(1);
    for (const statement of all) {
      expect(statement.Effect).toBe('Allow');
      expect(stringsIn([statement.Action, statement.Resource]).filter((text) => text.includes('*'))).toEqual(
        [],
      );
    }
    template.allResourcesProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
    template.allResourcesProperties('AWS::IAM::Role', { Policies: Match.absent() });
  });

  it('grants exactly the calls that functions make to the table', () => {
    const granted = new Set(
      statements()
        .flatMap((statement) => statement.Action)
        .filter((action) => action.startsWith('dynamodb:')),
    );
    const made = functionSources
      .filter((file) => file.path.startsWith('functions/dynamo/') && !file.path.endsWith('/createTable.ts'))
      .flatMap((file) => [...file.names])
      .filter((name) => /^\w+Command$/.test(name))
      .map((name) => `dynamodb:${name.replace(/Command$/, '')}`);
    expect(made.length).toBeGreaterThan(0);
    expect([...granted].sort()).toEqual([...new Set(made)].sort());
  });

  it('lets this API alone call the one function, and this schedule the other', () => {
    const permissions = Object.values(template.findResources('AWS::Lambda::Permission'));
    const callers = permissions.map(({ Properties }) => [
      stringsIn(Properties.FunctionName).find((text) => Object.values(functions()).includes(text)),
      Properties.Principal,
    ]);
    expect(new Set(callers.map(String))).toEqual(
      new Set([`${functions().api},apigateway.amazonaws.com`, `${functions().sweep},events.amazonaws.com`]),
    );
    const [apiId] = Object.keys(template.findResources('AWS::ApiGatewayV2::Api'));
    const [ruleId] = Object.keys(template.findResources('AWS::Events::Rule'));
    for (const { Properties } of permissions)
      expect(stringsIn(Properties.SourceArn)).toContain(
        Properties.Principal === 'events.amazonaws.com' ? ruleId : apiId,
      );
  });

  it('GC-3 GC-13 calls the sweep every minute, with the key that signs and no other', () => {
    template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'rate(1 minute)' });
    const environment = functionEnvironment('sweep');
    expect(environment[ENV.signingJwk]).toBe('{{resolve:secretsmanager:test/signing-key:SecretString:::}}');
    expect(environment).not.toHaveProperty(ENV.apiKey);
    expect(environment).not.toHaveProperty(ENV.nodeToken);
  });

  it('GC-14 lets no more requests through than it is told, whoever they are of', () => {
    template.resourceCountIs('AWS::ApiGatewayV2::Stage', 1);
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
    });
  });

  it('GC-14 logs each request for a month, without what is secret in it', () => {
    const [stage] = Object.values(template.findResources('AWS::ApiGatewayV2::Stage'));
    const { DestinationArn, Format } = stage?.['Properties']?.AccessLogSettings ?? {};
    const logGroups = template.findResources('AWS::Logs::LogGroup');
    const group = stringsIn(DestinationArn).find((text) => text in logGroups) ?? '';
    expect(logGroups[group]?.['Properties']).toMatchObject({
      LogGroupName: '/aws/vendedlogs/Stack/http-api',
      RetentionInDays: 30,
    });
    const line: Readonly<Record<string, string>> = JSON.parse(Format);
    expect(line).toMatchObject({ path: '$context.path', status: '$context.status' });
    for (const value of Object.values(line)) expect(value).toMatch(/^\$context\.[a-zA-Z.]+$/);
    expect(Format).not.toMatch(/queryString|authorizer|\$request/i);
  });

  it('GC-14 has an alarm for each of what operators are woken for, and tells them', () => {
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
    const metricsOf = ({ Properties }: (typeof alarms)[number]): string[] => [
      ...(Properties.MetricName === undefined ? [] : [String(Properties.MetricName)]),
      ...(Properties.Metrics ?? []).flatMap((each: { MetricStat?: { Metric: { MetricName: string } } }) =>
        each.MetricStat === undefined ? [] : [each.MetricStat.Metric.MetricName],
      ),
    ];
    const watched = alarms.map((alarm) => [...new Set(metricsOf(alarm))].sort().join('/'));
    expect(watched.sort()).toEqual([
      '5xx/Count',
      'Errors',
      'Invocations',
      ...Array.from({ length: 4 }, () => 'ThrottledRequests'),
      'Throttles',
    ]);
    const throttled = alarms.filter((alarm) => metricsOf(alarm).includes('ThrottledRequests'));
    const [table] = Object.keys(template.findResources('AWS::DynamoDB::GlobalTable'));
    for (const { Properties } of throttled)
      expect(Properties.Dimensions).toEqual([
        { Name: 'Operation', Value: expect.stringMatching(/^(GetItem|PutItem|Query|UpdateItem)$/) },
        { Name: 'TableName', Value: { Ref: table } },
      ]);
    for (const { Properties } of alarms)
      for (const actions of [Properties.AlarmActions, Properties.OKActions])
        expect(stringsIn(actions).join('')).toMatch(/:sns:eu-west-1:.*:on-call$/);
    const silent = alarms.find((alarm) => metricsOf(alarm).includes('Invocations'));
    expect(silent?.['Properties']).toMatchObject({
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
    });
  });

  it('keeps logs for a month, in a group of its own that the function writes to', () => {
    template.hasResourceProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    const [group] = Object.keys(template.findResources('AWS::Logs::LogGroup'));
    template.hasResourceProperties('AWS::Lambda::Function', { LoggingConfig: { LogGroup: { Ref: group } } });
  });

  it('says where the API is', () => {
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual([
      'AccessLogGroupName',
      'ApiKeySecretArn',
      'LogGroupName',
      'NodeTokenSecretArn',
      'TableName',
      'Url',
    ]);
  });
});
