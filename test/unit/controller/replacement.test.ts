import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/error.ts';
import type { TestClient } from './support/TestClient.ts';
import { MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const SILENT = new ApiError('NO_CAPACITY', 'Cannot reach the handler', {
  details: { reason: 'unreachable' },
});
const FULL = new ApiError('CAPACITY_EXCEEDED', 'Every worker is full');

/** Two participants who see each other, at the primary. */
async function meetingOfTwo(spare: string[]): Promise<{ test: TestMeeting; clients: TestClient[] }> {
  const test = await TestMeeting.start();
  test.controlPlane.spare = spare;
  const clients = [await test.joined(), await test.joined()];
  for (const client of clients) await client.publish();
  const [ada, ben] = clients as [TestClient, TestClient];
  await ada.subscribe(ben.userId, 1);
  await ben.subscribe(ada.userId, 1);
  return { test, clients };
}

/** Handlers that answer nothing from now on. */
function kill(test: TestMeeting, ...handlerIds: string[]): void {
  const { before } = test.plane;
  for (const [id, router] of test.plane.routers)
    if (handlerIds.includes(router.handlerId)) test.plane.routers.delete(id);
  test.plane.before = (method, at) => {
    if (handlerIds.includes(at)) throw SILENT;
    return before(method, at);
  };
}

/** Ticks until this is so. */
async function ticking(test: TestMeeting, isSo: () => boolean): Promise<void> {
  await expect
    .poll(
      () => {
        test.pass(1_000);
        return isSo();
      },
      { interval: 1 },
    )
    .toBe(true);
}

describe('a meeting whose media handlers have failed', () => {
  it('GC-11 MC-11 asks for others once none of its own serves, and everyone meets again there', async () => {
    const { test, clients } = await meetingOfTwo(['mh-3', 'mh-4']);
    kill(test, 'mh-primary', 'mh-backup');
    await ticking(test, () => clients.every((client) => client.notices('mediaServerChanged').length > 0));
    expect(test.controlPlane.replacements).toEqual([
      {
        meeting_id: MEETING_ID,
        generation: 1,
        failed: [
          { handler_id: 'mh-primary', reason: SILENT.message },
          { handler_id: 'mh-backup', reason: SILENT.message },
        ],
      },
    ]);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 2, producers: 2, consumers: 2 });
    expect([...test.plane.routers.values()].map(({ handlerId }) => handlerId)).toEqual(['mh-3']);
    expect(clients.map((client) => client.closed)).toEqual([undefined, undefined]);
    expect(test.meeting.handlerIds).toEqual(['mh-3', 'mh-4']);
  });

  it('MC-11 GC-11 goes to the backup without asking, and asks for a new backup behind it', async () => {
    const { test, clients } = await meetingOfTwo(['mh-backup', 'mh-3']);
    kill(test, 'mh-primary');
    await ticking(test, () => clients.every((client) => client.notices('mediaServerChanged').length > 0));
    await test.controller.settled();
    expect([...test.plane.routers.values()].map(({ handlerId }) => handlerId)).toEqual(['mh-backup']);
    expect(test.controlPlane.replacements).toHaveLength(1);
    expect(test.meeting.handlerIds).toEqual(['mh-backup', 'mh-3']);
  });

  it('SFU-9 does not ask for others where a worker alone was lost', async () => {
    const { test, clients } = await meetingOfTwo(['mh-3']);
    test.loseRouter();
    for (const client of clients) await client.untilNotice('mediaServerChanged');
    await test.controller.settled();
    expect(test.controlPlane.replacements).toEqual([]);
  });

  it('GC-11 asks with the handlers that are full, for all who join at once in one request', async () => {
    const test = await TestMeeting.start();
    test.controlPlane.spare = ['mh-3'];
    test.plane.fail('createRouter', FULL, 'mh-primary');
    test.plane.fail('createRouter', FULL, 'mh-backup');
    await Promise.all([test.joined(), test.joined(), test.joined()]);
    expect(test.controlPlane.replacements).toHaveLength(1);
    expect(test.plane.totals).toMatchObject({ routers: 1, transports: 3 });
  });

  it('GC-11 asks again with growing waits while there are none, and a bounded number of times', async () => {
    const test = await TestMeeting.start();
    test.plane.fail('createRouter', FULL);
    const waits: number[] = [];
    test.wait = async (ms) => void waits.push(ms);
    const client = await test.opened();
    expect((await client.join(await test.token())).error?.message).toBe(
      'No media server has room for this meeting',
    );
    expect(test.controlPlane.replacements).toHaveLength(3);
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBeGreaterThanOrEqual(100);
    expect(waits[0]).toBeLessThanOrEqual(200);
    expect(waits[1]).toBeGreaterThanOrEqual(200);
    expect(waits[1]).toBeLessThanOrEqual(400);
  });

  it('GC-11 recovers once the global controller is back', async () => {
    const { test, clients } = await meetingOfTwo(['mh-3']);
    let calls = 0;
    test.controlPlane.before = () => {
      if (++calls <= 2) throw new ApiError('NO_CAPACITY', 'No answer from the global controller');
    };
    kill(test, 'mh-primary', 'mh-backup');
    await ticking(test, () => clients.every((client) => client.notices('mediaServerChanged').length > 0));
    expect(calls).toBe(3);
    expect(test.plane.totals).toEqual({ routers: 1, transports: 2, producers: 2, consumers: 2 });
  });

  it('MC-8 GC-11 lets the meeting go when another controller serves it, and sends everyone there', async () => {
    const { test, clients } = await meetingOfTwo([]);
    test.controlPlane.before = () => {
      throw new ApiError('CONFLICT', 'Served by "mc-2" in generation 2');
    };
    kill(test, 'mh-primary', 'mh-backup');
    await ticking(test, () => clients.every((client) => client.closed !== undefined));
    for (const client of clients)
      expect(client.closed).toMatchObject({
        code: 4503,
        reason: 'Meeting is served by another controller: join again',
      });
    expect(test.controller.meetings.size).toBe(0);
    expect(test.controlPlane.replacements).toHaveLength(1);
  });

  it('GC-11 GC-13 ends the meeting when it has ended at the global controller', async () => {
    const { test, clients } = await meetingOfTwo([]);
    test.controlPlane.before = () => {
      throw new ApiError('NOT_FOUND', 'No meeting is active');
    };
    kill(test, 'mh-primary', 'mh-backup');
    await ticking(test, () => clients.every((client) => client.closed !== undefined));
    for (const client of clients) expect(client.closed).toMatchObject({ code: 4404 });
    expect(test.controller.meetings.size).toBe(0);
  });

  it('MC-8 lets the meeting go when a media handler serves a later generation of it', async () => {
    const test = await TestMeeting.start();
    test.plane.fail('createRouter', new ApiError('CONFLICT', 'Generation 1 is over'));
    const client = await test.opened();
    await client.send({ join: { joinToken: await test.token() } });
    expect(await client.untilClosed()).toMatchObject({ code: 4503 });
    expect(test.controller.meetings.size).toBe(0);
  });
});

describe('the watch over media handlers', () => {
  it('SFU-9 takes one failed probe for nothing', async () => {
    const { test, clients } = await meetingOfTwo([]);
    let probes = 0;
    test.plane.before = (method) => {
      if (method === 'hasRouter' && ++probes % 2 === 1) throw SILENT;
    };
    await ticking(test, () => probes > 5);
    expect(test.logged.map(({ message }) => message)).toContain('Media handler does not answer');
    expect(clients.flatMap((client) => client.notices('mediaServerChanged'))).toEqual([]);
  });

  it('SFU-9 takes a handler that refuses for alive', async () => {
    const { test, clients } = await meetingOfTwo([]);
    test.plane.fail('hasRouter', new ApiError('UNAUTHORIZED', 'Node token refused'));
    const probes = () => test.plane.calls.filter((call) => call === 'hasRouter mh-primary').length;
    await ticking(test, () => probes() > 3);
    expect(clients.flatMap((client) => client.notices('mediaServerChanged'))).toEqual([]);
  });

  it('SFU-9 takes a handler that hangs for dead', async () => {
    const { test, clients } = await meetingOfTwo([]);
    const release = test.plane.hold('hasRouter');
    await ticking(test, () => clients.every((client) => client.notices('mediaServerChanged').length > 0));
    expect(clients.map((client) => client.closed)).toEqual([undefined, undefined]);
    release();
  });

  it('SFU-9 asks no handler that nobody uses', async () => {
    const test = await TestMeeting.start();
    test.pass(10_000);
    expect(test.plane.calls).toEqual([]);
  });
});
