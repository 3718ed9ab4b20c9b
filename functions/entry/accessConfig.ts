// Who may use the public API, as the environment says it: the same on a machine and on Lambda.
import * as z from 'zod';
import { ALL_SCOPES, TOKEN_LIFETIME_SECONDS } from '../../shared/api/auth.ts';
import { idSchema } from '../../shared/api/fields.ts';
import { ENV } from '../../shared/base/env.ts';
import type { ApiClient } from '../token/ApiClients.ts';
import type { IssuerConfig } from '../token/userAccess.ts';

export type HumanCheckName = 'none' | 'proof-of-work';

export interface AccessConfig {
  readonly issuers: readonly IssuerConfig[];
  readonly clients: readonly ApiClient[];
  readonly humanCheck: HumanCheckName;
  /** Undefined is without a limit. */
  readonly writesPerMinute: number | undefined;
}

const MAX_LIST_LENGTH = 100;

/** Plain HTTP is for an issuer on the same machine. */
const issuerUrl = z
  .string()
  .max(2_048)
  .refine(
    (url) => URL.canParse(url) && /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(url),
    'must be an https:// URL',
  );

const issuerSchema = z
  .strictObject({
    /** `iss` of its tokens. */
    issuer: z.string().min(1).max(2_048),
    audience: z.string().min(1).max(2_048),
    jwks_url: issuerUrl,
    /** Claim that names the organisation. */
    org_claim: z.string().min(1).max(255).optional(),
    /** Organisation of all its tokens, where they do not say. */
    org: idSchema.optional(),
  })
  .refine(
    ({ org, org_claim }) => (org === undefined) !== (org_claim === undefined),
    'must have org or org_claim',
  )
  .transform(
    ({ issuer, audience, jwks_url, org, org_claim }): IssuerConfig => ({
      issuer,
      audience,
      jwksUrl: jwks_url,
      org: org === undefined ? { orgClaim: org_claim ?? '' } : { orgId: org },
    }),
  );

const clientSchema = z
  .strictObject({
    client_id: idSchema,
    secret_sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 hexadecimal digits'),
    org: idSchema,
    scopes: z.array(z.enum(ALL_SCOPES)).min(1),
    token_lifetime_seconds: z
      .int()
      .min(TOKEN_LIFETIME_SECONDS.min)
      .max(TOKEN_LIFETIME_SECONDS.max)
      .default(TOKEN_LIFETIME_SECONDS.default),
  })
  .transform(
    (client): ApiClient => ({
      clientId: client.client_id,
      secretSha256: client.secret_sha256,
      orgId: client.org,
      scopes: client.scopes,
      tokenLifetimeSeconds: client.token_lifetime_seconds,
    }),
  );

/** A list as JSON text. What is wrong is said without the values. */
function jsonList<Item extends z.ZodType>(item: Item, keyOf: (value: z.output<Item>) => string) {
  return z
    .string()
    .transform((text, context): z.output<Item>[] => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
      const parsed = z.array(item).max(MAX_LIST_LENGTH).safeParse(value);
      if (parsed.success && new Set(parsed.data.map(keyOf)).size === parsed.data.length) return parsed.data;
      const [issue] = parsed.error?.issues ?? [];
      const message =
        issue === undefined ? 'must not name one twice' : `${issue.path.join('.')} ${issue.message}`;
      context.addIssue({ code: 'custom', message: message.trim() });
      return z.NEVER;
    })
    .default([]);
}

/** Fields for the schema of a composition root. */
export const accessFields = {
  [ENV.issuers]: jsonList(issuerSchema, ({ issuer }) => issuer),
  [ENV.clients]: jsonList(clientSchema, ({ clientId }) => clientId),
  [ENV.humanCheck]: z.enum(['none', 'proof-of-work'], 'must be none or proof-of-work').optional(),
  [ENV.writesPerMinute]: z
    .string()
    .regex(/^\d{1,7}$/, 'must be a whole number')
    .transform(Number)
    .optional(),
};

/** What is not set is as `defaults` say. */
export function toAccessConfig(
  values: z.output<z.ZodObject<typeof accessFields>>,
  defaults: Pick<AccessConfig, 'humanCheck' | 'writesPerMinute'>,
): AccessConfig {
  const writesPerMinute = values[ENV.writesPerMinute];
  return {
    issuers: values[ENV.issuers],
    clients: values[ENV.clients],
    humanCheck: values[ENV.humanCheck] ?? defaults.humanCheck,
    writesPerMinute: writesPerMinute === undefined ? defaults.writesPerMinute : writesPerMinute || undefined,
  };
}
