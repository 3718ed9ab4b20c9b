import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../../../client/core/api/ApiClient.ts';
import { apiFailure } from '../../../support/loopbackMeeting.ts';

const MEETING = {
  meeting_id: 'demo',
  display_name: 'Demo',
  status: 'active',
  max_participants: 10,
  allow_guests: true,
  created_at: '2026-11-21T10:00:00.000Z',
};

function clientThat(answer: (url: string, init: RequestInit) => Response | Promise<Response>): ApiClient {
  return new ApiClient({
    apiUrl: 'https://api.test/somewhere',
    fetch: async (url, init) => answer(url, init),
    timeoutMs: 1_000,
  });
}

describe('ApiClient', () => {
  it('GC-14 asks at the path of the API with JSON and gives back what is valid', async () => {
    const asked: unknown[] = [];
    const client = clientThat((url, init) => {
      asked.push([init.method, url, init.body]);
      return Response.json(MEETING);
    });
    expect(await client.createMeeting({ displayName: 'Demo' })).toEqual(MEETING);
    await client.getMeeting('a/b');
    expect(asked).toEqual([
      ['POST', 'https://api.test/api/v1/meetings', '{"display_name":"Demo"}'],
      ['GET', 'https://api.test/api/v1/meetings/a%2Fb', undefined],
    ]);
  });

  it('GC-14 turns an error body into an ApiError, with its Retry-After', async () => {
    const client = clientThat(() =>
      Response.json(
        { error: { code: 'NO_CAPACITY', message: 'All full', details: { region: 'local' } } },
        { status: 503, headers: { 'retry-after': '5' } },
      ),
    );
    await expect(client.joinMeeting('demo', { displayName: 'Ada' })).rejects.toMatchObject({
      name: 'ApiError',
      code: 'NO_CAPACITY',
      status: 503,
      retryAfterSeconds: 5,
      details: { region: 'local' },
    });
  });

  it.each([
    ['a gateway that lets no more requests through', 429, '{"message":"Too Many Requests"}', 'RATE_LIMITED'],
    ['a gateway without a server behind it', 502, '<html>', 'INTERNAL_ERROR'],
    [
      'a gateway that gives up on the server',
      504,
      '{"message":"Endpoint request timed out"}',
      'INTERNAL_ERROR',
    ],
  ])('GC-14 takes the answer of %s for one that is worth trying again', async (_name, status, body, code) => {
    const headers = { 'retry-after': '3' };
    const client = clientThat(() => new Response(body, { status, headers }));
    await expect(client.getMeeting('demo')).rejects.toMatchObject({
      name: 'ApiError',
      code,
      status,
      retryAfterSeconds: 3,
    });
    const without = clientThat(() => new Response(body, { status }));
    await expect(without.getMeeting('demo')).rejects.toMatchObject({ code, retryAfterSeconds: undefined });
  });

  it('GC-15 shows the user’s token, and asks for another one once when it is refused', async () => {
    const shown: unknown[] = [];
    const asked: unknown[] = [];
    const client = new ApiClient({
      apiUrl: 'https://api.test',
      fetch: async (_url, init) => {
        const authorization = new Headers(init.headers).get('authorization');
        shown.push(authorization);
        return authorization === 'Bearer fresh' ? Response.json(MEETING) : apiFailure('UNAUTHORIZED');
      },
      userToken: async ({ refused }) => {
        asked.push(refused);
        return refused === undefined ? 'stale' : 'fresh';
      },
    });
    await client.getMeeting('demo');
    expect([shown, asked]).toEqual([
      ['Bearer stale', 'Bearer fresh'],
      [undefined, 'stale'],
    ]);
  });

  it.each([
    ['is a text', 'stale'],
    ['stays the same', () => 'stale'],
    ['is not there any more', ({ refused }: { refused: string | undefined }) => refused && undefined],
  ])('GC-15 tells the refusal of a token that %s', async (_name, userToken) => {
    let requests = 0;
    const client = new ApiClient({
      apiUrl: 'https://api.test',
      fetch: async () => {
        requests += 1;
        return apiFailure('UNAUTHORIZED');
      },
      userToken,
    });
    await expect(client.getMeeting('demo')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(requests).toBe(1);
  });

  it.each([
    ['an answer that is not JSON', () => new Response('<html>'), 'protocol'],
    ['an error without an error body', () => Response.json({}, { status: 500 }), 'protocol'],
    ['a body of another shape', () => Response.json({ meeting_id: 1 }), 'protocol'],
    ['no network', () => Promise.reject(new TypeError('fetch failed')), 'unreachable'],
    ['no answer in time', () => Promise.reject(new DOMException('late', 'TimeoutError')), 'timed_out'],
  ])('rejects with ConnectionError on %s', async (_name, answer, code) => {
    await expect(clientThat(answer).getMeeting('demo')).rejects.toMatchObject({
      name: 'ConnectionError',
      code,
    });
  });
});
