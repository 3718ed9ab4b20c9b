import * as z from 'zod';
import { ok, type Result } from '../../shared/base/result.ts';
import { readEnvironment } from '../base/environment.ts';
import { type LambdaConfig, lambdaFields, toLambdaConfig } from './lambdaConfig.ts';

const schema = z.object(lambdaFields);

/** The keys sign calls to controllers: they are told of the meetings that the sweep ends. */
export function readSweepConfig(
  environment: Readonly<Record<string, string | undefined>>,
): Result<LambdaConfig> {
  const read = readEnvironment(schema, environment);
  return read.ok ? ok(toLambdaConfig(read.value)) : read;
}
