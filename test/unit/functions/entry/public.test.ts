// The Lambda function as API Gateway calls it, over an embedded DynamoDB: from its source, and bundled as it is deployed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import { bundleFunction, FUNCTION_FILE } from '../../../../infra/build/functions.ts';
import { controlPlane as messages } from '../../../../shared/control-plane/messages.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';
import { handlerRegistration } from '../support/ControlPlane.ts';

const API_KEY = 'api-key-0123456789abcdef0123456789';
const NODE_TOKEN = 'node-token-0123456789abcdef0123456789';

interface Result {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

interface Entry {
  readonly handler: (event: unknown, context: unknown) => Promise<Result>;
}

let directory: string;
let database: EmbeddedDynamo;
let handler: Entry['handler'];

/** As each kind has answered it. */
const documents: unknown[] = [];

const KINDS: readonly { readonly name: string; load(): Promise<Entry> }[] = [
  {
    name: 'from its source',
    async load() {
      vi.resetModules();
      return await import('../../../../functions/entry/public.ts');
    },
  },
  {
    name: 'bundled',
    // Node keeps a module that failed: another name is another module.
    load: async () =>
      await import(
        /* @vite-ignore */ `${pathToFileURL(join(directory, FUNCTION_FILE))}?${crypto.randomUUID()}`
      ),
  },
];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dark-tower-public-'));
  await bundleFunction('public', directory);
  database = await EmbeddedDynamo.start({ tableName: 'dark-tower' });
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', database.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', database.accessKeyId.reveal());
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('DARK_TOWER_LOG_LEVEL', 'error');
  vi.stubEnv('DARK_TOWER_REGION', 'eu-west-1');
  vi.stubEnv('DARK_TOWER_TABLE', 'dark-tower');
  vi.stubEnv('DARK_TOWER_SIGNING_JWK', JSON.stringify(await generateSigningJwk()));
  vi.stubEnv('DARK_TOWER_NODE_TOKEN', NODE_TOKEN);
}, 60_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await database.stop();
  await rm(directory, { recursive: true });
});

function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array,
) {
  const isBase64Encoded = body instanceof Uint8Array;
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.example.org', ...headers },
    requestContext: {
      domainName: 'api.example.org',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    },
    isBase64Encoded,
    ...(body !== undefined && { body: isBase64Encoded ? Buffer.from(body).toString('base64') : body }),
  };
  return handler(event, {});
}

describe.each(KINDS)('the Lambda function $name', ({ name, load }) => {
  const meetingId = name.replaceAll(' ', '-');

  it('GC-15 does not start without the key of its public API', async () => {
    vi.stubEnv('DARK_TOWER_API_KEY', undefined);
    await expect(load()).rejects.toThrow('DARK_TOWER_API_KEY is not set');
  });

  it('GC-14 serves the same API behind API Gateway, to those with the key', async () => {
    vi.stubEnv('DARK_TOWER_API_KEY', API_KEY);
    ({ handler } = await load());
    const json = { 'content-type': 'application/json' };
    const refused = await call('POST', '/api/v1/meetings', json, '{}');
    expect(refused.statusCode).toBe(401);
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    const authorized = { ...json, authorization: `Bearer ${API_KEY}` };
    const created = await call(
      'POST',
      '/api/v1/meetings',
      authorized,
      JSON.stringify({ meeting_id: meetingId }),
    );
    expect(created.statusCode).toBe(201);
    const found = await call('GET', `/api/v1/meetings/${meetingId}`, authorized);
    expect(JSON.parse(found.body)).toEqual(JSON.parse(created.body));
    expect((await call('POST', '/api/v1/meetings', authorized, '{')).statusCode).toBe(400);
    const invalid = await call('POST', '/api/v1/meetings', authorized, '{"max_participants":"many"}');
    expect(JSON.parse(invalid.body).error.message).toBe('max_participants must be a number');
    expect((await call('DELETE', '/api/v1/meetings', authorized)).statusCode).toBe(405);
    expect((await call('GET', '/health')).statusCode).toBe(200);
  });

  it('GC-1 takes and answers protobuf through API Gateway, which carries bytes as base64', async () => {
    const registration = messages.RegisterMediaHandler.fromObject(handlerRegistration('mh-1'));
    const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${NODE_TOKEN}` };
    const body = messages.RegisterMediaHandler.encode(registration).finish();
    const result = await call('POST', '/api/v1/media-handlers', headers, body);
    expect(result.statusCode).toBe(200);
    expect(result.isBase64Encoded).toBe(true);
    const answer = messages.NodeAnswer.decode(Buffer.from(result.body, 'base64'));
    expect(answer.report_interval_ms).toBe(10_000);
  });

  it('GC-14 has the document of its API, and the page that shows it', async () => {
    const answer = await call('GET', '/api/v1/openapi.json');
    const document = JSON.parse(answer.body);
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Dark Tower REST API' } });
    expect(Object.keys(document.paths).length).toBeGreaterThan(20);
    documents.push(document);
    for (const other of documents) expect(document).toEqual(other);
    const page = await call('GET', '/api/v1/docs');
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.body).toContain('<h1>Dark Tower REST API</h1>');
  });
});
