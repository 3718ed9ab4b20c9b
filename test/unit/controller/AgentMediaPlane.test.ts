import { describe, expect, it } from 'vitest';
import { AgentMediaPlane } from '../../../media-node/controller/AgentMediaPlane.ts';
import type { HandlerRequest } from '../../../media-node/ipc/protocol.ts';
import { HASH } from './support/InMemoryMediaPlane.ts';
import { assignment } from './support/TestMeeting.ts';

const [handler] = assignment().media_handlers;
if (!handler) throw new Error('The assignment names a handler');
const router = { handler, routerId: 'r1' };
const TRANSPORT = {
  transport_id: 't1',
  url: 'https://192.0.2.1:4433/media',
  certificate_hashes: [HASH],
  connection_token: 'token',
  expires_at_ms: 1,
};

function planeAnswering(answer: unknown) {
  const requests: HandlerRequest[] = [];
  const plane = new AgentMediaPlane(async (request) => {
    requests.push(request);
    return answer;
  });
  return { plane, requests };
}

describe('AgentMediaPlane', () => {
  it('SFU-3 makes and closes routers at the handler of the assignment, pinned to its certificates', async () => {
    const { plane, requests } = planeAnswering({
      router_id: 'r1',
      meeting_id: 'standup',
      generation: 3,
      worker_id: 0,
      transports: 0,
      producers: 0,
      consumers: 0,
    });
    expect(await plane.createRouter(handler, 'standup', 3)).toBe('r1');
    await plane.closeRouter(router);
    const where = { internal_url: 'https://192.0.2.1:9000', certificate_hashes: [HASH] };
    expect(requests).toEqual([
      {
        ...where,
        method: 'POST',
        path: '/internal/v1/routers',
        body: { meeting_id: 'standup', generation: 3 },
      },
      { ...where, method: 'DELETE', path: '/internal/v1/routers/r1' },
    ]);
  });

  it('MC-8 closes a router that a dead controller left behind, and makes an empty one', async () => {
    const left = { router_id: 'r1', meeting_id: 'standup', generation: 3, worker_id: 0 };
    const counts = { transports: 2, producers: 0, consumers: 0 };
    const answers = [{ ...left, ...counts }, null, { ...left, ...counts, router_id: 'r2', transports: 0 }];
    const lines: string[] = [];
    const plane = new AgentMediaPlane(async ({ method, path }) => {
      lines.push(`${method} ${path}`);
      return answers.shift();
    });
    expect(await plane.createRouter(handler, 'standup', 3)).toBe('r2');
    expect(lines).toEqual([
      'POST /internal/v1/routers',
      'DELETE /internal/v1/routers/r1',
      'POST /internal/v1/routers',
    ]);
  });

  it('SFU-3 makes transports, producers and consumers in batches', async () => {
    const transports = planeAnswering({ transports: [TRANSPORT] });
    expect(await transports.plane.createTransports(router, [{ participant_id: 'p', user_id: 1 }])).toEqual([
      TRANSPORT,
    ]);
    const producers = planeAnswering({ producers: [{ producer_id: 'p1' }] });
    const producer = { transport_id: 't1', stream_id: 1, kind: 'video', spatial_layer: 2 } as const;
    expect(await producers.plane.createProducers(router, [producer])).toEqual(['p1']);
    const consumers = planeAnswering({ consumers: [{ consumer_id: 'c1' }] });
    const consumer = { transport_id: 't1', producer_id: 'p1' };
    expect(await consumers.plane.createConsumers(router, [consumer])).toEqual(['c1']);
    expect(
      [transports, producers, consumers].map(({ requests }) => [requests[0]?.path, requests[0]?.body]),
    ).toEqual([
      ['/internal/v1/routers/r1/transports', { transports: [{ participant_id: 'p', user_id: 1 }] }],
      ['/internal/v1/routers/r1/producers', { producers: [producer] }],
      ['/internal/v1/routers/r1/consumers', { consumers: [consumer] }],
    ]);
  });

  it('SFU-3 closes transports, producers and consumers one by one', async () => {
    const { plane, requests } = planeAnswering(null);
    await plane.closeTransport(router, 't/1');
    await plane.closeProducer(router, 'p1');
    await plane.closeConsumer(router, 'c1');
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'DELETE /internal/v1/routers/r1/transports/t%2F1',
      'DELETE /internal/v1/routers/r1/producers/p1',
      'DELETE /internal/v1/routers/r1/consumers/c1',
    ]);
  });

  it.each([
    ['another shape', { transports: [{ ...TRANSPORT, url: 'javascript:alert(1)' }] }, 'with another shape'],
    ['too few items', { transports: [] }, 'answered 0 items to a batch of 1'],
    ['nothing', undefined, 'with another shape'],
  ])('MH-10 refuses an answer of %s', async (_kind, answer, message) => {
    const { plane } = planeAnswering(answer);
    await expect(plane.createTransports(router, [{ participant_id: 'p', user_id: 1 }])).rejects.toMatchObject(
      { code: 'INTERNAL_ERROR', message: expect.stringContaining(message) },
    );
  });
});
