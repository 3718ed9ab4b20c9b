import { describe, expect, it } from 'vitest';
import { DEFAULT_SIGNALING_LIMITS } from '../../../media-node/controller/limits.ts';
import { encodeFramed, MAX_MESSAGE_BYTES } from '../../../shared/signaling/framing.ts';
import { frameClientMessage, signaling } from '../../../shared/signaling/messages.ts';
import { TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode, LeaveReason } = signaling;

async function withWitness(options = {}) {
  const test = await TestMeeting.start(options);
  const witness = await test.joined();
  return { test, witness };
}

describe('a signaling session', () => {
  it('MC-1 takes messages in chunks of any size', async () => {
    const { test } = await withWitness();
    const client = await test.opened();
    const bytes = frameClientMessage({ sequence: 1, join: { joinToken: await test.token() } });
    for (const byte of bytes) await client.write(Uint8Array.of(byte));
    await client.until(() => client.welcome !== undefined);
  });

  it('MC-1 MH-10 answers INVALID_REQUEST to a message over 64 KiB before it has come, and closes with 4429', async () => {
    const { test, witness } = await withWitness();
    const client = await test.joined();
    await client.write(Uint8Array.of(0, 1, 0, 1));
    await client.untilNotice('error');
    expect(client.notices('error')[0]?.error).toEqual({
      code: ErrorCode.INVALID_REQUEST,
      message: `A message must be at most ${MAX_MESSAGE_BYTES} bytes`,
    });
    expect(await client.untilClosed()).toMatchObject({ code: 4429 });
    expect((await witness.untilNotice('participantLeft')).participantLeft?.reason).toBe(
      LeaveReason.CONNECTION_LOST,
    );
  });

  it.each([
    ['an empty message', Uint8Array.of(0, 0, 0, 0), 'A message must not be empty'],
    ['bytes that are no message', encodeFramed(new Uint8Array(40).fill(0xff)), 'Not a signaling message'],
  ])('MC-5 MH-10 answers INVALID_REQUEST to %s and closes with 4400', async (_kind, bytes, message) => {
    const { test, witness } = await withWitness();
    const client = await test.joined();
    await client.write(bytes);
    const notice = await client.untilNotice('error');
    expect(notice.error).toEqual({ code: ErrorCode.INVALID_REQUEST, message });
    expect(await client.untilClosed()).toMatchObject({ code: 4400, reason: message });
    expect(witness.closed).toBeUndefined();
  });

  it('MH-10 closes with 4400 when the stream ends within a message', async () => {
    const { test } = await withWitness();
    const client = test.connect();
    const stream = await client.open();
    await client.write(Uint8Array.of(0, 0, 0, 9, 1));
    await stream.send.close();
    expect(await client.untilClosed()).toMatchObject({ code: 4400 });
  });

  it('MC-5 answers UNAUTHORIZED to anything in front of a join, and the session goes on', async () => {
    const { test } = await withWitness();
    const client = await test.opened();
    for (const message of [{ leave: {} }, { heartbeat: {} }, { publishStream: {} }, { mute: {} }, {}]) {
      expect((await client.request(message)).error).toEqual({
        code: ErrorCode.UNAUTHORIZED,
        message: 'Join the meeting first',
      });
    }
    expect((await client.join(await test.token())).payload).toBe('joinResponse');
  });

  it('MC-5 answers CONFLICT to a second join over one session', async () => {
    const { test } = await withWitness();
    const client = await test.joined();
    expect((await client.join(await test.token())).error).toEqual({
      code: ErrorCode.CONFLICT,
      message: 'Already joined over this session',
    });
    expect(test.meeting.participants.size).toBe(2);
  });

  it('MC-5 answers INVALID_REQUEST to a message without content that is known', async () => {
    const { test } = await withWitness();
    const client = await test.joined();
    expect((await client.request({})).error).toEqual({
      code: ErrorCode.INVALID_REQUEST,
      message: 'Message has no content that is known here',
    });
  });

  it('MC-3 does not carry out a message with a repeated, lower or missing sequence number', async () => {
    const { test, witness } = await withWitness();
    const client = await test.joined();
    await client.request({ sequence: 10, mute: {} });
    await witness.untilNotice('participantUpdated');
    for (const sequence of [10, 9]) {
      expect((await client.request({ sequence, mute: { audioMuted: true } })).error).toEqual({
        code: ErrorCode.INVALID_REQUEST,
        message: `Sequence must be over 10: got ${sequence}`,
      });
    }
    await client.send({ sequence: 0, mute: { audioMuted: true } });
    expect((await client.untilNotice('error')).error?.message).toBe('Sequence must be over 10: got 0');
    expect((await client.request({ sequence: 11, mute: {} })).payload).toBe('ack');
    await witness.untilNotice('participantUpdated', 2);
    for (const { participantUpdated } of witness.notices('participantUpdated'))
      expect(participantUpdated?.participant?.audioMuted).toBe(false);
  });

  it('MC-3 acknowledges a leave, tells the others, and closes with 0', async () => {
    const { test, witness } = await withWitness();
    const client = await test.joined({ participantId: 'p-ben' });
    expect((await client.request({ leave: {} })).payload).toBe('ack');
    expect(await client.untilClosed()).toMatchObject({ code: 0, by: 'remote' });
    expect((await witness.untilNotice('participantLeft')).participantLeft).toMatchObject({
      participantId: 'p-ben',
      userId: client.userId,
      reason: LeaveReason.LEFT,
    });
  });

  it.each([
    ['is lost', (client: { session: { lose(): void } }) => client.session.lose()],
    [
      'is closed',
      (client: { session: { close(code: number, reason: string): void } }) => client.session.close(0, ''),
    ],
  ])('MC-3 tells the others at once that the connection of a participant %s', async (_how, drop) => {
    const { test, witness } = await withWitness();
    const client = await test.joined();
    await client.publish();
    drop(client);
    const { participantLeft } = await witness.untilNotice('participantLeft');
    expect(participantLeft).toMatchObject({ userId: client.userId, reason: LeaveReason.CONNECTION_LOST });
    await test.controller.settled();
    expect(test.plane.totals).toEqual({ routers: 1, transports: 1, producers: 0, consumers: 0 });
    expect(test.controller.sessions).toBe(1);
  });

  it('MC-4 answers a heartbeat with its time and stores when the participant was last seen', async () => {
    const { test } = await withWitness();
    const client = await test.joined({ participantId: 'p-ben' });
    const joinedAtMs = test.clock.epochMs();
    test.pass(12_000);
    expect((await client.request({ heartbeat: { sentAtMs: 1_790_000_000_123 } })).heartbeat).toEqual({
      sentAtMs: 1_790_000_000_123,
    });
    const participant = test.meeting.participants.get('p-ben');
    expect(participant?.joinedAtMs).toBe(joinedAtMs);
    expect(participant?.lastSeenAtMs).toBe(joinedAtMs + 12_000);
  });

  it('MC-4 takes a participant without a heartbeat for 30 s for gone, and nobody else', async () => {
    const { test, witness } = await withWitness();
    const client = await test.joined();
    test.pass(15_000);
    await witness.request({ heartbeat: {} });
    test.pass(14_000);
    expect(client.closed).toBeUndefined();
    test.pass(1_000);
    expect(await client.untilClosed()).toMatchObject({ code: 4408, reason: 'No heartbeat for 30 s' });
    expect((await witness.untilNotice('participantLeft')).participantLeft).toMatchObject({
      userId: client.userId,
      reason: LeaveReason.TIMED_OUT,
    });
    expect(witness.closed).toBeUndefined();
  });

  it('MC-4 closes a session that never joins, with or without a stream, with 4408', async () => {
    const { test, witness } = await withWitness();
    const clients = [test.connect(), await test.opened()];
    test.pass(10_000);
    for (const client of clients) expect(await client.untilClosed()).toMatchObject({ code: 4408 });
    expect(witness.closed).toBeUndefined();
  });

  it('MC-5 gives up a join that hangs at the media handler with an error', async () => {
    const test = await TestMeeting.start();
    const release = test.plane.hold('createRouter');
    const client = await test.opened();
    const answer = client.join(await test.token());
    await expect.poll(() => test.meeting.joining).toBe(1);
    test.pass(10_000);
    expect((await answer).error).toMatchObject({
      code: ErrorCode.INTERNAL_ERROR,
      message: 'Joining took too long: join again',
    });
    expect(await client.untilClosed()).toMatchObject({ code: 4500 });
    release();
    await expect.poll(() => test.plane.calls.at(-1)).toContain('closeRouter');
    await test.controller.settled();
    expect(test.plane.totals.routers).toBe(0);
  });

  it('MH-10 closes a participant that sends faster than the limit with CAPACITY_EXCEEDED and 4429', async () => {
    const { test, witness } = await withWitness({
      limits: { ...DEFAULT_SIGNALING_LIMITS, messageBurst: 5, messagesPerSecond: 2 },
    });
    const client = await test.joined();
    for (let count = 0; count < 4; count++) await client.request({ heartbeat: {} });
    test.clock.advance(1_000);
    for (let count = 0; count < 2; count++) await client.request({ heartbeat: {} });
    await client.send({ heartbeat: {} });
    expect((await client.untilNotice('error')).error).toEqual({
      code: ErrorCode.CAPACITY_EXCEEDED,
      message: 'Too many messages: at most 2 a second',
    });
    expect(await client.untilClosed()).toMatchObject({ code: 4429 });
    await witness.untilNotice('participantLeft');
  });

  it('MH-10 closes a participant with too many requests behind one that hangs with 4429', async () => {
    const { test } = await withWitness({ limits: { ...DEFAULT_SIGNALING_LIMITS, maxPendingRequests: 3 } });
    const client = await test.joined();
    test.plane.hold('createProducers');
    await client.send({ publishStream: { info: { codec: 'opus' } } });
    await expect.poll(() => test.plane.calls.at(-1)).toContain('createProducers');
    for (let count = 0; count < 4; count++) await client.send({ mute: {} });
    expect(await client.untilClosed()).toMatchObject({
      code: 4429,
      reason: 'Too many requests wait: at most 3',
    });
  });

  it('MH-4 MH-10 closes a participant that stops reading with 4429, and nobody waits for it', async () => {
    const { test, witness } = await withWitness({
      limits: { ...DEFAULT_SIGNALING_LIMITS, maxOutgoingMessages: 20, messageBurst: 10_000 },
    });
    const slow = await test.joined({}, { streamWindowBytes: 256 });
    slow.session.hold();
    for (let count = 0; count < 60; count++)
      expect((await witness.request({ mute: { audioMuted: count % 2 === 0 } })).payload).toBe('ack');
    expect((await witness.untilNotice('participantLeft')).participantLeft?.userId).toBe(slow.userId);
    slow.session.release();
    expect(await slow.untilClosed()).toMatchObject({
      code: 4429,
      reason: 'The signaling stream is not being read',
    });
  });

  it('MH-10 closes a participant that does not take its last words after a second', async () => {
    const { test } = await withWitness();
    const slow = await test.joined({}, { streamWindowBytes: 64 });
    slow.session.hold();
    for (let count = 0; count < 3; count++) await test.joined();
    test.controller.endMeeting({ meeting_id: 'standup', generation: 1, reason: 'over' });
    await expect.poll(() => test.controller.sessions).toBe(1);
    test.pass(1_000);
    await expect.poll(() => test.controller.sessions).toBe(0);
    slow.session.release();
    expect(await slow.untilClosed()).toMatchObject({ code: 4404, reason: 'Meeting has ended' });
  });

  it('MC-1 refuses a second bidirectional stream and any other stream; the first goes on', async () => {
    const { test } = await withWitness();
    const client = await test.joined();
    const second = await client.session.openBidirectionalStream();
    await expect(second.receive.read()).rejects.toThrow('reset by the peer');
    const oneWay = await client.session.openSendStream();
    await expect
      .poll(() =>
        oneWay.write(Uint8Array.of(1)).then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('refused');
    expect((await client.request({ heartbeat: {} })).payload).toBe('heartbeat');
  });

  it('MC-3 takes the end of the signaling stream for the end of the session', async () => {
    const { test, witness } = await withWitness();
    const client = test.connect();
    const stream = await client.open();
    await client.join(await test.token());
    await stream.send.close();
    expect(await client.untilClosed()).toMatchObject({ code: 0 });
    await witness.untilNotice('participantLeft');
  });
});
