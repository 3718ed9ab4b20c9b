import { describe, expect, it } from 'vitest';
import { readPublicConfig } from '../../../../functions/entry/publicConfig.ts';
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
