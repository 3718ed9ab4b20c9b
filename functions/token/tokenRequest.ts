// The token request of OAuth 2.0 client credentials (RFC 6749, 4.4): a form, with the credentials in it or in the
// Authorization header, and the failures of RFC 6749 (5.2) in our shape, with their own code in `details.error`.
import type { Context } from 'hono';
import { isScope, type Scope } from '../../shared/api/auth.ts';
import { ApiError } from '../../shared/api/error.ts';
import { FORM } from '../base/contentType.ts';
import type { AppEnv } from '../http/AppEnv.ts';
import type { ApiClient, ApiClients } from './ApiClients.ts';

export interface TokenGrant {
  readonly client: ApiClient;
  readonly scopes: readonly Scope[];
}

/** @throws ApiError INVALID_REQUEST (400, 415) or UNAUTHORIZED */
export async function readTokenRequest(context: Context<AppEnv>, clients: ApiClients): Promise<TokenGrant> {
  const fields = await readForm(context);
  const grantType = fields.get('grant_type');
  if (grantType === undefined) throw refused('invalid_request', 'Form field "grant_type" is missing');
  if (grantType !== 'client_credentials')
    throw refused('unsupported_grant_type', 'Form field "grant_type" must be "client_credentials"');
  const client = await authenticate(context, fields, clients);
  const asked = (fields.get('scope') ?? '').split(' ').filter((name) => name !== '');
  const scopes = asked.filter((name): name is Scope => isScope(name) && client.scopes.includes(name));
  if (scopes.length < asked.length)
    throw refused(
      'invalid_scope',
      `Form field "scope" must name scopes of the client: ${client.scopes.join(' ')}`,
    );
  return { client, scopes: asked.length === 0 ? client.scopes : [...new Set(scopes)] };
}

/** Each field once (RFC 6749, 3.2); one without a value is as if it were not there. */
async function readForm(context: Context<AppEnv>): Promise<ReadonlyMap<string, string>> {
  const sent = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (sent !== FORM)
    throw new ApiError('INVALID_REQUEST', `Content type must be ${FORM}: got "${sent ?? ''}"`, {
      status: 415,
    });
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await context.req.text())) {
    if (fields.has(name)) throw refused('invalid_request', 'Form fields must not be repeated');
    if (value !== '') fields.set(name, value);
  }
  return fields;
}

async function authenticate(
  context: Context<AppEnv>,
  fields: ReadonlyMap<string, string>,
  clients: ApiClients,
): Promise<ApiClient> {
  const header = context.req.header('authorization');
  const inForm = fields.has('client_secret');
  if (header !== undefined && inForm)
    throw refused('invalid_request', 'Client credentials must be in the header or in the form, not in both');
  const credentials =
    header === undefined
      ? { id: fields.get('client_id'), secret: fields.get('client_secret') }
      : basicCredentials(header);
  const client =
    credentials?.id === undefined || credentials.secret === undefined
      ? undefined
      : await clients.authenticate(credentials.id, credentials.secret);
  if (client !== undefined) return client;
  context.header('www-authenticate', 'Basic realm="dark-tower", charset="UTF-8"');
  throw new ApiError('UNAUTHORIZED', 'Client id or secret is missing or not valid', {
    details: { error: 'invalid_client' },
  });
}

/** Both parts are encoded as in a form before they are joined (RFC 6749, 2.3.1). */
function basicCredentials(header: string): { id: string; secret: string } | undefined {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header) ?? [];
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const [, id, secret] =
      /^([^:]+):(.+)$/.exec(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) ?? [];
    return id === undefined || secret === undefined
      ? undefined
      : { id: decodeFormPart(id), secret: decodeFormPart(secret) };
  } catch {
    // Not base64, not UTF-8, or a `%` that starts nothing: no credentials.
    return undefined;
  }
}

function decodeFormPart(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

type OAuthError = 'invalid_request' | 'unsupported_grant_type' | 'invalid_scope';

function refused(error: OAuthError, message: string): ApiError {
  return new ApiError('INVALID_REQUEST', message, { details: { error } });
}
