import { describe, expect, it } from 'vitest';
import { readPublicConfig } from '../../../../functions/entry/publicConfig.ts';
import { readSweepConfig } from '../../../../functions/entry/sweepConfig.ts';
import { readLocalConfig } from '../../../../functions/local/localConfig.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';

const KEY = 'k'.repeat(32);

async function publicEnvironment(): Promise<Record<string, string>> {
  return {
    AWS_REGION: 'eu-west-1',
    DARK_TOWER_REGION: 'eu-west-1',
    DARK_TOWER_TABLE: 'dark-tower',
    DARK_TOWER_SIGNING_JWK: JSON.stringify(await generateSigningJwk()),
    DARK_TOWER_API_KEY: KEY,
    DARK_TOWER_NODE_TOKEN: KEY,
  };
}

describe('configuration of the local global controller', () => {
  it('has defaults for all but the token of the nodes', () => {
    const read = readLocalConfig({ DARK_TOWER_NODE_TOKEN: KEY });
    expect(read.ok && read.value).toMatchObject({
      logLevel: 'info',
      region: 'local',
      host: '127.0.0.1',
      port: 0,
      dataDirectory: undefined,
      pageDirectory: undefined,
    });
  });

  it('GC-10 keeps the token where it does not print', () => {
    const read = readLocalConfig({ DARK_TOWER_NODE_TOKEN: KEY });
    expect(JSON.stringify(read)).not.toContain(KEY);
  });

  it('names every variable that is wrong, and repeats no value', () => {
    const read = readLocalConfig({
      DARK_TOWER_NODE_TOKEN: 'short-secret',
      DARK_TOWER_HTTP_PORT: '65536',
      DARK_TOWER_LOG_LEVEL: 'loud',
      DARK_TOWER_DATA_DIRECTORY: '',
    });
    if (read.ok) throw new Error('Accepted');
    expect(read.reason).toContain('DARK_TOWER_NODE_TOKEN must have at least 16 characters');
    expect(read.reason).toContain('DARK_TOWER_HTTP_PORT must be a whole number from 0 to 65535');
    expect(read.reason).toContain('DARK_TOWER_LOG_LEVEL must be debug, info, warn or error');
    expect(read.reason).toContain('DARK_TOWER_DATA_DIRECTORY must not be empty');
    expect(read.reason).not.toContain('short-secret');
  });

  it('says what is not set', () => {
    expect(readLocalConfig({})).toEqual({
      ok: false,
      reason: 'Configuration is not valid: DARK_TOWER_NODE_TOKEN is not set',
    });
  });
});

describe('configuration on Lambda', () => {
  it('reads what the stack sets', async () => {
    const read = readPublicConfig(await publicEnvironment());
    expect(read.ok && read.value).toMatchObject({ tableName: 'dark-tower', awsRegion: 'eu-west-1' });
  });

  it.each(['DARK_TOWER_API_KEY', 'DARK_TOWER_NODE_TOKEN', 'DARK_TOWER_SIGNING_JWK', 'DARK_TOWER_TABLE'])(
    'GC-15 is refused without %s',
    async (name) => {
      const { [name]: _left, ...environment } = await publicEnvironment();
      expect(readPublicConfig(environment)).toEqual({
        ok: false,
        reason: `Configuration is not valid: ${name} is not set`,
      });
    },
  );

  it('GC-15 is refused with a key that can be guessed', async () => {
    const read = readPublicConfig({ ...(await publicEnvironment()), DARK_TOWER_API_KEY: 'guess' });
    expect(read).toMatchObject({ reason: expect.stringContaining('at least 32 characters') });
  });

  it.each(['{', '{}', 'null', '{"kty":"OKP","kid":"1","x":"public-only"}'])(
    'GC-15 is refused with a signing key that is none, which is not repeated: %s',
    async (jwk) => {
      const read = readPublicConfig({ ...(await publicEnvironment()), DARK_TOWER_SIGNING_JWK: jwk });
      expect(read).toEqual({
        ok: false,
        reason:
          'Configuration is not valid: DARK_TOWER_SIGNING_JWK must be a private Ed25519 JWK with a kid, or a set of them, as JSON',
      });
    },
  );
});

describe('configuration of the sweep', () => {
  it('takes the table, the region and the key that signs, and says what is not set', async () => {
    const {
      DARK_TOWER_API_KEY: _key,
      DARK_TOWER_NODE_TOKEN: _token,
      ...environment
    } = await publicEnvironment();
    const read = readSweepConfig(environment);
    expect(read.ok && read.value).toMatchObject({ region: 'eu-west-1', tableName: 'dark-tower' });
    expect(read.ok && read.value.signingJwks).toHaveLength(1);
    const { DARK_TOWER_TABLE: _table, ...without } = environment;
    expect(readSweepConfig(without)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('DARK_TOWER_TABLE is not set'),
    });
  });
});

describe('who may use the API', () => {
  const client = {
    client_id: 'backend',
    secret_sha256: 'a'.repeat(64),
    org: 'acme',
    scopes: ['meetings:write'],
  };
  const issuer = {
    issuer: 'https://issuer.example/',
    audience: 'dark-tower',
    jwks_url: 'https://issuer.example/keys',
    org_claim: 'org_id',
  };
  const local = (environment: Record<string, string>) =>
    readLocalConfig({ DARK_TOWER_NODE_TOKEN: KEY, ...environment });

  it('GC-15 is everyone on a machine unless it asks for tokens, and nobody without one on Lambda', async () => {
    const open = { requiresTokens: false, access: { issuers: [], clients: [], humanCheck: 'none' } };
    expect(local({})).toMatchObject({ value: open });
    expect(local({ DARK_TOWER_ACCESS: 'tokens' })).toMatchObject({ value: { requiresTokens: true } });
    expect(local({ DARK_TOWER_ACCESS: 'nobody' })).toMatchObject({ ok: false });
    const read = readPublicConfig({ ...(await publicEnvironment()), DARK_TOWER_ACCESS: 'open' });
    expect(read.ok && read.value.access).toEqual({
      issuers: [],
      clients: [],
      humanCheck: 'proof-of-work',
      writesPerMinute: 1_200,
    });
  });

  it('GC-15 is as the lists of issuers and clients say', () => {
    const read = local({
      DARK_TOWER_ISSUERS: JSON.stringify([issuer]),
      DARK_TOWER_CLIENTS: JSON.stringify([client]),
      DARK_TOWER_WRITES_PER_MINUTE: '60',
      DARK_TOWER_HUMAN_CHECK: 'proof-of-work',
    });
    expect(read.ok && read.value.access).toEqual({
      issuers: [
        {
          issuer: issuer.issuer,
          audience: issuer.audience,
          jwksUrl: issuer.jwks_url,
          org: { orgClaim: 'org_id' },
          scopes: ['meetings:read', 'meetings:write', 'meetings:join', 'meetings:host', 'tokens:write'],
        },
      ],
      clients: [
        {
          clientId: 'backend',
          secretSha256: client.secret_sha256,
          orgId: 'acme',
          scopes: ['meetings:write'],
          tokenLifetimeSeconds: 900,
        },
      ],
      humanCheck: 'proof-of-work',
      writesPerMinute: 60,
    });
  });

  it('GC-15 lets an issuer give what its settings list, the scopes of nodes only then', () => {
    const scopes = ['nodes:read', 'nodes:write'];
    const read = local({ DARK_TOWER_ISSUERS: JSON.stringify([{ ...issuer, scopes }]) });
    expect(read.ok && read.value.access.issuers).toMatchObject([{ scopes }]);
  });

  it.each([
    ['DARK_TOWER_ISSUERS', '{', 'must be JSON'],
    ['DARK_TOWER_ISSUERS', JSON.stringify([{ ...issuer, scopes: ['everything'] }]), '0.scopes.0'],
    [
      'DARK_TOWER_ISSUERS',
      JSON.stringify([{ ...issuer, jwks_url: 'http://issuer.example' }]),
      'must be an https:// URL',
    ],
    ['DARK_TOWER_ISSUERS', JSON.stringify([{ ...issuer, org: 'acme' }]), 'must have org or org_claim'],
    ['DARK_TOWER_ISSUERS', JSON.stringify([issuer, issuer]), 'must not name one twice'],
    ['DARK_TOWER_CLIENTS', JSON.stringify([{ ...client, secret_sha256: 'hunter2' }]), 'must be a SHA-256'],
    ['DARK_TOWER_CLIENTS', JSON.stringify([{ ...client, scopes: ['everything'] }]), '0.scopes.0'],
    [
      'DARK_TOWER_CLIENTS',
      JSON.stringify([{ ...client, token_lifetime_seconds: 60 }]),
      'token_lifetime_seconds',
    ],
    ['DARK_TOWER_WRITES_PER_MINUTE', '-1', 'must be a whole number'],
    ['DARK_TOWER_HUMAN_CHECK', 'captcha', 'must be none or proof-of-work'],
  ])('GC-15 is refused where %s is %s', (name, value, reason) => {
    const read = local({ [name]: value });
    if (read.ok) throw new Error('Accepted');
    expect(read.reason).toContain(name);
    expect(read.reason).toContain(reason);
    expect(read.reason).not.toContain('hunter2');
  });
});

describe('how long records of ended meetings stay', () => {
  it('GC-13 is 7 days, or as many as are said', async () => {
    const environment = await publicEnvironment();
    const day = 24 * 3_600_000;
    for (const read of [readPublicConfig, readSweepConfig, readLocalConfig]) {
      const usual = read(environment);
      expect(usual.ok && usual.value.retentionMs).toBe(7 * day);
      const longer = read({ ...environment, DARK_TOWER_RETENTION_DAYS: '365' });
      expect(longer.ok && longer.value.retentionMs).toBe(365 * day);
    }
  });

  it.each(['0', '366', 'week', '1.5', ''])('GC-13 is not "%s"', async (days) => {
    const read = readSweepConfig({ ...(await publicEnvironment()), DARK_TOWER_RETENTION_DAYS: days });
    expect(!read.ok && read.reason).toContain(
      'DARK_TOWER_RETENTION_DAYS must be a whole number of days from 1 to 365',
    );
  });
});
