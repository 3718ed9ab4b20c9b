// The Lambda function as API Gateway calls it, over an embedded DynamoDB.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import { controlPlane as messages } from '../../../../shared/control-plane/messages.ts';
import { generateSigningJwk } from '../../../../shared/token/signingKey.ts';
import { handlerRegistration } from '../support/ControlPlane.ts';

const API_KEY = 'api-key-0123456789abcdef0123456789';
const NODE_TOKEN = 'node-token-0123456789abcdef0123456789';
const ENTRY = '../../../../functions/entry/public.ts';

interface Result {
  readonly statusCode: number;
  readonly body: string;
  readonly isBase64Encoded: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

let database: EmbeddedDynamo;
let handler: (event: unknown, context: unknown) => Promise<Result>;

beforeAll(async () => {
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
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await database.stop();
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

describe('the Lambda function', () => {
  it('GC-15 does not start without the key of its public API', async () => {
    await expect(import(ENTRY)).rejects.toThrow('DARK_TOWER_API_KEY is not set');
  });

  it('GC-14 serves the same API behind API Gateway, to those with the key', async () => {
    vi.stubEnv('DARK_TOWER_API_KEY', API_KEY);
    vi.resetModules();
    ({ handler } = await import(ENTRY));
    const json = { 'content-type': 'application/json' };
    const refused = await call('POST', '/api/v1/meetings', json, '{}');
    expect(refused.statusCode).toBe(401);
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'UNAUTHORIZED' } });
    const authorized = { ...json, authorization: `Bearer ${API_KEY}` };
    const created = await call('POST', '/api/v1/meetings', authorized, '{"meeting_id":"standup"}');
    expect(created.statusCode).toBe(201);
    const found = await call('GET', '/api/v1/meetings/standup', authorized);
    expect(JSON.parse(found.body)).toEqual(JSON.parse(created.body));
    expect((await call('POST', '/api/v1/meetings', authorized, '{')).statusCode).toBe(400);
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
});
