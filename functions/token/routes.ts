// REST routes of tokens (ledger GC-15): the built-in issuer, and revocation.
import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import {
  revocationAnswerSchema,
  revocationSchema,
  type TokenAnswerBody,
  tokenAnswerSchema,
  tokenRequestSchema,
} from '../../shared/api/auth.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { Clock, EpochMs } from '../../shared/base/clock.ts';
import { CLOCK_SKEW_SECONDS } from '../../shared/token/joinToken.ts';
import { TOKEN_ISSUER } from '../../shared/token/signingKey.ts';
import { FORM } from '../base/contentType.ts';
import { principalOf } from '../http/Access.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import type { RateLimit } from '../http/rateLimit.ts';
import { BODY_ERRORS, errorResponses, jsonContent, WRITE_ERRORS } from '../http/responses.ts';
import { withScope } from '../http/security.ts';
import type { ApiClients } from './ApiClients.ts';
import { signAccessToken } from './builtInIssuer.ts';
import type { Denylist } from './Denylist.ts';
import type { SigningKeys } from './SigningKeys.ts';
import { MAX_TOKEN_LIFETIME_SECONDS } from './tokenAccess.ts';
import { readTokenRequest } from './tokenRequest.ts';

const issueToken = createRoute({
  tags: ['Tokens'],
  security: [{ clientBasic: [] }, {}],
  method: 'post',
  path: gcPaths.authToken,
  operationId: 'issueToken',
  summary: 'Get a token for a machine',
  description:
    'OAuth 2.0 client credentials (RFC 6749, 4.4). The id and secret are in the Authorization header (Basic) or in the form. `details.error` of a failure has the code of RFC 6749, 5.2.',
  request: { body: { required: true, content: { [FORM]: { schema: tokenRequestSchema } } } },
  responses: {
    200: jsonContent('A token', tokenAnswerSchema),
    ...errorResponses(...BODY_ERRORS, ...WRITE_ERRORS),
  },
});

const revokeTokens = createRoute({
  ...withScope('tokens:write'),
  tags: ['Tokens'],
  method: 'post',
  path: gcPaths.revocations,
  operationId: 'revokeTokens',
  summary: 'Revoke tokens of the organisation',
  description:
    'One token by its id, or all that were issued to a subject until now. Counts everywhere within 5 s.',
  request: { body: { required: true, ...jsonContent('Which tokens', revocationSchema) } },
  responses: {
    200: jsonContent('They are revoked', revocationAnswerSchema),
    ...errorResponses(403, ...BODY_ERRORS, ...WRITE_ERRORS),
  },
});

export interface TokenRoutesOptions {
  readonly clients: ApiClients;
  readonly denylist: Denylist;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
  readonly rateLimit: RateLimit;
}

export function addTokenRoutes(app: OpenAPIHono<AppEnv>, options: TokenRoutesOptions): void {
  const { clients, denylist, signingKeys, clock, rateLimit } = options;

  app.openAPIRegistry.registerPath(issueToken);
  app.post(issueToken.path, async (context) => {
    const { client, scopes } = await readTokenRequest(context, clients);
    await rateLimit.count(
      context,
      client.orgId,
      principalOf({ issuer: TOKEN_ISSUER, subject: client.clientId }),
    );
    const answer: TokenAnswerBody = {
      access_token: await signAccessToken(signingKeys, {
        orgId: client.orgId,
        subject: client.clientId,
        scopes,
        issuedAtSeconds: Math.floor(clock.epochMs() / 1_000),
        lifetimeSeconds: client.tokenLifetimeSeconds,
      }),
      token_type: 'Bearer',
      expires_in: client.tokenLifetimeSeconds,
      scope: scopes.join(' '),
    };
    context.get('log').info('Token issued', { client_id: client.clientId, org_id: client.orgId });
    return context.json(answer, 200);
  });

  app.openapi(revokeTokens, async (context) => {
    const { orgId } = context.get('caller');
    const revocation = context.req.valid('json');
    const nowMs = clock.epochMs();
    // No token lives longer: after this the denial has nothing left to deny.
    const keptMs = (MAX_TOKEN_LIFETIME_SECONDS + 2 * CLOCK_SKEW_SECONDS) * 1_000;
    const expiresAtMs = (nowMs + keptMs) as EpochMs;
    if ('jti' in revocation) await denylist.denyToken(orgId, revocation.jti, expiresAtMs);
    else await denylist.denySubject(orgId, revocation.subject, Math.floor(nowMs / 1_000), expiresAtMs);
    context.get('log').info('Tokens revoked', { org_id: orgId, ...revocation });
    return context.json({ revoked_at: new Date(nowMs).toISOString() }, 200);
  });
}
