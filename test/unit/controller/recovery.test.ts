import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/error.ts';
import type { TestClient } from './support/TestClient.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

/** Everyone publishes one stream and subscribes to those of all others. */
async function meetingOf(count: number): Promise<{ test: TestMeeting; clients: TestClient[] }> {
  const test = await TestMeeting.start();
  const clients: TestClient[] = [];
  for (let index = 0; index < count; index++) clients.push(await test.joined());
  const streamIds = await Promise.all(clients.map((client) => client.publish()));
  for (const client of clients) {
    for (const [index, other] of clients.entries())
      if (other !== client) await client.subscribe(other.userId, streamIds[index] ?? 0);
  }
  return { test, clients };
}

function held(test: TestMeeting) {
  const [router] = test.plane.routers.values();
  return {
    users: [...(router?.transports.values() ?? [])].map(({ user_id }) => user_id).toSorted(),
    streams: [...(router?.producers.values() ?? [])].map(({ transportId, request }) => ({
      user: router?.transports.get(transportId)?.user_id,
      stream: request.stream_id,
    })),
  };
}

describe('a meeting whose router is lost', () => {
  it('SFU-9 gets another with the same users, streams and subscriptions, and tells everyone where', async () => {
    const { test, clients } = await meetingOf(3);
    const before = { ...held(test), totals: test.plane.totals };
    const tokens = clients.map((client) => client.mediaToken);
    expect(test.loseRouter()).toBe(1);
    for (const [index, client] of clients.entries()) {
      const { mediaServerChanged } = await client.untilNotice('mediaServerChanged');
      expect(mediaServerChanged?.mediaServers).toHaveLength(1);
      expect(client.mediaToken).not.toBe(tokens[index]);
      expect(client.closed).toBeUndefined();
      expect(client.notices('participantLeft')).toEqual([]);
      expect(client.roster.size).toBe(2);
    }
    expect({ ...held(test), totals: test.plane.totals }).toEqual(before);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 3, producers: 3, consumers: 6 });
  });

  it('SFU-9 is made again in one call for each kind of thing', async () => {
    const { test, clients } = await meetingOf(6);
    test.plane.calls.length = 0;
    test.loseRouter();
    await Promise.all(clients.map((client) => client.untilNotice('mediaServerChanged')));
    expect(test.plane.calls).toEqual([
      'createRouter mh-primary',
      'createTransports mh-primary',
      'createProducers mh-primary',
      'createConsumers mh-primary',
    ]);
  });

  it('SFU-9 is noticed without the handler saying so, by the first request that needs the router', async () => {
    const { test, clients } = await meetingOf(2);
    test.plane.forget();
    const streamId = await clients[0]?.publish();
    expect(streamId).toBe(2);
    for (const client of clients) await client.untilNotice('mediaServerChanged');
    expect(test.plane.totals).toEqual({ routers: 1, transports: 2, producers: 3, consumers: 2 });

    test.plane.forget();
    const late = await test.joined();
    for (const client of clients) await client.untilNotice('mediaServerChanged', 2);
    expect(late.roster.size).toBe(2);
    expect(test.plane.totals).toMatchObject({ routers: 1, transports: 3, producers: 3 });
  });

  it('SFU-9 carries out the requests that were under way or came meanwhile, in their order', async () => {
    const { test, clients } = await meetingOf(2);
    const [ada, ben] = clients as [TestClient, TestClient];
    const release = test.plane.hold('createTransports');
    test.loseRouter();
    const published = ada.publish();
    const unsubscribed = ben.request({ unsubscribeStream: { userId: ada.userId, streamId: 1 } });
    const left = ben.request({ mute: { audioMuted: true, videoMuted: false } });
    release();
    expect(await published).toBe(2);
    expect((await unsubscribed).unsubscribed).toBeTruthy();
    expect((await left).ack).toBeTruthy();
    expect((await ben.subscribe(ada.userId, 2)).subscribed).toBeTruthy();
    expect(test.plane.totals).toEqual({ routers: 1, transports: 2, producers: 3, consumers: 2 });
  });

  it.each(['createRouter', 'createTransports', 'createProducers', 'createConsumers'] as const)(
    'SFU-9 leaves nothing behind of who leaves during %s',
    async (method) => {
      const { test, clients } = await meetingOf(4);
      const release = test.plane.hold(method);
      test.plane.calls.length = 0;
      test.loseRouter();
      await expect
        .poll(() => test.plane.calls.some((call) => call.startsWith(method)), { interval: 1 })
        .toBe(true);
      const [leaving, ...staying] = clients;
      leaving?.session.lose();
      for (const client of staying) await client.untilNotice('participantLeft');
      release();
      for (const client of staying) await client.untilNotice('mediaServerChanged');
      await test.controller.settled();
      expect(held(test).users).toEqual(staying.map((client) => client.userId).toSorted());
      expect(test.plane.totals).toEqual({ routers: 1, transports: 3, producers: 3, consumers: 6 });
    },
  );

  it('SFU-9 makes nothing when all leave during the recovery', async () => {
    const { test, clients } = await meetingOf(3);
    const release = test.plane.hold('createTransports');
    test.loseRouter();
    for (const client of clients) client.session.lose();
    await expect.poll(() => test.meeting.participants.size, { interval: 1 }).toBe(0);
    release();
    await test.controller.settled();
    expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
  });

  it.each(['createTransports', 'createProducers', 'createConsumers'] as const)(
    'SFU-9 starts over when the next router is lost as well, right behind %s',
    async (method) => {
      const { test, clients } = await meetingOf(3);
      let losses = 0;
      test.plane.after = (called) => {
        if (called === method && losses++ === 0) test.loseRouter();
      };
      test.loseRouter();
      for (const client of clients) await client.untilNotice('mediaServerChanged');
      expect(losses).toBeGreaterThan(1);
      expect(test.plane.totals).toEqual({ routers: 1, transports: 3, producers: 3, consumers: 6 });
      for (const client of clients)
        expect(
          test.plane.routers
            .values()
            .next()
            .value?.transports.has(client.mediaToken?.slice(9) ?? ''),
        ).toBe(true);
    },
  );

  it('SFU-8 SFU-9 goes to the next handler when its own is full, and prefers its own when it is not', async () => {
    const { test, clients } = await meetingOf(2);
    const serveAgain = test.plane.fail(
      'createRouter',
      new ApiError('CAPACITY_EXCEEDED', 'Every worker is full'),
      'mh-primary',
    );
    test.loseRouter();
    for (const client of clients) await client.untilNotice('mediaServerChanged');
    expect(test.meeting.router.address?.handler.handler_id).toBe('mh-backup');
    serveAgain();
    test.loseRouter();
    for (const client of clients) await client.untilNotice('mediaServerChanged', 2);
    expect(test.meeting.router.address?.handler.handler_id).toBe('mh-backup');
  });

  it.each(['createTransports', 'createProducers', 'createConsumers'] as const)(
    'SFU-8 SFU-9 gives the router back when %s finds no room on its worker, and goes to the next handler',
    async (method) => {
      const { test, clients } = await meetingOf(3);
      const full = new ApiError('CAPACITY_EXCEEDED', 'The worker is full');
      const serveAgain = test.plane.fail(method, full, 'mh-primary');
      test.plane.calls.length = 0;
      test.loseRouter();
      for (const client of clients) await client.untilNotice('mediaServerChanged');
      await test.controller.settled();
      expect(test.meeting.router.address?.handler.handler_id).toBe('mh-backup');
      expect(test.plane.calls.filter((call) => call === 'createRouter mh-primary')).toHaveLength(1);
      expect(test.plane.calls.filter((call) => call === 'closeRouter mh-primary')).toHaveLength(1);
      expect(test.plane.totals).toEqual({ routers: 1, transports: 3, producers: 3, consumers: 6 });
      for (const client of clients) {
        expect(client.closed).toBeUndefined();
        expect(client.notices('mediaServerChanged')).toHaveLength(1);
      }
      serveAgain();
      const late = await test.joined();
      expect((await late.subscribe(clients[0]?.userId ?? 0, 1)).subscribed).toBeTruthy();
    },
  );

  it('SFU-8 SFU-9 takes along who joined at a router that is given back', async () => {
    const { test, clients } = await meetingOf(2);
    test.plane.fail('createConsumers', new ApiError('CAPACITY_EXCEEDED', 'The worker is full'), 'mh-primary');
    const release = test.plane.hold('createProducers');
    test.loseRouter();
    const late = await test.joined();
    const before = late.mediaToken;
    release();
    for (const client of [...clients, late]) await client.untilNotice('mediaServerChanged');
    await test.controller.settled();
    expect(late.mediaToken).not.toBe(before);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 3, producers: 2, consumers: 2 });
    expect([...test.plane.routers.values()].map(({ handlerId }) => handlerId)).toEqual(['mh-backup']);
  });

  it('SFU-8 SFU-9 sends everyone away with 4503 when the meeting fits on no handler, and leaves nothing there', async () => {
    const { test, clients } = await meetingOf(2);
    test.plane.fail('createConsumers', new ApiError('CAPACITY_EXCEEDED', 'The worker is full'));
    test.loseRouter();
    for (const client of clients) expect(await client.untilClosed()).toMatchObject({ code: 4503 });
    await test.controller.settled();
    expect(test.plane.calls).toContain('createConsumers mh-backup');
    expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
  });

  it('SFU-9 waits for a handler whose only worker is just starting again', async () => {
    const { test, clients } = await meetingOf(2);
    const serve = test.plane.fail('createRouter', new ApiError('NO_CAPACITY', 'No worker serves'));
    const waits: number[] = [];
    test.wait = async (ms) => {
      waits.push(ms);
      if (waits.length === 2) serve();
    };
    test.loseRouter();
    for (const client of clients) await client.untilNotice('mediaServerChanged');
    expect(test.plane.totals).toMatchObject({ routers: 1, transports: 2 });
  });

  it('SFU-9 sends everyone away with 4503 when there is no other router to be had', async () => {
    const { test, clients } = await meetingOf(3);
    test.plane.fail('createRouter', new ApiError('NO_CAPACITY', 'No worker serves'));
    test.loseRouter();
    for (const client of clients) expect(await client.untilClosed()).toMatchObject({ code: 4503 });
    await test.controller.settled();
    expect(test.meeting.participants.size).toBe(0);
    expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
  });

  it('SFU-9 is not moved on for ever when every worker dies that it goes to', async () => {
    const { test, clients } = await meetingOf(2);
    for (let losses = 1; losses <= 5; losses++) {
      test.loseRouter();
      for (const client of clients) await client.untilNotice('mediaServerChanged', losses);
    }
    test.loseRouter();
    for (const client of clients) expect(await client.untilClosed()).toMatchObject({ code: 4503 });
  });

  it('SFU-9 does not act on what is not its router or does not come from its handler', async () => {
    const { test, clients } = await meetingOf(2);
    const { address } = test.meeting.router;
    const tell = (handlerId: string, routerId: string, meetingId = MEETING_ID) =>
      test.controller.routersLost({
        handler_id: handlerId,
        routers: [{ router_id: routerId, meeting_id: meetingId }],
        reason: 'A lie',
      }).recovering;
    expect(tell('mh-backup', address?.routerId ?? '')).toBe(0);
    expect(tell('mh-primary', 'r999')).toBe(0);
    expect(tell('mh-primary', address?.routerId ?? '', 'other')).toBe(0);
    await test.controller.settled();
    for (const client of clients) expect(client.notices('mediaServerChanged')).toEqual([]);
  });
});
