import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionError } from '../../../../client/core/errors.ts';
import { SignalingClient } from '../../../../client/core/signaling/SignalingClient.ts';
import { nextSignalingState } from '../../../../client/core/signaling/SignalingState.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { frameServerMessage, signaling } from '../../../../shared/signaling/messages.ts';
import { LoopbackSignaling } from '../../../support/loopbackSignaling.ts';
import { type PairOptions, pairWebTransports } from '../../../support/pairedWebTransport.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';

const TIMEOUT_MS = 5_000;

function connect(meeting: LoopbackSignaling, options: PairOptions = {}) {
  const time = new ManualTime();
  const pair = pairWebTransports(options);
  const server = meeting.serve(pair.server);
  const client = new SignalingClient({
    transport: pair.client,
    clock: time,
    timers: time,
    log: silentLogger,
    requestTimeoutMs: TIMEOUT_MS,
  });
  const ends: (ConnectionError | undefined)[] = [];
  const states: string[] = [];
  client.on('ended', (error) => ends.push(error));
  client.on('stateChanged', (state) => states.push(state));
  onTestFinished(() => client.close());
  return { time, pair, server, client, ends, states };
}

async function joined(meeting = new LoopbackSignaling(), name = 'Ada') {
  const connection = connect(meeting);
  const answer = await connection.client.join(name, 'test');
  return { ...connection, answer, meeting };
}

const video = { kind: 'video', source: 'camera', codec: 'vp8', width: 640, height: 360 } as const;

describe('SignalingClient', () => {
  it('MC-2 joins and learns who is there, what they publish and where media goes', async () => {
    const ada = await joined();
    await ada.client.publishStream(video);
    const bob = await joined(ada.meeting, 'Bob');
    expect(bob.answer).toMatchObject({
      meetingId: 'demo',
      self: { userId: 2, displayName: 'Bob', streams: [] },
      participants: [{ userId: 1, displayName: 'Ada', streams: [{ ...video, userId: 1, streamId: 1 }] }],
      mediaServers: [{ url: 'https://media.test/media', connectionToken: 'token-2' }],
    });
    expect(bob.states).toEqual(['connecting', 'authenticating', 'connected']);
  });

  it('MC-3 numbers its messages from 1 and matches answers that come in any order', async () => {
    const { client, server } = await joined();
    server.answering = false;
    const first = client.subscribeStream(2, 1, 'streams');
    const second = client.publishStream(video);
    await until(() => server.messages.length === 3);
    expect(server.messages.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(server.messages[1]?.subscribeStream).toMatchObject({ userId: 2, streamId: 1, delivery: 1 });
    server.send({ replyTo: 3, streamPublished: { info: { userId: 1, streamId: 4 } } });
    server.send({ replyTo: 2, subscribed: { info: {} } });
    expect((await second).streamId).toBe(4);
    await first;
  });

  it('MC-3 tells of those who come, change, publish and go', async () => {
    const { client, meeting } = await joined();
    const told: unknown[] = [];
    client.on('participantJoined', ({ displayName }) => told.push(['joined', displayName]));
    client.on('streamPublished', ({ userId, streamId }) => told.push(['published', userId, streamId]));
    client.on('participantUpdated', ({ audioMuted }) => told.push(['muted', audioMuted]));
    client.on('streamUnpublished', ({ userId, streamId }) => told.push(['unpublished', userId, streamId]));
    client.on('participantLeft', (left) => told.push(['left', left]));
    const bob = await joined(meeting, 'Bob');
    const { streamId } = await bob.client.publishStream(video);
    await bob.client.setMuted({ audio: true, video: false });
    await bob.client.unpublishStream(streamId);
    await bob.client.leave();
    const carol = await joined(meeting, 'Carol');
    carol.pair.lose();
    await until(() => told.length === 7);
    expect(told).toEqual([
      ['joined', 'Bob'],
      ['published', 2, 1],
      ['muted', true],
      ['unpublished', 2, 1],
      ['left', { userId: 2, reason: 'left' }],
      ['joined', 'Carol'],
      ['left', { userId: 3, reason: 'connection_lost' }],
    ]);
  });

  it.each([
    [signaling.QualityReason.RECOVERED, 'recovered'],
    [signaling.QualityReason.LOSS, 'loss'],
    [signaling.QualityReason.ROUND_TRIP, 'round_trip'],
    [signaling.QualityReason.CONGESTION, 'congestion'],
    [99 as number, 'congestion'],
  ] as const)('MH-5 tells what became of somebody’s path, for reason %i: %s', async (reason, told) => {
    const { client, server } = await joined();
    const qualities: unknown[] = [];
    client.on('participantQuality', (quality) => qualities.push(quality));
    const figures = { roundTripMs: 42, lossPerMille: 125, deliveredBps: 400_000, budgetBps: 300_000 };
    server.send({ streamQuality: { userId: 7, reason, ...figures } });
    server.send({ streamQuality: {} });
    await until(() => qualities.length === 2);
    expect(qualities).toEqual([
      { userId: 7, reason: told, roundTripMs: 42, lossRatio: 0.125, deliveredBps: 400_000 },
      { userId: 0, reason: 'recovered', roundTripMs: 0, lossRatio: 0, deliveredBps: 0 },
    ]);
  });

  it('knows the roster before it hears a notice that came in the same packet as the answer', async () => {
    const { server, client } = connect(new LoopbackSignaling());
    server.answering = false;
    const order: string[] = [];
    client.on('joined', () => order.push('joined'));
    client.on('participantJoined', () => order.push('notice'));
    const joining = client.join('Ada', 'test');
    await until(() => server.messages.length === 1);
    const answer = frameServerMessage({ replyTo: 1, joinResponse: { self: { userId: 1 } } });
    const notice = frameServerMessage({ participantJoined: { participant: { userId: 2 } } });
    server.sendRaw(Uint8Array.from([...answer, ...notice]));
    await joining;
    expect(order).toEqual(['joined', 'notice']);
  });

  it('MC-5 rejects a join with the code and the words of the refusal, and closes', async () => {
    const { client, ends } = connect(new LoopbackSignaling());
    const error = await client.join('wrong', 'test').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      code: 'refused',
      refusal: 'UNAUTHORIZED',
      message: 'Invalid or expired join token',
    });
    expect(client.state).toBe('disconnected');
    expect(ends).toHaveLength(1);
  });

  it('MC-5 rejects one request without ending the connection', async () => {
    const { client, server } = await joined();
    server.answering = false;
    const publishing = client.publishStream(video);
    await until(() => server.messages.length === 2);
    server.refuse(2, signaling.ErrorCode.STREAM_ERROR, 'Too many streams');
    await expect(publishing).rejects.toMatchObject({ refusal: 'STREAM_ERROR', message: 'Too many streams' });
    expect(client.state).toBe('connected');
  });

  it('rejects when no session can be made', async () => {
    const { client } = connect(new LoopbackSignaling(), { refuse: true });
    await expect(client.join('Ada', 'test')).rejects.toMatchObject({ code: 'unreachable' });
    expect(client.state).toBe('disconnected');
  });

  it('rejects a request that is not answered in time', async () => {
    const { client, server, time } = await joined();
    server.answering = false;
    const publishing = client.publishStream(video);
    await until(() => server.messages.length === 2);
    time.advance(TIMEOUT_MS);
    await expect(publishing).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('MC-4 sends heartbeats at the interval of the answer, and ends when nothing is heard for the time-out', async () => {
    const { client, server, time, ends } = await joined();
    time.advance(15_000);
    await until(() => server.messages.some(({ payload }) => payload === 'heartbeat'));
    server.answering = false;
    time.advance(15_000);
    expect(client.state).toBe('connected');
    time.advance(30_000);
    expect(client.state).toBe('disconnected');
    expect(ends).toMatchObject([{ code: 'timed_out' }]);
  });

  it('tells the close code when the controller closes', async () => {
    const { server, ends } = await joined();
    server.close(4404, 'Meeting has ended');
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 'closed', closeCode: 4404 }]);
  });

  it('MC-5 tells the error that was said in front of a close', async () => {
    const { server, ends } = await joined();
    server.send({ error: { code: signaling.ErrorCode.NOT_FOUND, message: 'Meeting has ended' } });
    await until(() => server.messages.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    server.close(4404, 'Meeting has ended');
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 'refused', refusal: 'NOT_FOUND', message: 'Meeting has ended' }]);
  });

  it('rejects what is waiting when the connection is lost', async () => {
    const { client, server, pair, ends } = await joined();
    server.answering = false;
    const publishing = client.publishStream(video);
    await until(() => server.messages.length === 2);
    pair.lose();
    await expect(publishing).rejects.toMatchObject({ code: 'lost' });
    expect(ends).toMatchObject([{ code: 'lost' }]);
    await expect(client.publishStream(video)).rejects.toBeInstanceOf(ConnectionError);
  });

  it.each([
    ['an announcement over 64 KiB', Uint8Array.of(0, 1, 0, 1)],
    ['an empty message', Uint8Array.of(0, 0, 0, 0)],
    ['what is no message', Uint8Array.of(0, 0, 0, 2, 0xff, 0xff)],
  ])('MH-10 ends the connection with 4400 on %s', async (_name, bytes) => {
    const { server, pair, ends } = await joined();
    server.sendRaw(bytes);
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 'protocol' }]);
    expect((await pair.server.closed).closeCode).toBe(4400);
  });

  it('leaves with a goodbye, once, and leaves no timer behind', async () => {
    const { client, server, time, pair, ends, states } = await joined();
    await Promise.all([client.leave(), client.leave()]);
    expect(server.messages.filter(({ payload }) => payload === 'leave')).toHaveLength(1);
    expect((await pair.server.closed).closeCode).toBe(0);
    expect(ends).toEqual([undefined]);
    expect(states.slice(-2)).toEqual(['disconnecting', 'disconnected']);
    expect(time.pending).toBe(0);
  });
});

describe('nextSignalingState', () => {
  it('goes only where the protocol goes', () => {
    expect(nextSignalingState('disconnected', 'connect')).toBe('connecting');
    expect(nextSignalingState('disconnected', 'joined')).toBeUndefined();
    expect(nextSignalingState('connecting', 'joined')).toBeUndefined();
    expect(nextSignalingState('disconnecting', 'leave')).toBeUndefined();
    expect(nextSignalingState('connected', 'ended')).toBe('disconnected');
  });
});
