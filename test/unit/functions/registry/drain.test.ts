import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NodeHealthBody } from '../../../../shared/api/node.ts';
import { gcPaths } from '../../../../shared/api/paths.ts';
import { ControlPlane, handlerRegistration } from '../support/ControlPlane.ts';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.start();
  await plane.addHandler('mh-1');
  await plane.addHandler('mh-2');
});

afterEach(async () => {
  await plane.stop();
});

async function call(method: 'POST' | 'DELETE', path: string): Promise<Response> {
  return await plane.app.request(path, { method });
}

async function bodyOf(response: Response): Promise<NodeHealthBody> {
  expect(response.status).toBe(200);
  return (await response.json()) as NodeHealthBody;
}

/** Controller and primary of a new meeting. */
async function assign(meetingId: string): Promise<string[]> {
  await plane.createMeeting(meetingId);
  expect((await plane.join(meetingId)).status).toBe(200);
  const asked = plane.controllers.asked.at(-1);
  return [asked?.controllerId ?? '', asked?.request.media_handlers[0]?.handler_id ?? ''];
}

describe('draining a node', () => {
  it('GC-3 keeps new meetings from it, whatever it says, until that is taken back and it reports', async () => {
    await plane.addController('mc-1');
    await plane.addController('mc-2');
    const drainHandler = gcPaths.drainMediaHandler('mh-1');
    const drainController = gcPaths.drainMeetingController('mc-1');
    const drained = { node_id: 'mh-1', health: 'DRAINING', drained: true };
    expect(await bodyOf(await call('POST', drainHandler))).toEqual(drained);
    expect(await bodyOf(await call('POST', drainHandler))).toEqual(drained);
    await bodyOf(await call('POST', drainController));
    await plane.reportHandler('mh-1');
    await plane.sendHeartbeat('mc-1', { meetings: 0, participants: 0, cpu_ratio: 0 });
    for (let i = 0; i < 8; i++) expect(await assign(`m-${i}`)).toEqual(['mc-2', 'mh-2']);
    expect(await bodyOf(await call('DELETE', drainHandler))).toEqual({
      node_id: 'mh-1',
      health: 'PENDING',
      drained: false,
    });
    await bodyOf(await call('DELETE', drainController));
    await call('POST', gcPaths.drainMediaHandler('mh-2'));
    await call('POST', gcPaths.drainMeetingController('mc-2'));
    await plane.createMeeting('too-early');
    expect((await plane.join('too-early')).status).toBe(503);
    await plane.reportHandler('mh-1');
    await plane.sendHeartbeat('mc-1');
    expect(await assign('later')).toEqual(['mc-1', 'mh-1']);
  });

  it('GC-8 leaves a drained controller the meetings that it has', async () => {
    await plane.addController('mc-1');
    await assign('standup');
    await call('POST', gcPaths.drainMeetingController('mc-1'));
    await plane.addController('mc-2');
    expect((await plane.join('standup')).status).toBe(200);
    expect(plane.controllers.asked).toHaveLength(1);
  });

  it('GC-1 outlives a new registration of the node', async () => {
    await call('POST', gcPaths.drainMediaHandler('mh-1'));
    await plane.post(gcPaths.mediaHandlers, handlerRegistration('mh-1', { zone: 'zone-z' }));
    await plane.reportHandler('mh-1');
    expect(await plane.stores.handlers.get('mh-1')).toMatchObject({
      registration: { zone: 'zone-z' },
      health: { state: 'DRAINING', drained: true },
    });
  });

  it('GC-3 says in the log who moved a node from where to where', async () => {
    plane.lines.splice(0);
    await call('POST', gcPaths.drainMediaHandler('mh-1'));
    await call('POST', gcPaths.drainMediaHandler('mh-1'));
    await plane.reportHandler('mh-1');
    const changes = plane.lines
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ message }) => message === 'Node health changed');
    expect(changes).toMatchObject([
      { handler_id: 'mh-1', from: 'HEALTHY', to: 'DRAINING', reason: 'drained by an operator' },
    ]);
  });

  it.each(['POST', 'DELETE'] as const)(
    'GC-3 answers 404 to %s for a node that is not there',
    async (method) => {
      const response = await call(method, gcPaths.drainMeetingController('mc-9'));
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { code: 'NOT_FOUND', message: 'No meeting controller "mc-9" is registered: check the id' },
      });
    },
  );
});

describe('reports that come late or twice', () => {
  it('GC-2 change nothing when they are not newer than the last one', async () => {
    const sentAtMs = plane.clock.nowMs;
    await plane.reportHandler('mh-1', { streams: 10, sent_at_ms: sentAtMs });
    plane.clock.advance(1_000);
    const before = await plane.stores.handlers.get('mh-1');
    await plane.reportHandler('mh-1', { streams: 10, sent_at_ms: sentAtMs });
    await plane.reportHandler('mh-1', { streams: 99, health: 'UNHEALTHY', sent_at_ms: sentAtMs - 5_000 });
    expect(await plane.stores.handlers.get('mh-1')).toEqual(before);
    await plane.reportHandler('mh-1', { streams: 11, sent_at_ms: sentAtMs + 1 });
    expect((await plane.stores.handlers.get('mh-1'))?.load.streams).toBe(11);
  });

  it('GC-9 do not shut a node out whose clock is set back by more than a report can be late', async () => {
    await plane.reportHandler('mh-1', { sent_at_ms: plane.clock.nowMs + 3_600_000 });
    await plane.reportHandler('mh-1', { streams: 5, sent_at_ms: plane.clock.nowMs });
    expect((await plane.stores.handlers.get('mh-1'))?.load.streams).toBe(5);
  });

  it('GC-9 take a node’s clock as it is: ahead or behind by 5 s, it stays healthy', async () => {
    for (const skewMs of [5_000, -5_000]) {
      await plane.post(gcPaths.mediaHandlers, handlerRegistration('mh-1'));
      for (let i = 0; i < 4; i++) {
        plane.clock.advance(10_000);
        await plane.reportHandler('mh-1', { streams: i, sent_at_ms: plane.clock.nowMs + skewMs });
        expect(await plane.stores.handlers.get('mh-1')).toMatchObject({
          health: { state: 'HEALTHY', atMs: plane.clock.nowMs },
          load: { streams: i },
        });
      }
    }
  });

  it('GC-2 leave the newest standing, in whatever order ten of them arrive at once', async () => {
    const reports = Array.from({ length: 10 }, (_, i) => i).sort((a, b) => ((a * 7) % 10) - ((b * 7) % 10));
    await Promise.all(
      reports.map((i) =>
        plane.reportHandler('mh-1', { streams: i, sent_at_ms: plane.clock.nowMs + i }).catch(() => undefined),
      ),
    );
    // Those that gave up were refused with 503; a node sends the next one soon.
    await plane.reportHandler('mh-1', { streams: 9, sent_at_ms: plane.clock.nowMs + 9 });
    expect((await plane.stores.handlers.get('mh-1'))?.load.streams).toBe(9);
  });
});
