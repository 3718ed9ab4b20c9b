// Which headers answers have that say more than of what form the body is, in the OpenAPI document (ledger GC-14): told by
// what a route takes and how it may fail, so that no route has to say it.

interface Header {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer'; readonly minimum?: number };
}

const count = { type: 'integer', minimum: 0 } as const;

/** By name, as components of the document. */
const HEADERS = {
  'WWW-Authenticate': {
    description: 'How to say who calls, and what was wrong with it (RFC 6750, RFC 7617)',
    schema: { type: 'string' },
  },
  Allow: { description: 'Methods that the path has', schema: { type: 'string' } },
  Location: { description: 'Path of what was made', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds until it is worth trying again', schema: count },
  'RateLimit-Limit': { description: 'Requests that a client may make in a window', schema: count },
  'RateLimit-Remaining': { description: 'Requests that are left of them', schema: count },
  'RateLimit-Reset': { description: 'Seconds until the window ends', schema: count },
} as const satisfies Readonly<Record<string, Header>>;
type HeaderName = keyof typeof HEADERS;

/** Where requests are not limited there are none of these. */
const RATE_LIMIT: readonly HeaderName[] = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];
/** Security schemes whose tokens have scopes; lacking one is told in a header. */
const SCOPED = ['userToken', 'clientCredentials'];

interface Operation {
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Record<string, { headers?: Record<string, { readonly $ref: string }> }>;
}

/** Adds them to a document (OpenAPI 3.1). */
export function addResponseHeaders<
  Document extends { readonly paths?: object; readonly components?: object },
>(document: Document): Document {
  for (const methods of Object.values(document.paths ?? {}))
    for (const operation of Object.values(methods) as Operation[])
      for (const [status, response] of Object.entries(operation.responses)) {
        const names = headersOf(operation, status);
        if (names.length > 0)
          response.headers = Object.fromEntries(names.map((name) => [name, reference(name)]));
      }
  return { ...document, components: { ...document.components, headers: { ...HEADERS } } };
}

function headersOf({ security = [], responses }: Operation, status: string): readonly HeaderName[] {
  const schemes = security.flatMap((each) => Object.keys(each));
  const isCounted = responses['429'] !== undefined;
  switch (status) {
    case '201':
      return isCounted ? ['Location', ...RATE_LIMIT] : ['Location'];
    case '200':
      return isCounted ? RATE_LIMIT : [];
    case '401':
      return schemes.length > 0 ? ['WWW-Authenticate'] : [];
    case '403':
      return schemes.some((scheme) => SCOPED.includes(scheme)) ? ['WWW-Authenticate'] : [];
    case '405':
      return ['Allow'];
    case '429':
      return ['Retry-After', ...RATE_LIMIT];
    case '503':
      return ['Retry-After'];
    default:
      return [];
  }
}

function reference(name: HeaderName): { readonly $ref: string } {
  return { $ref: `#/components/headers/${name}` };
}
