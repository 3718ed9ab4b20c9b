// The OpenAPI document (3.1) of all routes (ledger GC-14).
import type { OpenAPIHono } from '@hono/zod-openapi';
import { SCOPES } from '../../shared/api/auth.ts';
import { gcPaths } from '../../shared/api/paths.ts';
import type { AppEnv } from './AppEnv.ts';
import { addResponseHeaders } from './responseHeaders.ts';

export type OpenApiDocument = ReturnType<OpenAPIHono<AppEnv>['getOpenAPI31Document']>;

const INFO = {
  title: 'Dark Tower REST API',
  version: '1',
  description:
    'Meetings for clients, and the registry of media nodes. JSON, snake_case, times in RFC 3339 UTC. Every failure has one shape, the `Error` schema, and every answer tells whether it is worth trying again by its status. Where requests of a client are counted, `RateLimit-*` headers say how many are left.',
};

/** The document of an app that has all its routes. To be called once for an app: it adds the ways of authorisation to it. */
export function createOpenApiDocument(app: OpenAPIHono<AppEnv>): OpenApiDocument {
  app.openAPIRegistry.registerComponent('securitySchemes', 'userToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'Token of an issuer that this system trusts, or the key of the public API. A local system lets everyone in without one.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'clientCredentials', {
    type: 'oauth2',
    description: 'Tokens for machines, from the built-in issuer.',
    flows: { clientCredentials: { tokenUrl: gcPaths.authToken, scopes: SCOPES } },
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'clientBasic', {
    type: 'http',
    scheme: 'basic',
    description: 'Id and secret of a machine client.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'joinToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'Join token of a participant, as a join answers it.',
  });
  app.openAPIRegistry.registerComponent('securitySchemes', 'nodeToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'Service token of the media nodes.',
  });
  const document = addResponseHeaders(
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: INFO,
      servers: [{ url: '/', description: 'This server' }],
      tags: [
        { name: 'Meetings', description: 'Create, change, find and end meetings.' },
        { name: 'Joining', description: 'The way into a meeting, for users and for guests.' },
        { name: 'Participants', description: 'Who is in a meeting.' },
        { name: 'Tokens', description: 'Tokens for machines, and their revocation.' },
        {
          name: 'Media nodes',
          description: 'For meeting controllers and media handlers: announce and report.',
        },
        { name: 'Operation', description: 'For whoever runs the system.' },
      ],
    }),
  );
  return withPlainPatterns(document);
}

/**
 * A pattern in JSON Schema is the expression alone (2020-12 core, 6.4); the generator adds the flags of ours behind a slash.
 */
function withPlainPatterns(document: OpenApiDocument): OpenApiDocument {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) =>
    key === 'pattern' && typeof value === 'string' ? value.replace(/\/[a-z]+$/, '') : value,
  );
}
