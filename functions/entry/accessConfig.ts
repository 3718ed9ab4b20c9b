// Who may use the public API, as the environment says it: the same on a machine and on Lambda.
import * as z from 'zod';
import {
  type ClientSettings,
  clientsSchema,
  DEFAULT_ISSUER_SCOPES,
  HUMAN_CHECKS,
  type HumanCheckName,
  type IssuerSettings,
  issuersSchema,
} from '../../shared/api/accessSettings.ts';
import { ENV } from '../../shared/base/env.ts';
import type { ApiClient } from '../token/ApiClients.ts';
import type { IssuerConfig } from '../token/userAccess.ts';

export interface AccessConfig {
  readonly issuers: readonly IssuerConfig[];
  readonly clients: readonly ApiClient[];
  readonly humanCheck: HumanCheckName;
  /** Undefined is without a limit. */
  readonly writesPerMinute: number | undefined;
}

/** A list as JSON text. What is wrong is said without the values. */
function jsonList<Item>(list: z.ZodType<Item[]>) {
  return z
    .string()
    .transform((text, context): Item[] => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
        return z.NEVER;
      }
      const parsed = list.safeParse(value);
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      context.addIssue({
        code: 'custom',
        message: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
      });
      return z.NEVER;
    })
    .default([]);
}

/** Fields for the schema of a composition root. */
export const accessFields = {
  [ENV.issuers]: jsonList(issuersSchema),
  [ENV.clients]: jsonList(clientsSchema),
  [ENV.humanCheck]: z.enum(HUMAN_CHECKS, `must be ${HUMAN_CHECKS.join(' or ')}`).optional(),
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
    issuers: values[ENV.issuers].map(toIssuer),
    clients: values[ENV.clients].map(toClient),
    humanCheck: values[ENV.humanCheck] ?? defaults.humanCheck,
    writesPerMinute: writesPerMinute === undefined ? defaults.writesPerMinute : writesPerMinute || undefined,
  };
}

function toIssuer({ issuer, audience, jwks_url, org, org_claim, scopes }: IssuerSettings): IssuerConfig {
  return {
    issuer,
    audience,
    jwksUrl: jwks_url,
    org: org === undefined ? { orgClaim: org_claim ?? '' } : { orgId: org },
    scopes: scopes ?? DEFAULT_ISSUER_SCOPES,
  };
}

function toClient(client: ClientSettings): ApiClient {
  return {
    clientId: client.client_id,
    secretSha256: client.secret_sha256,
    orgId: client.org,
    scopes: client.scopes,
    tokenLifetimeSeconds: client.token_lifetime_seconds,
  };
}
