// Random lives of a meeting: whatever several participants do, in whatever order and at once, they all know the same
// roster, the media handlers hold exactly what the roster says, and nothing is left at the end.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TestClient } from './support/TestClient.ts';
import { TestMeeting } from './support/TestMeeting.ts';

const SEATS = 5;
const seat = fc.nat(SEATS - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('join' as const), seat }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('publish' as const), seat }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('unpublish' as const), seat, pick: fc.nat(7) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('subscribe' as const), seat, pick: fc.nat(31) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('unsubscribe' as const), seat, pick: fc.nat(31) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('leave' as const), seat }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), seat }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('rejoin' as const), seat }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), seat }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Life {
  readonly test: TestMeeting;
  readonly seats: (TestClient | undefined)[] = new Array(SEATS).fill(undefined);

  constructor(test: TestMeeting) {
    this.test = test;
  }

  async take(step: Step): Promise<void> {
    if (step.type === 'lose') {
      this.test.loseRouter();
      // As time passes: a meeting that loses too many routers in a minute is given up.
      this.test.clock.advance(20_000);
      return;
    }
    const client = this.seats[step.seat];
    if (step.type === 'join' || step.type === 'rejoin') {
      if (client !== undefined && step.type === 'join') return;
      this.seats[step.seat] = await this.test.joined({ participantId: `seat-${step.seat}` });
      return;
    }
    if (client === undefined || client.closed !== undefined) return;
    const streams = [...client.roster].flatMap(([userId, { streamIds }]) =>
      [...streamIds].map((streamId) => ({ userId, streamId })),
    );
    switch (step.type) {
      case 'publish':
        await client.request({ publishStream: { info: { kind: 1, codec: 'vp8' } } });
        return;
      case 'unpublish':
        await client.request({ unpublishStream: { streamId: step.pick } });
        return;
      case 'subscribe':
        await client.request({ subscribeStream: streams[step.pick % (streams.length || 1)] ?? {} });
        return;
      case 'unsubscribe':
        await client.request({ unsubscribeStream: streams[step.pick % (streams.length || 1)] ?? {} });
        return;
      case 'leave':
        this.seats[step.seat] = undefined;
        await client.request({ leave: {} });
        return;
      case 'crash':
        this.seats[step.seat] = undefined;
        client.session.lose();
        return;
    }
  }

  /** What every participant has been told, and what the handlers hold, against what the controller has. */
  async check(): Promise<void> {
    await this.test.controller.settled();
    const { participants } = this.test.meeting;
    const truth = [...participants.values()].map(({ userId, streams }) => ({
      userId,
      streams: [...streams.keys()].toSorted(),
    }));
    for (const client of this.seats) {
      if (client === undefined || client.closed !== undefined) continue;
      await expect
        .poll(() => rosterOf(client), { interval: 1 })
        .toEqual(truth.filter(({ userId }) => userId !== client.userId).toSorted(byUserId));
    }
    await expect.poll(() => this.test.plane.totals, { interval: 1 }).toEqual(this.#expectedTotals());
    const [router] = this.test.plane.routers.values();
    const users = [...(router?.transports.values() ?? [])].map((transport) => transport.user_id);
    expect(users.toSorted()).toEqual(truth.map(({ userId }) => userId).toSorted());
    // Everyone knows of a transport that is there, and that is its own.
    const tokens = new Map(
      [...(router?.transports ?? [])].map(([id, { user_id }]) => [user_id, `token-of-${id}`]),
    );
    for (const client of this.seats) {
      if (client === undefined || client.closed !== undefined) continue;
      await expect.poll(() => client.mediaToken, { interval: 1 }).toBe(tokens.get(client.userId));
    }
  }

  #expectedTotals() {
    const people = [...this.test.meeting.participants.values()];
    return {
      routers: people.length > 0 ? 1 : 0,
      transports: people.length,
      producers: people.reduce((sum, { streams }) => sum + streams.size, 0),
      consumers: people.reduce((sum, { subscriptions }) => sum + subscriptions.size, 0),
    };
  }
}

function rosterOf(client: TestClient) {
  return [...client.roster]
    .map(([userId, { streamIds }]) => ({ userId, streams: [...streamIds].toSorted() }))
    .toSorted(byUserId);
}

function byUserId(a: { userId: number }, b: { userId: number }): number {
  return a.userId - b.userId;
}

async function finish(life: Life): Promise<void> {
  for (const client of life.seats) client?.session.lose();
  await expect.poll(() => life.test.controller.sessions, { interval: 1 }).toBe(0);
  await life.test.controller.settled();
  await expect
    .poll(() => life.test.plane.totals, { interval: 1 })
    .toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
  expect(life.test.meeting.participants.size).toBe(0);
  expect(life.test.meeting.joining).toBe(0);
  expect(life.test.meeting.router.address).toBeUndefined();
  const expected = ['Router lost', 'Meeting could not be recovered yet'];
  expect(
    life.test.logged.filter(
      ({ level, message }) => (level === 'error' || level === 'warn') && !expected.includes(message),
    ),
  ).toEqual([]);
}

describe('a meeting in random order', () => {
  it('MC-2 MC-3 SFU-9 gives everyone the same roster, and the handlers what it says, after every step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), async (steps) => {
        const life = new Life(await TestMeeting.start());
        for (const next of steps) {
          await life.take(next);
          await life.check();
        }
        await finish(life);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('MC-2 MC-3 SFU-9 comes to the same when the participants act at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 16, size: 'max' }), {
          minLength: 1,
          maxLength: 12,
          size: 'max',
        }),
        fc.infiniteStream(fc.nat(3)),
        async (rounds, delays) => {
          const life = new Life(await TestMeeting.start());
          // Calls to the handlers take more or less time, so that they overtake each other.
          life.test.plane.before = async () => {
            for (let turns = delays.next().value ?? 0; turns > 0; turns--)
              await new Promise((resolve) => setImmediate(resolve));
          };
          for (const round of rounds) {
            await Promise.allSettled(round.map((next) => life.take(next)));
            await life.check();
          }
          await finish(life);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);
});
