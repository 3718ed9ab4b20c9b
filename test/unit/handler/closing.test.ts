import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { routerSchema } from '../../../shared/api/handler.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import {
  frame,
  join,
  publish,
  ROUTER_ID,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  TestClient,
  type TestWorker,
} from './meeting.ts';

const routerCounts = routerSchema.pick({ transports: true, producers: true, consumers: true });
const EMPTY = { transports: 0, producers: 0, consumers: 0 };

/** Three participants; each publishes one stream, and everyone gets everyone else's. */
describe('closing, as CLOSING.md says', () => {
  let test: TestWorker;
  let seats: [Seat, Seat, Seat];
  let producers: [string, string, string];

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    test = await startTestWorker();
    seats = [await join(test, 1), await join(test, 2), await join(test, 3)];
    const [ada, bob, eve] = seats;
    producers = [await publish(test, ada, 10), await publish(test, bob, 20), await publish(test, eve, 30)];
    for (const [publisher, producer] of producers.entries())
      for (const [subscriber, seat] of seats.entries())
        if (publisher !== subscriber) await subscribe(test, seat, producer);
    await settle();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const counts = (): unknown => routerCounts.parse(test.calls.inspectRouter({ router_id: ROUTER_ID }));

  async function whoGets(sender: 0 | 1 | 2): Promise<number[]> {
    const before = seats.map(({ client }) => client.datagrams.length);
    seats[sender].client.sendDatagram(frame(sender + 1, (sender + 1) * 10));
    await settle();
    return seats.flatMap(({ client }, seat) => (client.datagrams.length > (before[seat] ?? 0) ? [seat] : []));
  }

  it('SFU-9 says which transports ended with their sessions, and nothing of those that it was asked to close', async () => {
    const [ada, bob, eve] = seats;
    await test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: ada.transportId });
    await settle();
    expect(test.ended).toEqual([]);
    bob.client.session.close(0, 'gone');
    await settle();
    expect(test.ended).toEqual([{ router_id: ROUTER_ID, transport_id: bob.transportId }]);
    await eve.client.sayBytes(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await settle();
    expect(test.ended.at(-1)).toEqual({ router_id: ROUTER_ID, transport_id: eve.transportId });
    expect(test.ended).toHaveLength(2);
    expect(counts()).toEqual(EMPTY);
  });

  it('SFU-3 starts with everyone getting everyone', async () => {
    expect(counts()).toEqual({ transports: 3, producers: 3, consumers: 6 });
    expect([await whoGets(0), await whoGets(1), await whoGets(2)]).toEqual([
      [1, 2],
      [0, 2],
      [0, 1],
    ]);
  });

  it('SFU-3 a consumer that closes takes itself away, and nothing else', async () => {
    const consumer = await freshConsumer();
    expect(await whoGets(0)).toEqual([1, 2]);
    for (let twice = 0; twice < 2; twice++)
      test.calls.closeConsumer({ router_id: ROUTER_ID, consumer_id: consumer });
    expect(await whoGets(0)).toEqual([2]);
    expect(counts()).toEqual({ transports: 3, producers: 3, consumers: 5 });
  });

  /** Replaces the consumer that Bob has of Ada's stream, so that its id is known. */
  async function freshConsumer(): Promise<string> {
    await test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producers[0] });
    const producer = await publish(test, seats[0], 10);
    await subscribe(test, seats[2], producer);
    return await subscribe(test, seats[1], producer);
  }

  it('SFU-3 a producer that closes takes its consumers with it', async () => {
    for (let twice = 0; twice < 2; twice++)
      test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: producers[0] });
    expect(counts()).toEqual({ transports: 3, producers: 2, consumers: 4 });
    expect(await whoGets(0)).toEqual([]);
    expect(await whoGets(1)).toEqual([0, 2]);
    expect(test.worker.counters.dropsByName()).toEqual({ noRoute: 1 });
  });

  it('SFU-3 a transport that closes takes consumers, producers and session with it', async () => {
    for (let twice = 0; twice < 2; twice++)
      test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: seats[0].transportId });
    await settle();
    expect(counts()).toEqual({ transports: 2, producers: 2, consumers: 2 });
    expect(seats[0].client.close).toMatchObject({ code: CloseCode.normal, reason: 'Left the meeting' });
    expect(await whoGets(1)).toEqual([2]);
  });

  it.each([
    ['closes', (seat: Seat) => seat.client.session.close(0, 'bye')],
    ['is lost', (seat: Seat) => seat.client.session.lose()],
  ])('SFU-3 a session that %s takes its transport with it, and the others go on', async (_name, end) => {
    end(seats[0]);
    await settle();
    expect(counts()).toEqual({ transports: 2, producers: 2, consumers: 2 });
    expect([await whoGets(1), await whoGets(2)]).toEqual([[2], [1]]);
    expect(test.worker.stats().sessions).toBe(2);
    test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: seats[0].transportId });
  });

  it('SFU-3 a router that closes takes everyone along and tells them why', async () => {
    test.calls.closeRouter({ router_id: ROUTER_ID });
    await settle();
    for (const { client } of seats)
      expect(client.close).toMatchObject({ code: CloseCode.normal, reason: 'Meeting has ended' });
    expect(test.worker.stats()).toMatchObject({ routers: 0, sessions: 0, producers: 0, consumers: 0 });
  });

  it('SFU-3 a worker that stops closes every router, twice without harm', async () => {
    test.worker.close(CloseCode.goingAway, 'Worker stops');
    test.worker.close(CloseCode.goingAway, 'Worker stops');
    await settle();
    for (const { client } of seats)
      expect(client.close).toMatchObject({ code: 4503, reason: 'Worker stops' });
  });

  it('SFU-3 leaves no timer behind, with requests for key frames pending', async () => {
    for (const seat of seats) seat.client.session.close(0, 'bye');
    await settle();
    expect(counts()).toEqual(EMPTY);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('SFU-3 a session that never authenticated leaves no timer behind and closes nothing', async () => {
    const stranger = new TestClient(test.worker);
    stranger.session.close(0, 'bye');
    await settle();
    expect(counts()).toEqual({ transports: 3, producers: 3, consumers: 6 });
    test.worker.close(CloseCode.goingAway, 'over');
    expect(vi.getTimerCount()).toBe(0);
  });
});
