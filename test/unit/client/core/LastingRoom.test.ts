import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LastingRoom } from '../../../../client/core/LastingRoom.ts';
import type { RoomEnd } from '../../../../client/core/RoomEvents.ts';
import { webTransport } from '../../../../client/core/transport.ts';
import { apiFailure, LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { breakSignaling, joinOf } from '../lastingRooms.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';

const CONTROLLER = 'https://controller.test/signaling';
const OTHER = 'https://other.test/signaling';

/** A first join that has yet to succeed or fail; `meeting` may be prepared before anything is asked of it. */
function beginJoin(prepare: (meeting: LoopbackMeeting) => void) {
  const meeting = new LoopbackMeeting();
  const time = new ManualTime();
  prepare(meeting);
  const outcome: { lasting?: LastingRoom; error?: unknown } = {};
  joinOf(meeting, time, 'Ada').then(
    (lasting) => {
      outcome.lasting = lasting;
      onTestFinished(() => lasting.leave());
    },
    (error: unknown) => {
      outcome.error = error;
    },
  );
  return { meeting, time, outcome };
}

async function join(displayName = 'Ada') {
  const meeting = new LoopbackMeeting();
  const time = new ManualTime();
  const lasting = await joinOf(meeting, time, displayName);
  onTestFinished(() => lasting.leave());
  const told: string[] = [];
  const ends: RoomEnd[] = [];
  lasting.on('rejoining', () => told.push('rejoining'));
  lasting.on('rejoined', ({ self }) => told.push(`rejoined as ${self.displayName}`));
  lasting.on('ended', (end) => ends.push(end));
  return { meeting, time, lasting, told, ends };
}

type Joined = Awaited<ReturnType<typeof join>>;

/** Lets pauses between attempts pass until it is so. */
async function passUntil(time: ManualTime, isSo: () => boolean): Promise<void> {
  await until(() => {
    time.advance(100);
    return isSo();
  });
}

/** Lets so many seconds pass, slowly enough for heartbeats to be answered. */
async function pass(joined: Joined, seconds: number): Promise<void> {
  const { meeting, time } = joined;
  for (let passed = 0; passed < seconds; passed += 5) {
    const heartbeats = heartbeatsOf(meeting);
    time.advance(5_000);
    if (passed % 15 === 10) await until(() => heartbeatsOf(meeting) > heartbeats);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function heartbeatsOf({ signaling }: LoopbackMeeting): number {
  return signaling.sessions
    .flatMap(({ messages }) => messages)
    .filter(({ payload }) => payload === 'heartbeat').length;
}

function unreachableAnswer(outcome: string): Response {
  return Response.json({ outcome, reports: 1, needed: 2 });
}

describe('a lasting room', () => {
  it('GC-17 comes back with its name and its participant id when signaling breaks, and reports nobody who answers', async () => {
    const joined = await join();
    const { meeting, time, lasting, told, ends } = joined;
    const first = lasting.room;
    time.advance(10_000);
    breakSignaling(meeting);
    await until(() => told.length === 2);
    expect(told).toEqual(['rejoining', 'rejoined as Ada']);
    expect(lasting.room).not.toBe(first);
    expect([first.ended, lasting.room.ended]).toEqual([true, false]);
    expect(meeting.asked).toEqual(['POST /join', 'POST /join/refresh']);
    expect(ends).toEqual([]);
  });

  it('GC-17 reports a controller that it cannot reach again, with its join token, and goes where the meeting is then', async () => {
    const joined = await join();
    const { meeting, time, told } = joined;
    meeting.down.add(CONTROLLER);
    let reports = 0;
    meeting.answers.set('/unreachable', () => {
      reports += 1;
      if (reports === 2) meeting.controllerUrl = OTHER;
      return unreachableAnswer(reports === 2 ? 'moved' : 'counted');
    });
    breakSignaling(meeting);
    await passUntil(time, () => told.length === 2);
    expect(told).toEqual(['rejoining', 'rejoined as Ada']);
    expect(meeting.asked).toEqual([
      'POST /join',
      'POST /join/refresh',
      'POST /unreachable Ada#2',
      'POST /join/refresh',
      'POST /unreachable Ada#3',
      'POST /join/refresh',
    ]);
    expect(meeting.pairs.filter(({ url }) => url === OTHER).length).toBe(1);
  });

  it('GC-17 waits longer after each failed attempt, at most 5 s, and gives up after 90 s', async () => {
    const joined = await join();
    const { meeting, time, ends } = joined;
    meeting.answers.set('/join/refresh', () => apiFailure('NO_CAPACITY'));
    const startedAtMs = time.monotonicMs();
    breakSignaling(meeting);
    const attempts: number[] = [];
    await until(() => {
      if (meeting.asked.length > attempts.length + 1) attempts.push(time.monotonicMs() - startedAtMs);
      // Only what is due moves the time on: each attempt is seen when it happens.
      else if (time.pending > 0) time.advance(50);
      return ends.length === 1;
    });
    const pauses = attempts.slice(1).map((at, index) => at - (attempts[index] ?? 0));
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_500);
    expect(attempts.length).toBeLessThan(45);
    expect(attempts.at(-1)).toBeGreaterThanOrEqual(90_000);
    expect(ends).toMatchObject([{ source: 'signaling', error: { code: 'lost' } }]);
  });

  it('GC-17 waits before it follows a room that broke soon again, and gives up after 90 s of such rooms', async () => {
    const joined = await join();
    const { meeting, time, lasting, told, ends } = joined;
    const startedAtMs = time.monotonicMs();
    const enteredAtMs: number[] = [];
    lasting.on('rejoined', () => {
      enteredAtMs.push(time.monotonicMs() - startedAtMs);
      breakSignaling(meeting);
    });
    breakSignaling(meeting);
    await until(() => told.length === 3);
    expect([enteredAtMs, time.pending > 0]).toEqual([[0], true]);
    await until(() => {
      time.advance(50);
      return ends.length === 1;
    });
    expect(enteredAtMs.length).toBeLessThan(45);
    expect(enteredAtMs.at(-1)).toBeGreaterThanOrEqual(90_000);
    expect(ends).toMatchObject([{ source: 'signaling' }]);
    expect(meeting.asked.length).toBe(enteredAtMs.length + 1);
  });

  it('GC-17 reports a controller that it cannot reach at first either, and enters where the meeting is then', async () => {
    const { meeting, time, outcome } = beginJoin((prepared) => {
      prepared.down.add(CONTROLLER);
      prepared.answers.set('/unreachable', () => {
        prepared.controllerUrl = OTHER;
        return unreachableAnswer('moved');
      });
    });
    await passUntil(time, () => outcome.lasting !== undefined);
    expect(outcome.lasting?.room.self.displayName).toMatch(/^Ada/);
    expect(meeting.asked).toEqual(['POST /join', 'POST /unreachable Ada', 'POST /join/refresh']);
    expect(meeting.pairs.filter(({ url }) => url === OTHER).length).toBe(1);
  });

  it('GC-17 gives a first join up after 40 s without a controller', async () => {
    const { meeting, time, outcome } = beginJoin((prepared) => {
      prepared.down.add(CONTROLLER);
      prepared.answers.set('/unreachable', () => unreachableAnswer('counted'));
    });
    const startedAtMs = time.monotonicMs();
    await passUntil(time, () => outcome.error !== undefined);
    expect(outcome.error).toMatchObject({ code: 'unreachable' });
    expect(time.monotonicMs() - startedAtMs).toBeGreaterThanOrEqual(40_000);
    expect([meeting.asked.length < 45 * 2, time.pending]).toEqual([true, 0]);
  });

  it('GC-17 reports nobody where the runtime itself has no way to a controller, and says so at once', async () => {
    vi.stubGlobal('WebTransport', undefined);
    onTestFinished(() => void vi.unstubAllGlobals());
    const meeting = new LoopbackMeeting();
    const joining = joinOf(meeting, new ManualTime(), 'Ada', webTransport);
    await expect(joining).rejects.toMatchObject({ code: 'unsupported' });
    expect(meeting.asked).toEqual(['POST /join']);
  });

  it('GC-17 says at once that a media server cannot be reached at first', async () => {
    const { meeting, outcome } = beginJoin(({ down }) => down.add('https://media.test/media'));
    await until(() => outcome.error !== undefined);
    expect(outcome.error).toMatchObject({ code: 'unreachable' });
    expect(meeting.asked).toEqual(['POST /join']);
  });

  it('GC-13 is over without a word of joining again when the API says that the meeting has ended', async () => {
    const joined = await join();
    const { meeting, told, ends } = joined;
    meeting.answers.set('/join/refresh', () => apiFailure('NOT_FOUND', 'Meeting has ended'));
    meeting.pairs[0]?.pair.server.close({ closeCode: 4404, reason: 'Meeting has ended' });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ source: 'signaling', error: { refusal: 'NOT_FOUND' } }]);
    expect(told).toEqual([]);
  });

  it('GC-8 follows a meeting that its controller has no more because another one serves it', async () => {
    const joined = await join();
    const { meeting, told } = joined;
    meeting.controllerUrl = OTHER;
    meeting.pairs[0]?.pair.server.close({ closeCode: 4404, reason: 'Meeting has ended' });
    await until(() => told.length === 2);
    expect(meeting.pairs.filter(({ url }) => url === OTHER).length).toBe(1);
  });

  it.each([
    ['removed', 4403],
    ['joined elsewhere', 4409],
    ['over a bound', 4429],
    ['malformed', 4400],
  ])('does not come back when it was sent away: %s', async (_why, closeCode) => {
    const { meeting, ends, told } = await join();
    meeting.pairs[0]?.pair.server.close({ closeCode, reason: 'No' });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ source: 'signaling', error: { closeCode } }]);
    expect([told, meeting.asked]).toEqual([[], ['POST /join']]);
  });

  it('GC-15 joins as a new participant when its token is too old to be refreshed', async () => {
    const joined = await join();
    const { meeting, told } = joined;
    meeting.answers.set('/join/refresh', () => apiFailure('UNAUTHORIZED'));
    breakSignaling(meeting);
    await until(() => told.length === 2);
    expect(meeting.asked).toEqual(['POST /join', 'POST /join/refresh', 'POST /join']);
  });

  it('GC-17 stops coming back when it leaves, wherever it is', async () => {
    const joined = await join();
    const { meeting, time, lasting, told, ends } = joined;
    meeting.answers.set('/join/refresh', () => apiFailure('NO_CAPACITY'));
    breakSignaling(meeting);
    await until(() => told.length === 1);
    await lasting.leave();
    const asked = meeting.asked.length;
    time.advance(120_000);
    expect(ends).toEqual([{ source: 'local' }]);
    expect([meeting.asked.length, time.pending]).toEqual([asked, 0]);
  });

  it('GC-15 refreshes its token before it expires, without leaving, for as long as it stays', async () => {
    const joined = await join();
    const { meeting, lasting, told } = joined;
    const first = lasting.room;
    for (let round = 1; round <= 2; round++) {
      await pass(joined, 390);
      expect(meeting.asked.length).toBe(round);
      await pass(joined, 15);
      expect(meeting.asked.length).toBe(round + 1);
    }
    expect(meeting.asked.slice(1)).toEqual(Array(2).fill('POST /join/refresh'));
    expect([lasting.room === first, first.ended, told]).toEqual([true, false, []]);
  });

  it('GC-15 tries again when its token could not be refreshed, and stays meanwhile', async () => {
    const joined = await join();
    const { meeting, lasting, told } = joined;
    let failures = 0;
    meeting.answers.set('/join/refresh', () => (failures++ < 3 ? apiFailure('INTERNAL_ERROR') : undefined));
    await pass(joined, 480);
    expect(meeting.asked.length).toBe(1 + 4);
    expect([lasting.room.ended, told]).toEqual([false, []]);
  });

  it('GC-8 GC-15 moves when a refreshed token is for another controller', async () => {
    const joined = await join();
    const { meeting, told } = joined;
    meeting.controllerUrl = OTHER;
    await pass(joined, 390);
    expect(told).toEqual([]);
    await pass(joined, 10);
    await until(() => told.length === 2);
    expect(meeting.pairs.filter(({ url }) => url === OTHER).length).toBe(1);
    expect(told).toEqual(['rejoining', 'rejoined as Ada']);
  });
});
