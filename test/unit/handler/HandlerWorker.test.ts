import { describe, expect, it } from 'vitest';
import { MAX_PRODUCERS_PER_TRANSPORT } from '../../../media-node/handler/Router.ts';
import { failure } from './failure.ts';
import {
  frame,
  join,
  publish,
  ROUTER_ID,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from './meeting.ts';

const COUNTS = { router_id: ROUTER_ID };

async function makeTransports(test: TestWorker, ...userIds: number[]): Promise<string[]> {
  const { transports } = await test.calls.createTransports({
    router_id: ROUTER_ID,
    transports: userIds.map((userId) => ({ participant_id: `p-${userId}`, user_id: userId })),
  });
  return transports.map(({ transport_id }) => transport_id);
}

const video = (transportId: string, streamId: number) => ({
  transport_id: transportId,
  stream_id: streamId,
  kind: 'video' as const,
});

describe('HandlerWorker', () => {
  it('SFU-2 keeps one router a meeting id and refuses the same router again', async () => {
    const test = await startTestWorker();
    const again = { router_id: ROUTER_ID, meeting_id: 'meeting-1', generation: 2 };
    expect(await failure(() => test.calls.createRouter(again))).toEqual({
      code: 'CONFLICT',
      message: `Router "${ROUTER_ID}" exists`,
    });
  });

  it('SFU-2 refuses a router over the limit and takes it when another has closed', async () => {
    const test = await startTestWorker({ maxRouters: 1 });
    const other = { router_id: 'r2', meeting_id: 'm2', generation: 1 };
    expect(await failure(() => test.calls.createRouter(other))).toEqual({
      code: 'CAPACITY_EXCEEDED',
      message: 'A worker takes at most 1 routers',
    });
    await test.calls.closeRouter({ router_id: ROUTER_ID });
    await test.calls.createRouter(other);
    expect(test.worker.stats().routers).toBe(1);
  });

  it('SFU-8 SFU-9 closes a router as unused only while nobody is in it', async () => {
    const test = await startTestWorker();
    const [transport = ''] = await makeTransports(test, 1);
    expect(await test.calls.closeEmptyRouter(COUNTS)).toEqual({ closed: false });
    expect(test.worker.stats().routers).toBe(1);
    await test.calls.closeTransport({ ...COUNTS, transport_id: transport });
    expect(await test.calls.closeEmptyRouter(COUNTS)).toEqual({ closed: true });
    expect(test.worker.stats().routers).toBe(0);
  });

  it('SFU-3 names a router, transport or producer that is not there', async () => {
    const test = await startTestWorker();
    const [transport] = await makeTransports(test, 1);
    const calls: (() => unknown)[] = [
      () => test.calls.closeRouter({ router_id: 'x' }),
      () => test.calls.inspectRouter({ router_id: 'x' }),
      () => test.calls.closeTransport({ router_id: 'x', transport_id: 'y' }),
      () => test.calls.createTransports({ router_id: 'x', transports: [] }),
      () => test.calls.createProducers({ ...COUNTS, producers: [video('x', 1)] }),
      () => test.calls.createConsumers({ ...COUNTS, consumers: [{ transport_id: 'x', producer_id: 'y' }] }),
      () =>
        test.calls.createConsumers({
          ...COUNTS,
          consumers: [{ transport_id: transport ?? '', producer_id: 'y' }],
        }),
    ];
    for (const call of calls) expect(await failure(call)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('SFU-3 makes a batch of transports whole or not at all', async () => {
    const test = await startTestWorker();
    expect(await failure(() => makeTransports(test, 1, 2, 1))).toEqual({
      code: 'CONFLICT',
      message: 'User 1 has a transport in this router',
    });
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ transports: 0 });
    await makeTransports(test, 1);
    expect(await failure(() => makeTransports(test, 2, 1))).toMatchObject({ code: 'CONFLICT' });
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ transports: 1 });
  });

  it('SFU-3 makes a batch of producers whole or not at all', async () => {
    const test = await startTestWorker();
    const [one = '', two = ''] = await makeTransports(test, 1, 2);
    const batch =
      (...producers: ReturnType<typeof video>[]) =>
      () =>
        test.calls.createProducers({ ...COUNTS, producers });
    expect(await failure(batch(video(one, 1), video(two, 1), video(one, 1)))).toEqual({
      code: 'CONFLICT',
      message: 'User 1 publishes stream 1 already',
    });
    expect(await failure(batch(video(one, 1), video('gone', 1)))).toMatchObject({ code: 'NOT_FOUND' });
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ producers: 0 });
    await batch(video(one, 1), video(one, 2), video(two, 1))();
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ producers: 3 });
    expect(await failure(batch(video(one, 3), video(one, 2)))).toMatchObject({ code: 'CONFLICT' });
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ producers: 3 });
  });

  it('SFU-3 bounds what one participant can publish', async () => {
    const test = await startTestWorker();
    const [one = ''] = await makeTransports(test, 1);
    const producers = Array.from({ length: MAX_PRODUCERS_PER_TRANSPORT + 1 }, (_, id) => video(one, id + 1));
    expect(await failure(() => test.calls.createProducers({ ...COUNTS, producers }))).toMatchObject({
      code: 'CAPACITY_EXCEEDED',
    });
    await test.calls.createProducers({ ...COUNTS, producers: producers.slice(1) });
    expect(
      await failure(() => test.calls.createProducers({ ...COUNTS, producers: producers.slice(0, 1) })),
    ).toEqual({
      code: 'CAPACITY_EXCEEDED',
      message: 'No room for 1 more producers on one transport: 0 left',
    });
  });

  it('SFU-3 makes a batch of consumers whole or not at all', async () => {
    const test = await startTestWorker();
    const [ada, bob] = [await join(test, 1), await join(test, 2)];
    const producer = await publish(test, ada, 10);
    const good = { transport_id: bob.transportId, producer_id: producer };
    const batch =
      (...consumers: (typeof good)[]) =>
      () =>
        test.calls.createConsumers({ ...COUNTS, consumers });
    expect(await failure(batch(good, good))).toMatchObject({ code: 'CONFLICT' });
    expect(await failure(batch(good, { ...good, producer_id: 'gone' }))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await failure(batch(good, { ...good, transport_id: ada.transportId }))).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect(test.calls.inspectRouter(COUNTS)).toMatchObject({ consumers: 0 });
    ada.client.sendDatagram(frame(1, 10));
    await settle();
    expect(bob.client.datagrams).toEqual([]);
    await batch(good)();
    expect(await failure(batch(good))).toMatchObject({ code: 'CONFLICT' });
    ada.client.sendDatagram(frame(1, 10));
    await settle();
    expect(bob.client.datagrams).toHaveLength(1);
  });

  it('SFU-3 refuses consumers over the limit of the worker, counted over all routers', async () => {
    const test = await startTestWorker({ maxConsumers: 2 });
    const seats = [await join(test, 1), await join(test, 2), await join(test, 3), await join(test, 4)];
    const [ada, ...others] = seats;
    if (!ada) throw new Error('No seats');
    const producer_id = await publish(test, ada, 10);
    const consumers = others.map(({ transportId }) => ({ transport_id: transportId, producer_id }));
    expect(await failure(() => test.calls.createConsumers({ ...COUNTS, consumers }))).toEqual({
      code: 'CAPACITY_EXCEEDED',
      message: 'No room for 3 more subscriptions: 2 left',
    });
    await test.calls.createConsumers({ ...COUNTS, consumers: consumers.slice(0, 2) });
    await test.calls.createRouter({ router_id: 'r2', meeting_id: 'm2', generation: 1 });
    expect(
      await failure(() => test.calls.createConsumers({ ...COUNTS, consumers: consumers.slice(2) })),
    ).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    await test.calls.closeTransport({ ...COUNTS, transport_id: others[0]?.transportId ?? '' });
    await test.calls.createConsumers({ ...COUNTS, consumers: consumers.slice(2) });
    expect(test.worker.stats().consumers).toBe(2);
  });

  it('SFU-3 refuses transports over the limit of the worker', async () => {
    const test = await startTestWorker({ maxTransports: 2 });
    expect(await failure(() => makeTransports(test, 1, 2, 3))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    await makeTransports(test, 1, 2);
    expect(await failure(() => makeTransports(test, 3))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
  });

  it('SFU-3 says so when a router closes while its transports are being made', async () => {
    const test = await startTestWorker();
    const making = makeTransports(test, 1);
    await test.calls.closeRouter({ router_id: ROUTER_ID });
    expect(await failure(() => making)).toMatchObject({ code: 'NOT_FOUND' });
  });

  const quantiles = {
    p50: expect.any(Number),
    p95: expect.any(Number),
    p99: expect.any(Number),
    p999: expect.any(Number),
    count: 1,
    sum: expect.any(Number),
  };

  it('SFU-3 MH-8 reports what it holds, what it has used and what went through it', async () => {
    const test = await startTestWorker();
    const [ada, bob] = [await join(test, 1), await join(test, 2)];
    await subscribe(test, bob, await publish(test, ada, 10));
    for (let sequence = 0; sequence < 16; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
    ada.client.sendDatagram(frame(9, 9));
    await settle();
    expect(await test.calls.stats(null)).toEqual({
      routers: 1,
      sessions: 2,
      producers: 1,
      consumers: 1,
      subscriptions: 1,
      cpu_us: 5,
      rss_bytes: 7,
      datagrams_in: 17,
      datagrams_out: 16,
      bytes_in: 17 * 50,
      bytes_out: 16 * 50,
      drops: { notSendersStream: 1 },
      counters: expect.objectContaining({ datagramsIn: 17, datagramsRouted: 16, copiesOffered: 16 }),
      forwarded_by_hops: { 0: 16 },
      datagrams_in_per_second: 0,
      datagrams_out_per_second: 0,
      bits_in_per_second: 0,
      bits_out_per_second: 0,
      forwarding_us: quantiles,
      forwarding_10s_us: quantiles,
      forwarding_60s_us: quantiles,
      forwarding_buckets_us: expect.arrayContaining([{ le: 10_000, count: 1 }]),
    });
  });

  it('MH-8 tells rates, and the CPU time of a datagram, over the last interval', async () => {
    let cpuUs = 1_000;
    const test = await startTestWorker({}, () => ({ cpuUs, rssBytes: 7 }));
    const [ada, bob] = [await join(test, 1), await join(test, 2)];
    await subscribe(test, bob, await publish(test, ada, 10));
    test.worker.sampleRates();
    for (let sequence = 0; sequence < 20; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
    await settle();
    test.clock.nowMs += 2_000;
    cpuUs += 400;
    test.worker.sampleRates();
    expect(test.worker.stats()).toMatchObject({
      datagrams_in_per_second: 10,
      datagrams_out_per_second: 10,
      bits_in_per_second: 20 * 50 * 4,
      bits_out_per_second: 20 * 50 * 4,
      cpu_us_per_datagram: 10,
    });
  });

  it('MH-8 leaves out the forwarding times that it does not know', async () => {
    const test = await startTestWorker();
    expect(test.worker.stats()).not.toHaveProperty('forwarding_us');
  });
});
