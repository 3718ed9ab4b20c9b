// Who may use the public API (ledger GC-15, GC-16), as an operator writes it: in the environment of a global controller on
// one machine, in the context of the CDK app for one on AWS.
import * as z from 'zod';
import { ALL_SCOPES, type Scope, TOKEN_LIFETIME_SECONDS } from './auth.ts';
import { idSchema } from './fields.ts';

const MAX_LIST_LENGTH = 100;

/** What guests have to show. */
export const HUMAN_CHECKS = ['none', 'proof-of-work'] as const;
export type HumanCheckName = (typeof HUMAN_CHECKS)[number];

/** Requests that change something, per client and minute; 0 is without a limit. */
export const MAX_WRITES_PER_MINUTE = 9_999_999;
/** How long records of meetings that have ended stay, days (ledger GC-13). */
export const RETENTION_DAYS = { min: 1, default: 7, max: 365 } as const;

/** Plain HTTP is for an issuer on the same machine. */
const jwksUrlSchema = z
  .string()
  .max(2_048)
  .refine(
    (url) => URL.canParse(url) && /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])[:/])/.test(url),
    'must be an https:// URL',
  );

/** Scopes of what belongs to no organisation: nodes serve all of them. */
const FLEET_SCOPES: ReadonlySet<Scope> = new Set(['nodes:read', 'nodes:write']);
/** What tokens of an issuer may be for unless its settings list more or less: all that stays within an organisation. */
export const DEFAULT_ISSUER_SCOPES = ALL_SCOPES.filter((scope) => !FLEET_SCOPES.has(scope));

/** An OIDC issuer whose tokens are trusted. */
const issuerSchema = z
  .strictObject({
    /** `iss` of its tokens. */
    issuer: z.string().min(1).max(2_048),
    audience: z.string().min(1).max(2_048),
    jwks_url: jwksUrlSchema,
    /** Claim that names the organisation. */
    org_claim: z.string().min(1).max(255).optional(),
    /** Organisation of all its tokens, where they do not say. */
    org: idSchema.optional(),
    /**
     * Scopes that its tokens may have; others in a token count for nothing. DEFAULT_ISSUER_SCOPES when absent, without
     * `nodes:*`: list those only for the issuer of whoever operates the nodes, since they reach the nodes of everybody.
     */
    scopes: z.array(z.enum(ALL_SCOPES)).min(1).optional(),
  })
  .refine(
    ({ org, org_claim }) => (org === undefined) !== (org_claim === undefined),
    'must have org or org_claim',
  );
export type IssuerSettings = z.output<typeof issuerSchema>;

/** A machine client of the built-in issuer. */
const clientSchema = z.strictObject({
  client_id: idSchema,
  secret_sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 as 64 hexadecimal digits'),
  org: idSchema,
  scopes: z.array(z.enum(ALL_SCOPES)).min(1),
  token_lifetime_seconds: z
    .int()
    .min(TOKEN_LIFETIME_SECONDS.min)
    .max(TOKEN_LIFETIME_SECONDS.max)
    .default(TOKEN_LIFETIME_SECONDS.default),
});
export type ClientSettings = z.output<typeof clientSchema>;

export const issuersSchema = listOf(issuerSchema, ({ issuer }) => issuer);
export const clientsSchema = listOf(clientSchema, ({ client_id }) => client_id);

function listOf<Item extends z.ZodType>(item: Item, keyOf: (value: z.output<Item>) => string) {
  return z
    .array(item)
    .max(MAX_LIST_LENGTH)
    .refine((values) => new Set(values.map(keyOf)).size === values.length, 'must not name one twice');
}
