// Pieces of the schemas with which the composition roots read the environment.
import * as z from 'zod';
import { isLogLevel, type LogLevel } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import { Secret } from '../../shared/base/secret.ts';

export const logLevel = z
  .string()
  .refine(isLogLevel, 'must be debug, info, warn or error')
  .transform((level) => level as LogLevel)
  .default('info');

export const secret = (minLength: number) =>
  z
    .string()
    .min(minLength, `must have at least ${minLength} characters`)
    .transform((value) => new Secret(value));

export const port = z
  .string()
  .refine(
    (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65_535,
    'must be a whole number from 0 to 65535',
  )
  .transform(Number);

/** The configuration, or every variable that is wrong with what is wrong with it; values are not repeated. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>>,
): Result<z.output<Schema>> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return ok(parsed.data);
  const problems = parsed.error.issues.map((issue) => {
    const name = issue.path.join('.');
    return `${name} ${environment[name] === undefined ? 'is not set' : issue.message}`;
  });
  return err(`Configuration is not valid: ${problems.join('; ')}`);
}
