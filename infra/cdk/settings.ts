// Settings of the CDK app, from its context (cdk.json, or -c on the command line, which gives text).
import * as z from 'zod';
import { isLogLevel, type LogLevel } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';

export interface Settings {
  /** AWS regions, each with a control plane of its own. */
  readonly regions: readonly string[];
  /** Secrets Manager secret that holds the signing key, by the same name in each region. */
  readonly signingKeySecretName: string;
  readonly logLevel: LogLevel;
}

/** What context keys start with. */
export const SETTINGS_PREFIX = 'dark-tower:';

const schema = z.object({
  regions: z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be AWS regions, such as eu-west-1'))
      .min(1, 'must be at least one')
      .refine((regions) => new Set(regions).size === regions.length, 'must not repeat'),
  ),
  'signing-key-secret': z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'must be the name of a secret'),
  'log-level': z
    .string()
    .refine(isLogLevel, 'must be debug, info, warn or error')
    .transform((level) => level as LogLevel),
});

/** The settings, or every one that is wrong with what is wrong with it. */
export function readSettings(context: (name: string) => unknown): Result<Settings> {
  const values = Object.keys(schema.shape).map((name) => [name, context(`${SETTINGS_PREFIX}${name}`)]);
  const parsed = schema.safeParse(Object.fromEntries(values));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${SETTINGS_PREFIX}${path.join('.')} ${message}`,
    );
    return err(`Context of the CDK app is not valid: ${problems.join('; ')}`);
  }
  const { regions, 'signing-key-secret': signingKeySecretName, 'log-level': logLevel } = parsed.data;
  return ok({ regions, signingKeySecretName, logLevel });
}
