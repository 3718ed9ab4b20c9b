import { resolve } from 'node:path';
import * as z from 'zod';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { LogLevel } from '../../shared/base/log.ts';
import { ok, type Result } from '../../shared/base/result.ts';
import type { Secret } from '../../shared/base/secret.ts';
import { logLevel, port, readEnvironment, secret } from '../base/environment.ts';
import { type AccessConfig, accessFields, toAccessConfig } from '../entry/accessConfig.ts';
import { retentionField } from '../entry/retentionField.ts';

const MIN_TOKEN_LENGTH = 16;

const directory = z
  .string()
  .min(1, 'must not be empty')
  .transform((path) => resolve(path));

const schema = z.object({
  [ENV.logLevel]: logLevel,
  [ENV.region]: idSchema.default('local'),
  [ENV.nodeToken]: secret(MIN_TOKEN_LENGTH),
  [ENV.tableName]: z.string().min(3).max(255).default('dark-tower'),
  [ENV.httpHost]: z.string().min(1, 'must not be empty').default('127.0.0.1'),
  [ENV.httpPort]: port.default(0),
  [ENV.dataDirectory]: directory.optional(),
  [ENV.pageDirectory]: directory.optional(),
  [ENV.access]: z.enum(['open', 'tokens'], 'must be open or tokens').default('open'),
  [ENV.retentionDays]: retentionField,
  ...accessFields,
});

export interface LocalConfig {
  readonly logLevel: LogLevel;
  readonly region: string;
  /** What media nodes show; at least 16 characters. */
  readonly nodeToken: Secret;
  readonly tableName: string;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Absolute path; undefined keeps all state in memory. */
  readonly dataDirectory: string | undefined;
  /** Absolute path; undefined serves the API alone. */
  readonly pageDirectory: string | undefined;
  /** Whether those who show no token are turned away; they are let in otherwise. */
  readonly requiresTokens: boolean;
  readonly access: AccessConfig;
  /** How long ended meetings are kept. */
  readonly retentionMs: number;
}

export function readLocalConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<LocalConfig> {
  const read = readEnvironment(schema, environment);
  if (!read.ok) return read;
  const values = read.value;
  return ok({
    logLevel: values[ENV.logLevel],
    region: values[ENV.region],
    nodeToken: values[ENV.nodeToken],
    tableName: values[ENV.tableName],
    host: values[ENV.httpHost],
    port: values[ENV.httpPort],
    dataDirectory: values[ENV.dataDirectory],
    pageDirectory: values[ENV.pageDirectory],
    requiresTokens: values[ENV.access] === 'tokens',
    retentionMs: values[ENV.retentionDays],
    access: toAccessConfig(values, { humanCheck: 'none', writesPerMinute: undefined }),
  });
}
