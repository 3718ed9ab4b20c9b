import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSettings } from '../../../infra/cdk/settings.ts';

const cdkJson: { app: string; context: Readonly<Record<string, unknown>> } = JSON.parse(
  readFileSync(new URL('../../../cdk.json', import.meta.url), 'utf8'),
);

function settingsWith(changes: Readonly<Record<string, unknown>>) {
  const context: Readonly<Record<string, unknown>> = { ...cdkJson.context, ...changes };
  return readSettings((name) => context[name]);
}

describe('settings of the CDK app', () => {
  it('are good in cdk.json as it is', () => {
    expect(settingsWith({})).toEqual({
      ok: true,
      value: {
        regions: ['eu-west-1'],
        signingKeySecretName: 'dark-tower/signing-key',
        logLevel: 'info',
        retentionDays: 7,
        access: { issuers: [] },
        throttle: { requestsPerSecond: 500, requestBurst: 1_000 },
      },
    });
  });

  it('take a list of regions as text, as the command line gives it', () => {
    const settings = settingsWith({ 'dark-tower:regions': 'eu-west-1,us-gov-west-1' });
    expect(settings.ok && settings.value.regions).toEqual(['eu-west-1', 'us-gov-west-1']);
  });

  it('GC-13 GC-15 GC-16 take who may use the API and how long records stay, as text or as they are', () => {
    const issuer = {
      issuer: 'https://id.example',
      audience: 'meet',
      jwks_url: 'https://id.example/jwks',
      org: 'acme',
    };
    const expected = {
      retentionDays: 30,
      access: {
        issuers: [issuer],
        clientsSecretName: 'dark-tower/clients',
        humanCheck: 'none',
        writesPerMinute: 0,
      },
    };
    const common = { 'dark-tower:clients-secret': 'dark-tower/clients', 'dark-tower:human-check': 'none' };
    for (const [issuers, retention, writes] of [
      [[issuer], 30, 0],
      [JSON.stringify([issuer]), '30', '0'],
    ]) {
      const settings = settingsWith({
        ...common,
        'dark-tower:issuers': issuers,
        'dark-tower:retention-days': retention,
        'dark-tower:writes-per-minute': writes,
      });
      expect(settings.ok ? settings.value : settings.reason).toMatchObject(expected);
    }
  });

  it('GC-14 take how many requests the API lets through, and who is told of alarms', () => {
    const settings = settingsWith({
      'dark-tower:requests-per-second': '50',
      'dark-tower:request-burst': 100,
      'dark-tower:alarm-topic': 'on-call',
    });
    expect(settings.ok ? settings.value : settings.reason).toMatchObject({
      throttle: { requestsPerSecond: 50, requestBurst: 100 },
      alarmTopicName: 'on-call',
    });
  });

  it.each([
    ['dark-tower:regions', ''],
    ['dark-tower:regions', []],
    ['dark-tower:regions', 'europe'],
    ['dark-tower:regions', 'eu-west-1,eu-west-1'],
    ['dark-tower:regions', undefined],
    ['dark-tower:signing-key-secret', ''],
    ['dark-tower:signing-key-secret', 'a}}{{resolve:x'],
    ['dark-tower:log-level', 'loud'],
    ['dark-tower:issuers', 'https://id.example'],
    ['dark-tower:issuers', [{ issuer: 'i', audience: 'a', jwks_url: 'http://id.example/jwks', org: 'acme' }]],
    ['dark-tower:issuers', [{ issuer: 'i', audience: 'a', jwks_url: 'https://id.example/jwks' }]],
    [
      'dark-tower:issuers',
      [{ issuer: 'i'.repeat(1_536), audience: 'a', jwks_url: 'https://id.example/jwks', org: 'acme' }],
    ],
    ['dark-tower:clients-secret', 'not a name'],
    ['dark-tower:human-check', 'captcha'],
    ['dark-tower:writes-per-minute', '-1'],
    ['dark-tower:retention-days', 0],
    ['dark-tower:requests-per-second', 0],
    ['dark-tower:requests-per-second', 10_001],
    ['dark-tower:request-burst', 'many'],
    ['dark-tower:alarm-topic', 'arn:aws:sns:eu-west-1:1:on-call'],
  ])('name %s when it is %j', (name, value) => {
    const settings = settingsWith({ [name]: value });
    expect(!settings.ok && settings.reason).toContain(`Context of the CDK app is not valid: ${name}`);
  });

  it('carry the feature flags that this version of CDK recommends', () => {
    const recommended: Readonly<Record<string, unknown>> = JSON.parse(
      readFileSync(
        new URL('../../../node_modules/aws-cdk-lib/recommended-feature-flags.json', import.meta.url),
        'utf8',
      ),
    );
    expect(Object.keys(recommended).length).toBeGreaterThan(50);
    expect(cdkJson.context).toMatchObject(recommended);
    expect(cdkJson.app).toBe('node infra/app.ts');
  });
});
