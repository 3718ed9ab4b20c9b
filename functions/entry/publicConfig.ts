import type { JWK } from 'jose';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import { ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { logLevel, readEnvironment, secret } from '../base/environment.ts';

/** Keys that guard what the internet reaches are long enough not to be guessed. */
const MIN_KEY_LENGTH = 32;
/** Set by Lambda itself. */
const AWS_REGION = 'AWS_REGION';

const jwk = z.string().transform((text, context): JWK => {
  try {
    return z.looseObject({ kty: z.literal('OKP'), d: z.string(), kid: z.string() }).parse(JSON.parse(text));
  } catch {
    // Without the cause, which may quote the key.
    context.addIssue({ code: 'custom', message: 'must be a private Ed25519 JWK with a kid, as JSON' });
    return z.NEVER;
  }
});

const schema = z.object({
  [ENV.logLevel]: logLevel,
  [ENV.region]: idSchema,
  [ENV.tableName]: z.string().min(3).max(255),
  [ENV.signingJwk]: jwk,
  [ENV.apiKey]: secret(MIN_KEY_LENGTH),
  [ENV.nodeToken]: secret(MIN_KEY_LENGTH),
  [AWS_REGION]: z.string().min(1),
});

export interface PublicConfig {
  readonly logLevel: LogLevel;
  readonly region: string;
  readonly awsRegion: string;
  readonly tableName: string;
  readonly signingJwk: JWK;
  readonly apiKey: Secret;
  readonly nodeToken: Secret;
}

export function readPublicConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<PublicConfig> {
  const read = readEnvironment(schema, environment);
  if (!read.ok) return read;
  const values = read.value;
  return ok({
    logLevel: values[ENV.logLevel],
    region: values[ENV.region],
    awsRegion: values[AWS_REGION],
    tableName: values[ENV.tableName],
    signingJwk: values[ENV.signingJwk],
    apiKey: values[ENV.apiKey],
    nodeToken: values[ENV.nodeToken],
  });
}
