// The controller's word that a meeting is over.
import { describe, expect, it } from 'vitest';
import { EMPTY_MEETING_LIMIT_MS } from '../../../shared/api/controllerNotice.ts';
import { ApiError } from '../../../shared/api/error.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const NOTICE = { meeting_id: MEETING_ID, generation: 1 };

/** A meeting that one participant was in and has left. */
async function left(): Promise<TestMeeting> {
  const test = await TestMeeting.start();
  const client = await test.joined();
  await client.send({ leave: {} });
  await client.untilClosed();
  await test.controller.settled();
  return test;
}

describe('a meeting that everybody has left', () => {
  it('GC-13 is told to have ended once nobody has been in it for the empty time, and is forgotten', async () => {
    const test = await left();
    test.pass(EMPTY_MEETING_LIMIT_MS - 1_000);
    await test.controller.settled();
    expect(test.controlPlane.ended).toEqual([]);
    expect(test.controller.meetings.size).toBe(1);
    test.pass(11_000);
    await test.controller.settled();
    expect(test.controlPlane.ended).toEqual([NOTICE]);
    expect(test.controller.meetings.size).toBe(0);
    test.pass(60_000);
    expect(test.controlPlane.ended).toHaveLength(1);
  });

  it('GC-13 goes on when somebody comes back before that', async () => {
    const test = await left();
    test.pass(EMPTY_MEETING_LIMIT_MS - 20_000);
    const again = await test.joined();
    test.pass(25_000);
    await again.request({ heartbeat: { sentAtMs: 1 } });
    test.pass(25_000);
    await test.controller.settled();
    expect(test.controlPlane.ended).toEqual([]);
    expect(again.closed).toBe(undefined);
  });

  it('GC-13 is told to have ended when nobody ever came', async () => {
    const test = await TestMeeting.start();
    test.pass(EMPTY_MEETING_LIMIT_MS + 11_000);
    await test.controller.settled();
    expect(test.controlPlane.ended).toEqual([NOTICE]);
  });

  it('GC-13 is not told to have ended when the global controller has ended it first', async () => {
    const test = await left();
    test.pass(EMPTY_MEETING_LIMIT_MS - 10_000);
    test.controller.endMeeting({ ...NOTICE, reason: 'Meeting has ended' });
    test.pass(30_000);
    expect(test.controlPlane.ended).toEqual([]);
  });

  it('GC-13 is told again with growing waits while the global controller is away, and given up after a while', async () => {
    const test = await left();
    test.controlPlane.before = () => {
      throw new ApiError('NO_CAPACITY', 'No answer from the global controller');
    };
    const told: number[] = [];
    for (let seconds = 0; seconds < 3 * 3_600; seconds += 10) {
      const before = test.controlPlane.ended.length;
      test.pass(10_000);
      await test.controller.settled();
      if (test.controlPlane.ended.length > before) told.push(test.clock.monotonicMs());
    }
    expect(told).toHaveLength(8);
    const waits = told.slice(1).map((atMs, index) => atMs - (told[index] ?? 0));
    expect(waits.at(-1)).toBeGreaterThan(waits[0] ?? 0);
    expect(Math.max(...waits)).toBeLessThanOrEqual(610_000);
    // It is held all the same: the global controller ends it by itself.
    expect(test.controller.meetings.size).toBe(1);
    test.controlPlane.before = () => undefined;
    expect((await test.joined()).welcome).toBeDefined();
  });

  it.each(['NOT_FOUND', 'CONFLICT'] as const)(
    'GC-13 MC-8 is forgotten when the answer is %s',
    async (code) => {
      const test = await left();
      test.controlPlane.before = () => {
        throw new ApiError(code, 'Not yours');
      };
      test.pass(EMPTY_MEETING_LIMIT_MS + 11_000);
      await test.controller.settled();
      expect(test.controlPlane.ended).toHaveLength(1);
      expect(test.controller.meetings.size).toBe(0);
    },
  );

  it('GC-13 tells whoever came in the last moment that it has ended', async () => {
    const test = await left();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    test.controlPlane.before = () => held;
    test.pass(EMPTY_MEETING_LIMIT_MS + 11_000);
    expect(test.controlPlane.ended).toHaveLength(1);
    const late = await test.joined();
    release();
    expect(await late.untilClosed()).toMatchObject({ code: 4404, reason: 'Meeting has ended' });
  });

  it('GC-13 leaves a meeting alone that was given back meanwhile in a later generation', async () => {
    const test = await left();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    test.controlPlane.before = () => held;
    test.pass(EMPTY_MEETING_LIMIT_MS + 11_000);
    test.controller.assignMeeting(assignment({ generation: 2 }));
    release();
    await test.controller.settled();
    expect(test.controller.meetings.size).toBe(1);
  });
});
