// Settings of the CDK app, from its context (cdk.json, or -c on the command line, which gives text).
import * as z from 'zod';
import {
  HUMAN_CHECKS,
  issuersSchema,
  MAX_WRITES_PER_MINUTE,
  RETENTION_DAYS,
} from '../../shared/api/accessSettings.ts';
import { isLogLevel, type LogLevel } from '../../shared/base/log.ts';
import { err, ok, type Result } from '../../shared/base/result.ts';
import type { ThrottleSettings } from './constructs/ApiStage.ts';
import type { AccessSettings } from './constructs/PublicApi.ts';

export interface Settings {
  /** AWS regions, each with a control plane of its own. */
  readonly regions: readonly string[];
  /** Secrets Manager secret that holds the signing key, by the same name in each region. */
  readonly signingKeySecretName: string;
  readonly logLevel: LogLevel;
  readonly retentionDays: number;
  readonly access: AccessSettings;
  readonly throttle: ThrottleSettings;
  /** SNS topic that is told of alarms, by the same name in each region; nobody is when it is absent. */
  readonly alarmTopicName?: string | undefined;
}

/** What context keys start with. */
export const SETTINGS_PREFIX = 'dark-tower:';

/** All variables of a function have 4 KB (Lambda's quota): this leaves room for two signing keys and eight clients. */
const MAX_ISSUERS_LENGTH = 1_536;

/** What an account may have in a region unless AWS raises it (API Gateway's quota): more would have no effect. */
const MAX_REQUESTS_PER_SECOND = 10_000;
const MAX_REQUEST_BURST = 5_000;
/** Each node reports every ten seconds: a fleet of a thousand leaves four fifths of it to those who meet. */
const DEFAULT_REQUESTS_PER_SECOND = 500;
const DEFAULT_REQUEST_BURST = 1_000;

const secretName = z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/, 'must be the name of a secret');

const wholeNumber = (min: number, max: number) => {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value),
    z.int(rule).min(min, rule).max(max, rule),
  );
};

const schema = z.object({
  regions: z.preprocess(
    (value) => (typeof value === 'string' ? value.split(',') : value),
    z
      .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be AWS regions, such as eu-west-1'))
      .min(1, 'must be at least one')
      .refine((regions) => new Set(regions).size === regions.length, 'must not repeat'),
  ),
  'signing-key-secret': secretName,
  'log-level': z
    .string()
    .refine(isLogLevel, 'must be debug, info, warn or error')
    .transform((level) => level as LogLevel),
  'retention-days': wholeNumber(RETENTION_DAYS.min, RETENTION_DAYS.max).default(RETENTION_DAYS.default),
  /** A list as the global controller takes it (shared/api/accessSettings.ts), or its JSON text. */
  issuers: z
    .preprocess(
      parseText,
      issuersSchema.refine(
        (issuers) => JSON.stringify(issuers).length <= MAX_ISSUERS_LENGTH,
        `must have at most ${MAX_ISSUERS_LENGTH} characters as JSON`,
      ),
    )
    .default([]),
  'clients-secret': secretName.optional(),
  'human-check': z.enum(HUMAN_CHECKS, `must be ${HUMAN_CHECKS.join(' or ')}`).optional(),
  'writes-per-minute': wholeNumber(0, MAX_WRITES_PER_MINUTE).optional(),
  'requests-per-second': wholeNumber(1, MAX_REQUESTS_PER_SECOND).default(DEFAULT_REQUESTS_PER_SECOND),
  'request-burst': wholeNumber(1, MAX_REQUEST_BURST).default(DEFAULT_REQUEST_BURST),
  'alarm-topic': z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,256}$/, 'must be the name of an SNS topic')
    .optional(),
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
  const { data } = parsed;
  return ok({
    regions: data.regions,
    signingKeySecretName: data['signing-key-secret'],
    logLevel: data['log-level'],
    retentionDays: data['retention-days'],
    access: {
      issuers: data.issuers,
      clientsSecretName: data['clients-secret'],
      humanCheck: data['human-check'],
      writesPerMinute: data['writes-per-minute'],
    },
    throttle: {
      requestsPerSecond: data['requests-per-second'],
      requestBurst: data['request-burst'],
    },
    alarmTopicName: data['alarm-topic'],
  });
}

/** What does not parse is left to the schema, which wants a list. */
function parseText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
