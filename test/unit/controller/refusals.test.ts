import { describe, expect, it } from 'vitest';
import { DEFAULT_SIGNALING_LIMITS } from '../../../media-node/controller/limits.ts';
import { Refusals } from '../../../media-node/controller/Refusals.ts';
import { ApiError } from '../../../shared/api/error.ts';
import { encodeFramed, MAX_MESSAGE_BYTES } from '../../../shared/signaling/framing.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import type { TestClient } from './support/TestClient.ts';
import { MEETING_ID, TestMeeting, type TestMeetingOptions } from './support/TestMeeting.ts';

const VIDEO = { kind: signaling.MediaKind.VIDEO, codec: 'vp8' };

async function refusedJoin(test: TestMeeting, token: string): Promise<void> {
  const client = test.connect();
  await client.join(token);
  await client.untilClosed();
}

async function written(test: TestMeeting, bytes: Uint8Array): Promise<void> {
  const client = await test.opened();
  await client.write(bytes);
  await client.untilClosed();
}

interface Case {
  readonly reason: string;
  readonly what: string;
  readonly options?: TestMeetingOptions;
  readonly count?: number;
  run(test: TestMeeting): Promise<void>;
}

const CASES: readonly Case[] = [
  {
    reason: 'tokenRefused',
    what: 'a wrong, an expired and a foreign token',
    count: 3,
    run: async (test) => {
      await refusedJoin(test, 'x.y.z');
      await refusedJoin(test, await test.token({ issuedAtSeconds: 1 }));
      await refusedJoin(test, await test.token({ controllerId: 'mc-2' }));
    },
  },
  {
    reason: 'meetingEnded',
    what: 'a join of a meeting that has ended',
    run: async (test) => {
      test.controller.endMeeting({ meeting_id: MEETING_ID, generation: 1, reason: 'Over' });
      await refusedJoin(test, await test.token());
    },
  },
  {
    reason: 'meetingFull',
    what: 'one too many',
    options: { maxParticipants: 1 },
    run: async (test) => {
      await test.joined();
      await refusedJoin(test, await test.token());
    },
  },
  {
    reason: 'participantRemoved',
    what: 'a join of who was removed',
    run: async (test) => {
      const client = await test.joined({ participantId: 'p-eve' });
      test.controller.meetings.removeParticipant({
        meeting_id: MEETING_ID,
        generation: 1,
        participant_id: 'p-eve',
        reason: 'host',
      });
      await client.untilClosed();
      await refusedJoin(test, await test.token({ participantId: 'p-eve' }));
    },
  },
  {
    reason: 'mediaServerFull',
    what: 'a join for which no media server has room',
    run: async (test) => {
      test.plane.fail('createRouter', new ApiError('CAPACITY_EXCEEDED', 'Full'));
      await refusedJoin(test, await test.token());
    },
  },
  {
    reason: 'mediaServerFailed',
    what: 'a join when no media server answers',
    run: async (test) => {
      test.plane.fail('createRouter', new ApiError('INTERNAL_ERROR', 'Down'));
      await refusedJoin(test, await test.token());
    },
  },
  {
    reason: 'joinTimedOut',
    what: 'a session that never joins',
    run: async (test) => {
      const client = test.connect();
      test.pass(10_000);
      await client.untilClosed();
    },
  },
  {
    reason: 'messageOversized',
    what: 'a message over the bound',
    run: (test) => written(test, Uint8Array.of(0, (MAX_MESSAGE_BYTES + 1) >> 16, 0, 1)),
  },
  {
    reason: 'messageMalformed',
    what: 'an empty message and one that is none',
    count: 2,
    run: async (test) => {
      await written(test, Uint8Array.of(0, 0, 0, 0));
      await written(test, encodeFramed(new Uint8Array(40).fill(0xff)));
    },
  },
  {
    reason: 'messageUnexpected',
    what: 'a request in front of the join, a second join and a repeated sequence number',
    count: 3,
    run: async (test) => {
      const client = await test.opened();
      await client.request({ publishStream: { info: VIDEO } });
      await client.join(await test.token());
      await client.join(await test.token());
      await client.request({ sequence: 1, leave: {} });
    },
  },
  {
    reason: 'messageRateExceeded',
    what: 'more messages than the rate',
    options: { limits: { ...DEFAULT_SIGNALING_LIMITS, messageBurst: 2 } },
    run: async (test) => {
      const client = await test.opened();
      for (let sent = 0; sent < 3; sent++) await client.send({ heartbeat: { sentAtMs: 1 } });
      await client.untilClosed();
      // The two that were taken came in front of the join.
      expect(test.controller.refusals.byName()['messageUnexpected']).toBe(2);
    },
  },
  {
    reason: 'requestQueueFull',
    what: 'more requests than may wait',
    options: { limits: { ...DEFAULT_SIGNALING_LIMITS, maxPendingRequests: 1 } },
    run: async (test) => {
      const client = await test.joined();
      test.plane.hold('createProducers');
      for (let sent = 0; sent < 4; sent++) await client.send({ publishStream: { info: VIDEO } });
      await client.untilClosed();
    },
  },
  {
    reason: 'requestRefused',
    what: 'a request that breaks a rule',
    run: async (test) => {
      const client = await test.joined();
      expect((await client.subscribe(client.userId, 99)).error).toBeTruthy();
    },
  },
  {
    reason: 'streamUnexpected',
    what: 'streams beside the signaling stream',
    count: 2,
    run: async (test) => {
      const client = await test.joined();
      const stream = await client.session.openBidirectionalStream();
      await expect(stream.receive.read()).rejects.toThrow();
      const sender = await client.session.openSendStream();
      await sender.write(Uint8Array.of(1)).catch(() => undefined);
      await stillServed(client);
    },
  },
  {
    reason: 'datagramUnexpected',
    what: 'a datagram',
    run: async (test) => {
      const client = await test.joined();
      client.session.sendDatagram(new Uint8Array(50), 1);
      await stillServed(client);
    },
  },
];

async function stillServed(client: TestClient): Promise<void> {
  expect((await client.request({ heartbeat: { sentAtMs: 1 } })).heartbeat).toBeTruthy();
}

describe('what the controller refuses', () => {
  it.each(CASES)('MC-5 MH-10 counts as $reason: $what', async ({ reason, options, count = 1, run }) => {
    const test = await TestMeeting.start(options);
    await run(test);
    await expect
      .poll(() => test.controller.refusals.byName()[reason], { interval: 1, timeout: 2_000 })
      .toBe(count);
    const others = Object.keys(test.controller.refusals.byName()).filter((name) => name !== reason);
    expect(others).toEqual(reason === 'messageRateExceeded' ? ['messageUnexpected'] : []);
  });

  it('MC-5 counts nothing of a participant that joins, publishes and leaves as it should', async () => {
    const test = await TestMeeting.start();
    const [ada, ben] = [await test.joined(), await test.joined()];
    await ben.subscribe(ada.userId, await ada.publish());
    await ada.request({ leave: {} });
    await ada.untilClosed();
    ben.session.lose();
    await expect.poll(() => test.controller.sessions, { interval: 1 }).toBe(0);
    expect(test.controller.refusals.byName()).toEqual({});
  });

  it('MH-10 names only what happened, and nothing that is not in the set', () => {
    const refusals = new Refusals();
    refusals.count('meetingFull');
    refusals.count('meetingFull');
    refusals.count('made up by a peer' as 'meetingFull');
    expect(refusals.byName()).toEqual({ meetingFull: 2 });
  });
});
