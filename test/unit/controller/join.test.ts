import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/error.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import { generateSigningJwk, importSigningKey } from '../../../shared/token/signingKey.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;

describe('joining a meeting', () => {
  it('MC-2 answers with self, media server, connection token and times', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined({ participantId: 'p-ada', displayName: 'Ada' });
    expect(ada.welcome).toMatchObject({
      meetingId: MEETING_ID,
      meetingName: 'Stand-up',
      self: { participantId: 'p-ada', userId: 1, displayName: 'Ada', joinedAtMs: test.clock.epochMs() },
      heartbeatIntervalMs: 15_000,
      heartbeatTimeoutMs: 30_000,
      maxParticipants: 100,
      mediaServers: [
        {
          handlerId: 'mh-primary',
          url: 'https://192.0.2.1:4433/media?handler=mh-primary',
          connectionToken: 'token-of-t2',
          tokenExpiresAtMs: 300_000,
        },
      ],
    });
    const [server] = ada.welcome?.mediaServers ?? [];
    expect([...(server?.certificateHashes?.[0] ?? [])]).toEqual(new Array(32).fill(7));
  });

  it('MC-2 tells who comes second who is there and with which streams, and tells the first who came', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined({ displayName: 'Ada' });
    const streamId = await ada.publish({ kind: signaling.MediaKind.AUDIO, codec: 'opus', channels: 2 });
    const ben = await test.joined({ displayName: 'Ben' });
    expect(ben.welcome?.participants).toMatchObject([
      {
        userId: ada.userId,
        displayName: 'Ada',
        streams: [{ userId: 1, streamId, codec: 'opus', channels: 2 }],
      },
    ]);
    const joined = await ada.untilNotice('participantJoined');
    expect(joined.participantJoined?.participant).toMatchObject({ userId: ben.userId, displayName: 'Ben' });
  });

  it('MC-2 never gives out a user id twice', async () => {
    const test = await TestMeeting.start();
    const ids: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const client = await test.joined();
      ids.push(client.userId);
      await client.request({ leave: {} });
      await client.untilClosed();
    }
    expect(ids).toEqual([1, 2, 3]);
  });

  it('MC-5 refuses a wrong, expired, foreign or unreadable token with "Invalid or expired join token"', async () => {
    const test = await TestMeeting.start();
    const witness = await test.joined();
    const foreignKey = await importSigningKey(await generateSigningJwk());
    const longAgo = Math.floor(test.clock.epochMs() / 1_000) - 3_600;
    const tokens = {
      'not a token': 'x.y.z',
      empty: '',
      'over long': 'a'.repeat(10_000),
      'of another key': await test.token({}, foreignKey),
      expired: await test.token({ issuedAtSeconds: longAgo }),
      'for another controller': await test.token({ controllerId: 'mc-2' }),
      'of a later assignment': await test.token({ generation: 2 }),
    };
    for (const [kind, token] of Object.entries(tokens)) {
      const client = test.connect();
      const answer = await client.join(token);
      expect(answer.error, kind).toEqual({
        code: ErrorCode.UNAUTHORIZED,
        message: 'Invalid or expired join token',
      });
      expect(await client.untilClosed(), kind).toMatchObject({
        code: 4401,
        reason: 'Invalid or expired join token',
      });
    }
    expect(witness.received).toHaveLength(1);
    expect(test.plane.totals.transports).toBe(1);
  });

  it('MC-5 refuses a join of a meeting that is not here with "Meeting has ended"', async () => {
    const test = await TestMeeting.start();
    const client = test.connect();
    const answer = await client.join(await test.token({ meetingId: 'another' }));
    expect(answer.error).toEqual({ code: ErrorCode.NOT_FOUND, message: 'Meeting has ended' });
    expect(await client.untilClosed()).toMatchObject({ code: 4404, reason: 'Meeting has ended' });
  });

  it('MC-5 refuses one too many with "Meeting has reached maximum participants", also when all come at once', async () => {
    const test = await TestMeeting.start({ maxParticipants: 3 });
    const tokens = await Promise.all(Array.from({ length: 8 }, () => test.token()));
    const clients = tokens.map(() => test.connect());
    const answers = await Promise.all(clients.map((client, index) => client.join(tokens[index] ?? '')));
    const refused = answers.filter((answer) => answer.error);
    expect(answers.filter((answer) => answer.joinResponse)).toHaveLength(3);
    expect(refused).toHaveLength(5);
    for (const answer of refused)
      expect(answer.error).toEqual({
        code: ErrorCode.CAPACITY_EXCEEDED,
        message: 'Meeting has reached maximum participants',
      });
    const full = clients[answers.findIndex((answer) => answer.error)];
    expect(await full?.untilClosed()).toMatchObject({ code: 4429 });
    expect(test.plane.totals).toMatchObject({ routers: 1, transports: 3 });
  });

  it('SFU-2 makes one router for many first joins and their transports in few calls', async () => {
    const test = await TestMeeting.start();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => test.token()));
    const release = test.plane.hold('createRouter');
    const joins = tokens.map((token) => test.connect().join(token));
    await expect.poll(() => test.meeting.joining).toBe(20);
    release();
    await Promise.all(joins);
    expect(test.plane.calls.filter((call) => call.startsWith('createRouter'))).toEqual([
      'createRouter mh-primary',
    ]);
    expect(test.plane.batches).toEqual([20]);
    expect(test.meeting.participants.size).toBe(20);
  });

  it('MC-11 makes the router on the next handler when the primary refuses it', async () => {
    const test = await TestMeeting.start();
    test.plane.fail('createRouter', new ApiError('INTERNAL_ERROR', 'unreachable'), 'mh-primary');
    const ada = await test.joined();
    expect(ada.welcome?.mediaServers?.[0]?.handlerId).toBe('mh-backup');
    const ben = await test.joined();
    expect(ben.welcome?.mediaServers?.[0]?.handlerId).toBe('mh-backup');
  });

  it('MC-11 moves to the next handler, router and all, when the first cannot make a transport', async () => {
    const test = await TestMeeting.start();
    test.plane.fail('createTransports', new ApiError('CAPACITY_EXCEEDED', 'full'), 'mh-primary');
    const tokens = await Promise.all([test.token(), test.token(), test.token()]);
    const clients = tokens.map(() => test.connect());
    await Promise.all(clients.map((client, index) => client.join(tokens[index] ?? '')));
    for (const client of clients) expect(client.welcome?.mediaServers?.[0]?.handlerId).toBe('mh-backup');
    await test.controller.settled();
    expect(test.plane.totals).toMatchObject({ routers: 1, transports: 3 });
  });

  it('MC-11 keeps a meeting where it is once somebody is there: the newcomer is refused, the others stay', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    test.plane.fail('createTransports', new ApiError('CAPACITY_EXCEEDED', 'full'), 'mh-primary');
    const client = test.connect();
    const answer = await client.join(await test.token());
    expect(answer.error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'No media server has room for this meeting',
    });
    expect(ada.closed).toBeUndefined();
    expect(ada.notices('participantJoined')).toEqual([]);
  });

  it.each([
    ['CAPACITY_EXCEEDED', ErrorCode.CAPACITY_EXCEEDED, 'No media server has room for this meeting', 4429],
    ['NO_CAPACITY', ErrorCode.INTERNAL_ERROR, 'No media server could be reached: join again', 4500],
    ['INTERNAL_ERROR', ErrorCode.INTERNAL_ERROR, 'No media server could be reached: join again', 4500],
  ] as const)('MC-5 says so when every handler fails with %s, and tries anew next time', async (...row) => {
    const [failure, code, message, closeCode] = row;
    const test = await TestMeeting.start();
    const recover = test.plane.fail('createRouter', new ApiError(failure, 'no'));
    const client = test.connect();
    expect((await client.join(await test.token())).error).toMatchObject({ code, message });
    expect(await client.untilClosed()).toMatchObject({ code: closeCode });
    recover();
    const next = await test.joined();
    expect(next.welcome?.mediaServers?.[0]?.handlerId).toBe('mh-primary');
  });

  it('MC-2 leaves nothing behind of a participant who goes away while its join is under way', async () => {
    for (const held of ['createRouter', 'createTransports'] as const) {
      const test = await TestMeeting.start();
      const release = test.plane.hold(held);
      const client = await test.opened();
      await client.send({ join: { joinToken: await test.token() } });
      await expect.poll(() => test.plane.calls.some((call) => call.startsWith(held))).toBe(true);
      client.session.close(0, 'bye');
      await expect.poll(() => test.meeting.joining).toBe(0);
      release();
      await expect.poll(() => test.plane.calls.at(-1)).toBe('closeRouter mh-primary');
      await test.controller.settled();
      expect(test.plane.totals).toEqual({ routers: 0, transports: 0, producers: 0, consumers: 0 });
      expect(test.meeting.participants.size).toBe(0);
      expect(test.controller.sessions).toBe(0);
    }
  });

  it('MC-2 lets the newer session of a participant win: the older one is closed with 4409', async () => {
    const test = await TestMeeting.start({ maxParticipants: 2 });
    const witness = await test.joined();
    const token = await test.token({ participantId: 'p-ada' });
    const older = test.connect();
    await older.join(token);
    const newer = test.connect();
    const answer = await newer.join(token);
    expect(answer.joinResponse?.participants).toMatchObject([{ userId: witness.userId }]);
    expect(await older.untilClosed()).toMatchObject({ code: 4409 });
    await witness.untilNotice('participantJoined', 2);
    expect([...witness.roster.keys()]).toEqual([newer.userId]);
    expect(newer.userId).not.toBe(older.userId);
    await test.controller.settled();
    expect(test.plane.totals.transports).toBe(2);
  });

  it('MC-2 keeps the older session when the newer one of the same participant cannot join', async () => {
    const test = await TestMeeting.start();
    const token = await test.token();
    const older = test.connect();
    await older.join(token);
    test.plane.fail('createTransports', new ApiError('INTERNAL_ERROR', 'no'));
    const newer = test.connect();
    expect((await newer.join(token)).error?.code).toBe(ErrorCode.INTERNAL_ERROR);
    expect(older.closed).toBeUndefined();
    expect(test.meeting.participants.size).toBe(1);
  });

  it('MC-2 lets the newer of two joins of one participant that are both under way win', async () => {
    const test = await TestMeeting.start();
    const release = test.plane.hold('createRouter');
    const token = await test.token();
    const older = await test.opened();
    await older.send({ join: { joinToken: token } });
    await expect.poll(() => test.meeting.joining).toBe(1);
    const newer = await test.opened();
    const answer = newer.join(token);
    expect(await older.untilClosed()).toMatchObject({ code: 4409 });
    release();
    expect((await answer).joinResponse).toBeTruthy();
    await test.controller.settled();
    expect(test.plane.totals.transports).toBe(1);
  });

  it('MC-8 makes the next router at the handlers and with the generation of a newer assignment', async () => {
    const test = await TestMeeting.start();
    const ada = await test.joined();
    const [backup] = assignment().media_handlers;
    if (!backup) throw new Error('The assignment names a backup');
    test.controller.assignMeeting(
      assignment({ generation: 2, media_handlers: [{ ...backup, handler_id: 'mh-new', role: 'PRIMARY' }] }),
    );
    await ada.request({ leave: {} });
    await ada.untilClosed();
    await test.controller.settled();
    const ben = await test.joined({ generation: 2 });
    expect(ben.welcome?.mediaServers?.[0]?.handlerId).toBe('mh-new');
    expect([...test.plane.routers.values()]).toMatchObject([{ generation: 2, handlerId: 'mh-new' }]);
  });

  it('MC-8 takes a token of an earlier assignment to this controller', async () => {
    const test = await TestMeeting.start();
    test.controller.assignMeeting(assignment({ generation: 2 }));
    const ada = await test.joined({ generation: 1 });
    expect(ada.userId).toBe(1);
  });

  it('MC-2 tells a newcomer of everyone in a meeting that does not fit into one message', async () => {
    const test = await TestMeeting.start({ maxParticipants: 1_000 });
    const codec = 'c'.repeat(40);
    const clients = await Promise.all(
      Array.from({ length: 60 }, (_, index) => test.joined({ displayName: `${index}`.padEnd(80, 'x') })),
    );
    for (const client of clients)
      await Promise.all(Array.from({ length: 16 }, () => client.publish({ kind: 1, codec, width: 1_280 })));
    const late = await test.joined();
    expect((late.welcome?.participants ?? []).length).toBeLessThan(60);
    await late.until(
      () =>
        late.roster.size === 60 && [...late.roster.values()].every(({ streamIds }) => streamIds.size === 16),
    );
  });
});
