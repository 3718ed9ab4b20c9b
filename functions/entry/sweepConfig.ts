import type { JWK } from 'jose';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import { ok, type Result } from '../../shared/base/result.ts';
import { logLevel, readEnvironment } from '../base/environment.ts';
import { signingJwksField } from './signingJwksField.ts';

/** Set by Lambda itself. */
const AWS_REGION = 'AWS_REGION';

const schema = z.object({
  [ENV.logLevel]: logLevel,
  [ENV.region]: idSchema,
  [ENV.tableName]: z.string().min(3).max(255),
  [ENV.signingJwk]: signingJwksField,
  [AWS_REGION]: z.string().min(1),
});

export interface SweepConfig {
  readonly logLevel: LogLevel;
  readonly region: string;
  readonly awsRegion: string;
  readonly tableName: string;
  /** The first one signs: the sweep tells controllers of the meetings that it ends. */
  readonly signingJwks: readonly JWK[];
}

export function readSweepConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<SweepConfig> {
  const read = readEnvironment(schema, environment);
  if (!read.ok) return read;
  const values = read.value;
  return ok({
    logLevel: values[ENV.logLevel],
    region: values[ENV.region],
    awsRegion: values[AWS_REGION],
    tableName: values[ENV.tableName],
    signingJwks: values[ENV.signingJwk],
  });
}
