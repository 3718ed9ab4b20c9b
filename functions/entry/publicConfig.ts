import type { JWK } from 'jose';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import { ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { logLevel, readEnvironment, secret } from '../base/environment.ts';
import { type AccessConfig, accessFields, toAccessConfig } from './accessConfig.ts';
import { signingJwksField } from './signingJwksField.ts';

/** Keys that guard what the internet reaches are long enough not to be guessed. */
const MIN_KEY_LENGTH = 32;
/** Twenty a second: a service that creates and joins meetings for its users stays below, a loop does not. */
const DEFAULTS = { humanCheck: 'proof-of-work', writesPerMinute: 1_200 } as const;
/** Set by Lambda itself. */
const AWS_REGION = 'AWS_REGION';

const schema = z.object({
  [ENV.logLevel]: logLevel,
  [ENV.region]: idSchema,
  [ENV.tableName]: z.string().min(3).max(255),
  [ENV.signingJwk]: signingJwksField,
  [ENV.apiKey]: secret(MIN_KEY_LENGTH),
  [ENV.nodeToken]: secret(MIN_KEY_LENGTH),
  [AWS_REGION]: z.string().min(1),
  ...accessFields,
});

export interface PublicConfig {
  readonly logLevel: LogLevel;
  readonly region: string;
  readonly awsRegion: string;
  readonly tableName: string;
  /** The first one signs. */
  readonly signingJwks: readonly JWK[];
  readonly apiKey: Secret;
  readonly nodeToken: Secret;
  readonly access: AccessConfig;
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
    signingJwks: values[ENV.signingJwk],
    apiKey: values[ENV.apiKey],
    nodeToken: values[ENV.nodeToken],
    access: toAccessConfig(values, DEFAULTS),
  });
}
