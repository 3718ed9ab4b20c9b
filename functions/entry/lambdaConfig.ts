// What every function on Lambda is told by its environment.
import type { JWK } from 'jose';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import { logLevel } from '../base/environment.ts';
import { retentionField } from './retentionField.ts';
import { signingJwksField } from './signingJwksField.ts';

/** Set by Lambda itself. */
const AWS_REGION = 'AWS_REGION';

export interface LambdaConfig {
  readonly logLevel: LogLevel;
  readonly region: string;
  readonly awsRegion: string;
  readonly tableName: string;
  /** The first one signs. */
  readonly signingJwks: readonly JWK[];
  readonly retentionMs: number;
}

/** Fields for the schema of a function. */
export const lambdaFields = {
  [ENV.logLevel]: logLevel,
  [ENV.region]: idSchema,
  [ENV.tableName]: z.string().min(3).max(255),
  [ENV.signingJwk]: signingJwksField,
  [ENV.retentionDays]: retentionField,
  [AWS_REGION]: z.string().min(1),
};

export function toLambdaConfig(values: z.output<z.ZodObject<typeof lambdaFields>>): LambdaConfig {
  return {
    logLevel: values[ENV.logLevel],
    region: values[ENV.region],
    awsRegion: values[AWS_REGION],
    tableName: values[ENV.tableName],
    signingJwks: values[ENV.signingJwk],
    retentionMs: values[ENV.retentionDays],
  };
}
