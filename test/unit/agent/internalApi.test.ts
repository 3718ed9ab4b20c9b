import { beforeEach, describe, expect, it } from 'vitest';
import { addHandlerApi } from '../../../media-node/agent/internalApi.ts';
import { InternalHttp, MAX_BODY_BYTES } from '../../../media-node/agent/internalHttp.ts';
import type { LostRouter } from '../../../media-node/agent/LossReports.ts';
import { Routers } from '../../../media-node/agent/Routers.ts';
import { errorBodySchema } from '../../../shared/api/error.ts';
import {
  consumersSchema,
  producersSchema,
  type RouterBody,
  routerListSchema,
  routerSchema,
  transportsSchema,
  workersSchema,
} from '../../../shared/api/handler.ts';
import { handlerPaths } from '../../../shared/api/paths.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { MEDIA_HANDLER_AUDIENCE } from '../../../shared/token/nodeToken.ts';
import { generateSigningJwk, importSigningKey } from '../../../shared/token/signingKey.ts';
import { FakeHandlerWorkers } from './fixtures/FakeHandlerWorker.ts';
import { createTokens } from './fixtures/nodeTokens.ts';

const HASH = `${'A'.repeat(43)}=`;
let pool: FakeHandlerWorkers;
let http: InternalHttp;
let tokens: Awaited<ReturnType<typeof createTokens>>;
let token: string;

beforeEach(async () => {
  tokens = await createTokens();
  token = await tokens.sign(MEDIA_HANDLER_AUDIENCE);
  setUp(2);
});

const losses: { routers: readonly LostRouter[]; reason: string }[] = [];

function setUp(workers: number, maxRoutersPerWorker = 50, maxConsumersPerWorker = 500): void {
  losses.length = 0;
  pool = new FakeHandlerWorkers(workers);
  http = new InternalHttp(silentLogger);
  const routers = new Routers({
    workers: pool,
    maxRoutersPerWorker,
    maxConsumersPerWorker,
    mediaUrl: (udpPort) => `https://media.example.org:${udpPort}/media`,
    certificateHashes: () => [HASH],
    newId: () => crypto.randomUUID(),
    onLost: (routers, reason) => void losses.push({ routers, reason }),
    log: silentLogger,
  });
  addHandlerApi(http, {
    handlerId: 'mh-1',
    routers,
    workers: pool,
    authorize: tokens.credentials.authorizer(MEDIA_HANDLER_AUDIENCE),
  });
}

interface Call {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

async function call(method: string, path: string, { body, headers }: Call = {}) {
  const response = await http.fetch(
    new Request(`https://handler${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

async function createRouter(meetingId: string, generation = 1): Promise<RouterBody> {
  const answer = await call('POST', handlerPaths.routers, { body: { meeting_id: meetingId, generation } });
  expect(answer.status).toBe(201);
  return routerSchema.parse(answer.body);
}

async function expectError(answer: Promise<{ status: number; body: unknown }>, status: number, code: string) {
  const { status: actual, body } = await answer;
  expect({ status: actual, code: errorBodySchema.parse(body).error.code }).toEqual({ status, code });
}

describe('internal API of a media handler', () => {
  it('SFU-3 creates, lists, inspects and deletes routers', async () => {
    const router = await createRouter('m1');
    expect(router).toMatchObject({
      meeting_id: 'm1',
      generation: 1,
      transports: 0,
      producers: 0,
      consumers: 0,
    });
    const listed = routerListSchema.parse((await call('GET', handlerPaths.routers)).body);
    expect(listed.routers).toEqual([router]);
    expect((await call('GET', handlerPaths.router(router.router_id))).body).toEqual(router);
    const deleted = await call('DELETE', handlerPaths.router(router.router_id));
    expect(deleted).toMatchObject({ status: 204, body: null });
    await expectError(call('GET', handlerPaths.router(router.router_id)), 404, 'NOT_FOUND');
    await expectError(call('DELETE', handlerPaths.router(router.router_id)), 404, 'NOT_FOUND');
    expect(pool.workers.every((worker) => worker.routers.size === 0)).toBe(true);
  });

  it('SFU-3 creates and deletes transports, producers and consumers in batches', async () => {
    const { router_id: id } = await createRouter('m1');
    const { transports } = transportsSchema.parse(
      (
        await call('POST', handlerPaths.transports(id), {
          body: {
            transports: [
              { participant_id: 'ada', user_id: 1 },
              { participant_id: 'bob', user_id: 2 },
            ],
          },
        })
      ).body,
    );
    const transportId = transports[0]?.transport_id ?? '';
    const { producers } = producersSchema.parse(
      (
        await call('POST', handlerPaths.producers(id), {
          body: { producers: [{ transport_id: transportId, stream_id: 1, kind: 'video' }] },
        })
      ).body,
    );
    const producerId = producers[0]?.producer_id ?? '';
    const { consumers } = consumersSchema.parse(
      (
        await call('POST', handlerPaths.consumers(id), {
          body: { consumers: [{ transport_id: transports[1]?.transport_id, producer_id: producerId }] },
        })
      ).body,
    );
    const consumerId = consumers[0]?.consumer_id ?? '';
    expect((await call('GET', handlerPaths.router(id))).body).toMatchObject({
      transports: 2,
      producers: 1,
      consumers: 1,
    });
    for (const path of [
      handlerPaths.consumer(id, consumerId),
      handlerPaths.producer(id, producerId),
      handlerPaths.transport(id, transportId),
    ]) {
      expect((await call('DELETE', path)).status).toBe(204);
      await expectError(call('DELETE', path), 404, 'NOT_FOUND');
    }
  });

  it('SFU-7 MC-7 adds the public address of the worker, and its certificate, to each transport', async () => {
    const router = await createRouter('m1');
    const answer = await call('POST', handlerPaths.transports(router.router_id), {
      body: { transports: [{ participant_id: 'ada', user_id: 1 }] },
    });
    expect(transportsSchema.parse(answer.body).transports[0]).toMatchObject({
      url: `https://media.example.org:${20_000 + router.worker_id}/media`,
      certificate_hashes: [HASH],
      connection_token: 'token-of-ada',
    });
  });

  it('SFU-2 SFU-8 gives a meeting one router, however often and at once it is asked for', async () => {
    const routers = await Promise.all(Array.from({ length: 20 }, () => createRouter('m1')));
    expect(new Set(routers.map((router) => router.router_id)).size).toBe(1);
    expect(pool.workers.map((worker) => worker.routers.size).sort()).toEqual([0, 1]);
  });

  it('SFU-2 replaces the router for a higher generation and refuses a lower one', async () => {
    const second = await createRouter('m1', 2);
    const refused = await call('POST', handlerPaths.routers, { body: { meeting_id: 'm1', generation: 1 } });
    expect(refused).toMatchObject({
      status: 409,
      body: { error: { code: 'CONFLICT', details: { generation: 2 } } },
    });
    const third = await createRouter('m1', 3);
    expect(third.router_id).not.toBe(second.router_id);
    await expectError(call('GET', handlerPaths.router(second.router_id)), 404, 'NOT_FOUND');
    const kept = pool.workers.flatMap((worker) => [...worker.routers.values()]);
    expect(kept).toMatchObject([{ meetingId: 'm1', generation: 3 }]);
  });

  it('SFU-3 SFU-8 puts a new router on the worker with the fewest routers, also in a burst', async () => {
    setUp(4);
    await Promise.all(Array.from({ length: 12 }, (_, i) => createRouter(`m${i}`)));
    expect(pool.workers.map((worker) => worker.routers.size)).toEqual([3, 3, 3, 3]);
  });

  it('SFU-3 SFU-8 puts a new router on the worker with the fewest consumers when routers are even', async () => {
    const busy = await createRouter('busy');
    await createRouter('quiet');
    const router = pool.workers[busy.worker_id]?.routers.get(busy.router_id);
    for (let i = 0; i < 20; i++) router?.consumers.set(`c${i}`, { transportId: 't', producerId: 'p' });
    expect((await createRouter('next')).worker_id).not.toBe(busy.worker_id);
  });

  it('SFU-3 SFU-8 refuses a router when every worker is full, and takes one again when a router went', async () => {
    setUp(2, 1);
    const first = await createRouter('m1');
    await createRouter('m2');
    const third = { body: { meeting_id: 'm3', generation: 1 } };
    await expectError(call('POST', handlerPaths.routers, third), 409, 'CAPACITY_EXCEEDED');
    await call('DELETE', handlerPaths.router(first.router_id));
    await createRouter('m3');
  });

  it('SFU-8 gives no router to a worker with as many consumers as it takes, and refuses it when all have', async () => {
    setUp(2, 50, 10);
    const fill = async (meetingId: string) => {
      const { router_id: id, worker_id: workerId } = await createRouter(meetingId);
      const router = pool.workers[workerId]?.routers.get(id);
      for (let i = 0; i < 10; i++) router?.consumers.set(`c${i}`, { transportId: 't', producerId: 'p' });
      return workerId;
    };
    const full = await fill('m1');
    for (let i = 0; i < 5; i++) expect((await createRouter(`next${i}`)).worker_id).not.toBe(full);
    await fill('m2');
    const third = { body: { meeting_id: 'm3', generation: 1 } };
    await expectError(call('POST', handlerPaths.routers, third), 409, 'CAPACITY_EXCEEDED');
    // A meeting stays where it is, also on a worker that is full.
    expect((await createRouter('m1')).worker_id).toBe(full);
  });

  it('SFU-3 refuses a router as no capacity when no worker runs', async () => {
    for (const worker of pool.workers) worker.die();
    const answer = await call('POST', handlerPaths.routers, { body: { meeting_id: 'm1', generation: 1 } });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  it('SFU-3 gives no router to a worker that hangs', async () => {
    const [hanging] = pool.workers;
    if (hanging) hanging.hangs = true;
    expect((await createRouter('m1')).worker_id).toBe(1);
    expect((await createRouter('m2')).worker_id).toBe(1);
  });

  it('SFU-2 SFU-9 forgets the routers of a worker that died, and places the meeting anew', async () => {
    const router = await createRouter('m1');
    pool.workers[router.worker_id]?.die();
    await expectError(call('GET', handlerPaths.router(router.router_id)), 404, 'NOT_FOUND');
    expect((await call('GET', handlerPaths.routers)).body).toEqual({ routers: [] });
    const again = await createRouter('m1');
    expect(again.worker_id).not.toBe(router.worker_id);
  });

  it('SFU-3 lists workers with their load', async () => {
    await createRouter('m1');
    const { workers } = workersSchema.parse((await call('GET', handlerPaths.workers)).body);
    expect(workers.map(({ worker_id, udp_port, pid }) => ({ worker_id, udp_port, pid }))).toEqual([
      { worker_id: 0, udp_port: 20_000, pid: 10_000 },
      { worker_id: 1, udp_port: 20_001, pid: 10_001 },
    ]);
    expect(workers.reduce((total, worker) => total + worker.routers, 0)).toBe(1);
  });
});

describe('refusals of the internal API', () => {
  const routerBody = { meeting_id: 'm1', generation: 1 };

  it('MH-10 refuses requests without a token, with a wrong, an expired or a foreign one', async () => {
    const foreign = await importSigningKey(await generateSigningJwk());
    const headers = [
      { authorization: '' },
      { authorization: 'Basic abc' },
      { authorization: 'Bearer nonsense' },
      { authorization: `Bearer ${await tokens.sign(MEDIA_HANDLER_AUDIENCE, 10)}` },
      { authorization: `Bearer ${await tokens.sign('meeting-controller:mc-1')}` },
      { authorization: `Bearer ${await tokens.sign(MEDIA_HANDLER_AUDIENCE, 60, foreign)}` },
    ];
    for (const header of headers) {
      const answer = await call('POST', handlerPaths.routers, { body: routerBody, headers: header });
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
    expect(pool.workers.every((worker) => worker.routers.size === 0)).toBe(true);
  });

  it.each([
    ['malformed JSON', '{"meeting_id":', 'The body is not valid JSON'],
    ['a missing field', { meeting_id: 'm1' }, 'generation is required'],
    ['an unknown field', { ...routerBody, color: 'red' }, 'Request body must not have the field "color"'],
    ['a bad id', { ...routerBody, meeting_id: '../etc' }, 'meeting_id must be'],
    ['a generation of 0', { ...routerBody, generation: 0 }, 'generation must be at least 1'],
    ['no object', [], 'Request body must be an object'],
  ])('MH-10 GC-14 refuses a body with %s in a sentence about the field', async (_, body, sentence) => {
    const answer = await call('POST', handlerPaths.routers, { body });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_REQUEST', message: expect.stringContaining(sentence) } },
    });
  });

  it('MH-10 refuses a consumer in a delivery that there is not', async () => {
    const consumers = [{ transport_id: 't', producer_id: 'p', delivery: 'by_post' }];
    expect(await call('POST', handlerPaths.consumers('r'), { body: { consumers } })).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_REQUEST', message: expect.stringContaining('delivery') } },
    });
  });

  it('MH-10 refuses another content type with 415', async () => {
    for (const type of ['text/plain', 'application/x-protobuf', '']) {
      const answer = call('POST', handlerPaths.routers, {
        body: routerBody,
        headers: { 'content-type': type },
      });
      await expectError(answer, 415, 'INVALID_REQUEST');
    }
  });

  it('MH-10 refuses a body over the bound with 413, with and without an announced length', async () => {
    const body = JSON.stringify({ ...routerBody, filler: 'x'.repeat(MAX_BODY_BYTES) });
    await expectError(call('POST', handlerPaths.routers, { body }), 413, 'INVALID_REQUEST');
    const announced = { body, headers: { 'content-length': String(body.length) } };
    await expectError(call('POST', handlerPaths.routers, announced), 413, 'INVALID_REQUEST');
  });

  it('SFU-3 answers 404 for an unknown path and 405, with what is allowed, for a wrong method', async () => {
    await expectError(call('GET', '/internal/v1/nothing'), 404, 'NOT_FOUND');
    await expectError(call('GET', '/'), 404, 'NOT_FOUND');
    const answer = await call('PUT', handlerPaths.routers, { body: routerBody });
    expect(answer).toMatchObject({ status: 405, body: { error: { code: 'INVALID_REQUEST' } } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });

  it('SFU-9 tells of the routers that died with their worker, and who to tell, and forgets them at once', async () => {
    const controller = (id: string) => ({
      controller_id: id,
      internal_url: `https://${id}.example:8443`,
      certificate_hashes: [HASH],
    });
    const make = async (meeting_id: string, by?: string) => {
      const body = { meeting_id, generation: 1, ...(by && { controller: controller(by) }) };
      return routerSchema.parse((await call('POST', handlerPaths.routers, { body })).body);
    };
    // Two workers: the first and third meeting go to one, the second and fourth to the other.
    const routers = [
      await make('m1', 'mc-1'),
      await make('m2'),
      await make('m3', 'mc-2'),
      await make('m4', 'mc-1'),
    ];
    await make('m3', 'mc-3');
    const [first] = routers;
    pool.workers[first?.worker_id ?? 0]?.die();
    await expect.poll(() => losses).toHaveLength(1);
    expect(losses[0]?.reason).toBe('died');
    expect(losses[0]?.routers).toMatchObject([
      { routerId: first?.router_id, meetingId: 'm1', controller: controller('mc-1') },
      { routerId: routers[2]?.router_id, meetingId: 'm3', controller: controller('mc-3') },
    ]);
    const listed = routerListSchema.parse((await call('GET', handlerPaths.routers)).body);
    expect(listed.routers.map((router) => router.meeting_id)).toEqual(['m2', 'm4']);
    await expectError(call('DELETE', handlerPaths.router(first?.router_id ?? '')), 404, 'NOT_FOUND');
  });

  it('SFU-9 answers a call over which the worker dies with NOT_FOUND: the router is gone', async () => {
    const { router_id: id, worker_id: workerId } = await createRouter('m1');
    const body = { transports: [{ participant_id: 'ada', user_id: 1 }] };
    const answer = call('POST', handlerPaths.transports(id), { body });
    pool.workers[workerId]?.die();
    await expectError(answer, 404, 'NOT_FOUND');
  });

  it('SFU-3 answers 404 for things of an unknown router and for ids that cannot be', async () => {
    const body = { transports: [{ participant_id: 'ada', user_id: 1 }] };
    await expectError(call('POST', handlerPaths.transports('nope'), { body }), 404, 'NOT_FOUND');
    const { router_id: id } = await createRouter('m1');
    await expectError(call('DELETE', handlerPaths.consumer(id, 'a b/c')), 404, 'NOT_FOUND');
    await expectError(call('DELETE', handlerPaths.producer(id, 'x'.repeat(500))), 404, 'NOT_FOUND');
  });

  it('answers a failure that is a bug with INTERNAL_ERROR and none of its text', async () => {
    http.route('/internal/v1/broken', async () => 'anyone', {
      GET: async () => {
        throw new Error('secret detail');
      },
    });
    const answer = await call('GET', '/internal/v1/broken');
    expect(answer).toMatchObject({ status: 500, body: { error: { code: 'INTERNAL_ERROR' } } });
    expect(JSON.stringify(answer.body)).not.toContain('secret detail');
  });
});
