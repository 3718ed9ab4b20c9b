// Scopes of the public API, and the bodies with which clients get and revoke tokens (ledger GC-15).
import * as z from 'zod';
import { idSchema, timestampSchema } from './fields.ts';

/** What a token may be used for (RFC 6749, 3.3). */
export const SCOPES = {
  'meetings:read': 'Look meetings, their participants and their events up',
  'meetings:write': 'Create, change and end meetings, and remove participants',
  'meetings:join': 'Join meetings',
  'meetings:host': 'Be a host of meetings that somebody else made',
  'nodes:read': 'See the media nodes',
  'nodes:write': 'Drain media nodes',
  'tokens:write': 'Revoke tokens of the organisation',
} as const;
export type Scope = keyof typeof SCOPES;
export const ALL_SCOPES = Object.keys(SCOPES) as [Scope, ...Scope[]];

/** Audience of the tokens that the built-in issuer makes. */
export const API_AUDIENCE = 'dark-tower-api';

/** Longest token that is looked at, characters; those of large identity providers take about 2,000. */
export const MAX_TOKEN_CHARACTERS = 8_192;

export const TOKEN_LIFETIME_SECONDS = { min: 900, max: 3_600, default: 900 } as const;

/** Fields of the form (RFC 6749, 4.4.2); the credentials may be in the Authorization header instead. */
export const tokenRequestSchema = z
  .object({
    grant_type: z.literal('client_credentials'),
    scope: z
      .string()
      .max(1_024)
      .optional()
      .meta({ description: 'Scopes separated by spaces; all that the client may have when absent.' }),
    client_id: idSchema.optional(),
    client_secret: z.string().max(256).optional(),
  })
  .meta({
    id: 'TokenRequest',
    example: {
      grant_type: 'client_credentials',
      client_id: 'backend',
      client_secret: 'pW3vU6oQyKbJ2cR8nT5xZ1mD7sH4gL9f',
      scope: 'meetings:read meetings:write',
    },
  });

export const tokenAnswerSchema = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds until the token expires.' }),
    scope: z.string().meta({ description: 'Scopes of the token, separated by spaces.' }),
  })
  .meta({
    id: 'TokenAnswer',
    example: {
      access_token: 'eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJpc3MiOiJkYXJrLXRvd2VyIn0.c2lnbmF0dXJl',
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'meetings:read meetings:write',
    },
  });
export type TokenAnswerBody = z.infer<typeof tokenAnswerSchema>;

/** Which tokens of the caller's organisation are no longer good. */
export const revocationSchema = z
  .union([
    z.strictObject({
      jti: z.string().min(1).max(255).meta({ description: 'Id (`jti`) of one token.' }),
    }),
    z.strictObject({
      subject: z
        .string()
        .min(1)
        .max(255)
        .meta({ description: 'Everything issued to this `sub` until now; later tokens are good.' }),
    }),
  ])
  .meta({ id: 'Revocation', example: { subject: 'backend' } });
export type Revocation = z.infer<typeof revocationSchema>;

export const revocationAnswerSchema = z
  .object({ revoked_at: timestampSchema })
  .meta({ id: 'RevocationAnswer', example: { revoked_at: '2026-11-21T10:00:00.000Z' } });

export function isScope(value: string): value is Scope {
  return Object.hasOwn(SCOPES, value);
}
