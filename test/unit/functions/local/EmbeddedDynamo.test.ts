import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../../../functions/dynamo/client.ts';
import { EmbeddedDynamo } from '../../../../functions/local/EmbeddedDynamo.ts';
import { Secret } from '../../../../shared/base/secret.ts';

let database: EmbeddedDynamo;

beforeEach(async () => {
  database = await EmbeddedDynamo.start({ tableName: 'things' });
});

afterEach(async () => {
  await database.stop();
});

async function listTables(accessKeyId: Secret): Promise<readonly string[] | undefined> {
  const client = createDynamoClient({ region: 'local', own: { endpoint: database.endpoint, accessKeyId } });
  try {
    return (await client.send(new ListTablesCommand({}))).TableNames;
  } finally {
    client.destroy();
  }
}

function call(headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(database.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': '20261121T000000Z',
      ...headers,
    },
    body: '{}',
  });
}

function authorization(accessKeyId: string): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261121/local/dynamodb/aws4_request, SignedHeaders=host, Signature=00`;
}

describe('the embedded DynamoDB', () => {
  it('answers a client of the SDK that signs with its access key id', async () => {
    expect(await listTables(database.accessKeyId)).toEqual(['things']);
    const answer = await call({ authorization: authorization(database.accessKeyId.reveal()) });
    expect(await answer.json()).toEqual({ TableNames: ['things'] });
  });

  it('refuses a client that signs with another access key id, as it does none of the right length', async () => {
    for (const wrong of ['local', 'f'.repeat(database.accessKeyId.reveal().length)])
      await expect(listTables(new Secret(wrong))).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: 'Requests must be signed with the access key id that this process made',
      });
  });

  it.each([
    ['no key', {}],
    ['a key that is not in a signature', { authorization: 'Bearer local' }],
    ['an empty key', { authorization: authorization('') }],
  ])('refuses a request with %s with 403, before dynalite has seen it', async (_, headers) => {
    const answer = await call(headers);
    expect(answer.status).toBe(403);
    expect(answer.headers.get('access-control-allow-origin')).toBe(null);
    expect(answer.headers.get('x-amzn-requestid')).toBe(null);
  });

  it('refuses a web page, its preflight included, even with the right key', async () => {
    const origin = 'https://evil.example';
    const answer = await call({ origin, authorization: authorization(database.accessKeyId.reveal()) });
    expect(answer.status).toBe(403);
    const preflight = await fetch(database.endpoint, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(403);
    for (const { headers } of [answer, preflight])
      expect(headers.get('access-control-allow-origin')).toBe(null);
  });

  it('GC-10 makes another key for each process that starts it, and never prints it', async () => {
    const other = await EmbeddedDynamo.start({ tableName: 'things' });
    expect(other.accessKeyId.equals(database.accessKeyId.reveal())).toBe(false);
    expect(`${database.accessKeyId}`).toBe('[secret]');
    // 128 bits at least, as hexadecimal digits.
    expect(database.accessKeyId.reveal()).toMatch(/^[0-9a-f]{32,}$/);
    await other.stop();
  });
});
