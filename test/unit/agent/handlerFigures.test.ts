// What the internal API tells of workers and sessions, and the mute that goes through it.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addHandlerApi } from '../../../media-node/agent/internalApi.ts';
import { InternalHttp } from '../../../media-node/agent/internalHttp.ts';
import { Routers } from '../../../media-node/agent/Routers.ts';
import { errorBodySchema } from '../../../shared/api/error.ts';
import {
  consumerDetailsListSchema,
  consumerDetailsSchema,
  consumersSchema,
  producerDetailsListSchema,
  producerDetailsSchema,
  producersSchema,
  routerSchema,
  transportDetailsListSchema,
  transportDetailsSchema,
  transportsSchema,
  workerSchema,
} from '../../../shared/api/handler.ts';
import { handlerPaths } from '../../../shared/api/paths.ts';
import { silentLogger } from '../../../shared/base/log.ts';
import { MEDIA_HANDLER_AUDIENCE } from '../../../shared/token/nodeToken.ts';
import { FakeHandlerWorkers } from './fixtures/FakeHandlerWorker.ts';
import { createTokens } from './fixtures/nodeTokens.ts';

let tokens: Awaited<ReturnType<typeof createTokens>>;
let token: string;
let http: InternalHttp;

beforeAll(async () => {
  tokens = await createTokens();
  token = await tokens.sign(MEDIA_HANDLER_AUDIENCE);
});

beforeEach(() => {
  const workers = new FakeHandlerWorkers(2);
  http = new InternalHttp(silentLogger);
  const routers = new Routers({
    workers,
    maxRoutersPerWorker: 50,
    maxConsumersPerWorker: 500,
    mediaUrl: (udpPort) => `https://media.example.org:${udpPort}/media`,
    certificateHashes: () => [`${'A'.repeat(43)}=`],
    newId: () => crypto.randomUUID(),
    onLost: () => undefined,
    log: silentLogger,
  });
  const authorize = tokens.credentials.authorizer(MEDIA_HANDLER_AUDIENCE);
  addHandlerApi(http, { handlerId: 'mh-1', routers, workers, authorize });
});

async function request(method: string, path: string, body?: unknown, bearer = token): Promise<Response> {
  return await http.fetch(
    new Request(`https://handler${path}`, {
      method,
      headers: {
        ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
}

async function createTransport(): Promise<{ routerId: string; transportId: string }> {
  const created = await request('POST', handlerPaths.routers, { meeting_id: 'm1', generation: 1 });
  const routerId = routerSchema.parse(await created.json()).router_id;
  const answer = await request('POST', handlerPaths.transports(routerId), {
    transports: [{ participant_id: 'p', user_id: 1 }],
  });
  const [transport] = transportsSchema.parse(await answer.json()).transports;
  return { routerId, transportId: transport?.transport_id ?? '' };
}

describe('figures of a media handler', () => {
  it('MH-8 SFU-3 tells one worker by its number, and NOT_FOUND for one that is not there', async () => {
    const answer = await request('GET', handlerPaths.worker('1'));
    expect(workerSchema.parse(await answer.json()).worker_id).toBe(1);
    for (const unknown of ['2', 'x', '1e0'])
      expect((await request('GET', handlerPaths.worker(unknown))).status).toBe(404);
  });

  it('MH-8 answers Prometheus text to whoever shows a node token, and to nobody else', async () => {
    const answer = await request('GET', handlerPaths.metrics);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain('dark_tower_media_routers{handler_id="mh-1",worker_id="1"} 0\n');
    expect((await request('GET', handlerPaths.metrics, undefined, '')).status).toBe(401);
  });

  it('MH-8 SFU-3 tells of every session of a router and of one', async () => {
    const { routerId, transportId } = await createTransport();
    const all = await request('GET', handlerPaths.transports(routerId));
    const { transports } = transportDetailsListSchema.parse(await all.json());
    expect(transports.map((transport) => transport.transport_id)).toEqual([transportId]);
    const one = await request('GET', handlerPaths.transport(routerId, transportId));
    expect(transportDetailsSchema.parse(await one.json())).toEqual(transports[0]);
    expect((await request('GET', handlerPaths.transport(routerId, 'nobody'))).status).toBe(404);
  });

  it('MH-8 SFU-3 tells of every stream and every subscription of a router, and of one', async () => {
    const { routerId, transportId } = await createTransport();
    const create = async (path: string, items: object): Promise<unknown> =>
      (await request('POST', path, items)).json();
    const { producers } = producersSchema.parse(
      await create(handlerPaths.producers(routerId), {
        producers: [1, 2].map((stream_id) => ({ transport_id: transportId, stream_id, kind: 'audio' })),
      }),
    );
    const producerId = producers[1]?.producer_id ?? '';
    const { consumers } = consumersSchema.parse(
      await create(handlerPaths.consumers(routerId), {
        consumers: [{ transport_id: transportId, producer_id: producerId }],
      }),
    );
    const consumerId = consumers[0]?.consumer_id ?? '';
    const get = async (path: string): Promise<unknown> => (await request('GET', path)).json();

    const published = producerDetailsListSchema.parse(await get(handlerPaths.producers(routerId))).producers;
    expect(published.map(({ producer_id }) => producer_id)).toEqual(
      producers.map(({ producer_id }) => producer_id),
    );
    expect(published[1]).toMatchObject({ transport_id: transportId });
    const one = producerDetailsSchema.parse(await get(handlerPaths.producer(routerId, producerId)));
    expect(one).toEqual(published[1]);

    const received = consumerDetailsListSchema.parse(await get(handlerPaths.consumers(routerId))).consumers;
    expect(received).toMatchObject([{ transport_id: transportId, producer_id: producerId }]);
    const subscription = consumerDetailsSchema.parse(await get(handlerPaths.consumer(routerId, consumerId)));
    expect(subscription).toEqual(received[0]);

    for (const path of [handlerPaths.producer(routerId, consumerId), handlerPaths.consumer(routerId, 'c')]) {
      const answer = await request('GET', path);
      expect(answer.status).toBe(404);
      expect(errorBodySchema.parse(await answer.json()).error.code).toBe('NOT_FOUND');
    }
  });

  it('MC-10 SFU-3 mutes a transport, refuses kinds that are none, and answers NOT_FOUND for another', async () => {
    const { routerId, transportId } = await createTransport();
    const path = handlerPaths.muteTransport(routerId, transportId);
    expect((await request('POST', path, { kinds: ['audio'] })).status).toBe(204);
    expect((await request('POST', path, { kinds: [] })).status).toBe(204);
    expect((await request('POST', path, { kinds: ['smell'] })).status).toBe(400);
    const elsewhere = handlerPaths.muteTransport(routerId, 'nobody');
    expect((await request('POST', elsewhere, { kinds: [] })).status).toBe(404);
  });
});
