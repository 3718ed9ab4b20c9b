import * as z from 'zod';
import { ENV } from '../../shared/base/env.ts';
import { ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { readEnvironment, secret } from '../base/environment.ts';
import { type AccessConfig, accessFields, toAccessConfig } from './accessConfig.ts';
import { type LambdaConfig, lambdaFields, toLambdaConfig } from './lambdaConfig.ts';

/** Keys that guard what the internet reaches are long enough not to be guessed. */
const MIN_KEY_LENGTH = 32;
/** Twenty a second: a service that creates and joins meetings for its users stays below, a loop does not. */
const DEFAULTS = { humanCheck: 'proof-of-work', writesPerMinute: 1_200 } as const;

const schema = z.object({
  ...lambdaFields,
  [ENV.apiKey]: secret(MIN_KEY_LENGTH),
  [ENV.nodeToken]: secret(MIN_KEY_LENGTH),
  ...accessFields,
});

export interface PublicConfig extends LambdaConfig {
  readonly apiKey: Secret;
  readonly nodeToken: Secret;
  readonly access: AccessConfig;
}

export function readPublicConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<PublicConfig> {
  const read = readEnvironment(schema, environment);
  if (!read.ok) return read;
  return ok({
    ...toLambdaConfig(read.value),
    apiKey: read.value[ENV.apiKey],
    nodeToken: read.value[ENV.nodeToken],
    access: toAccessConfig(read.value, DEFAULTS),
  });
}
