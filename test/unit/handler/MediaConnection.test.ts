import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_INCOMING_STREAMS } from '../../../media-node/handler/MediaConnection.ts';
import { Counter } from '../../../media-node/metrics/Counters.ts';
import { CloseCode } from '../../../shared/base/closeCode.ts';
import { encodeAck, PING_BYTES, writePing } from '../../../shared/frame/control.ts';
import { ResetCode } from '../../../shared/media-stream/header.ts';
import { MAX_MESSAGE_BYTES } from '../../../shared/signaling/framing.ts';
import {
  frame,
  join,
  mediaStream,
  publish,
  type ReceivedStream,
  ROUTER_ID,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  TestClient,
  type TestWorker,
  until,
} from './meeting.ts';

const TOKEN_REFUSED = 'Invalid or expired connection token';
const PING = new Uint8Array(PING_BYTES);
writePing(PING, 0, 42, 1_700_000_000_000_001);

describe('MediaConnection', () => {
  let test: TestWorker;
  let ada: Seat;
  let bob: Seat;
  let producerId: string;

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    test = await startTestWorker();
    ada = await join(test, 1);
    bob = await join(test, 2);
    producerId = await publish(test, ada, 10);
    await subscribe(test, bob, producerId);
    await settle();
  });
  afterEach(() => {
    test.worker.close(CloseCode.normal, 'over');
    vi.useRealTimers();
  });

  const drops = (): Record<string, number> => test.worker.counters.dropsByName();

  /** What the third client did must not show: the first two go on. */
  async function expectMeetingGoesOn(): Promise<void> {
    const before = bob.client.datagrams.length;
    ada.client.sendDatagram(frame(1, 10));
    await settle();
    expect(bob.client.datagrams.length).toBe(before + 1);
    expect([ada.client.close, bob.client.close]).toEqual([undefined, undefined]);
  }

  async function newToken(userId: number): Promise<string> {
    const { transports } = await test.calls.createTransports({
      router_id: ROUTER_ID,
      transports: [{ participant_id: `p-${userId}`, user_id: userId }],
    });
    return transports[0]?.connection_token ?? '';
  }

  it('MH-1 MH-2 forwards a datagram byte by byte to every subscriber and not to its sender', async () => {
    const eve = await join(test, 3);
    await subscribe(test, eve, producerId);
    const sent = frame(1, 10, { sequence: 7, payloadLength: 900 });
    ada.client.sendDatagram(sent);
    await settle();
    expect(bob.client.datagrams).toEqual([sent]);
    expect(eve.client.datagrams).toEqual([sent]);
    expect(ada.client.datagrams).toEqual([]);
  });

  it('MH-4 a subscriber that stops reading loses its own datagrams only, counted', async () => {
    const eve = await join(test, 3, { maxDatagramsInFlight: 5 });
    await subscribe(test, eve, producerId);
    eve.client.session.hold();
    for (let sequence = 0; sequence < 30; sequence++) ada.client.sendDatagram(frame(1, 10, { sequence }));
    await settle();
    expect(bob.client.datagrams).toHaveLength(30);
    // What refers to the first frame that found no room is of no use to her.
    expect(drops()).toEqual({ destinationDelta: 1, destinationUndecodable: 25 });
  });

  it('MC-7 answers a good token with the user id and the largest datagram', async () => {
    const eve = await join(test, 3);
    expect(eve.client.messages).toMatchObject([{ authOk: { userId: 3, maxDatagramBytes: 1_100 } }]);
  });

  it.each([
    ['wrong', async () => 'nonsense'],
    ['another worker’s', async () => (await join(await startTestWorker(), 9)).token],
    [
      'expired',
      async () => {
        const token = await newToken(3);
        test.clock.nowMs += 300_000;
        return token;
      },
    ],
    ['used', async () => (await join(test, 3)).token],
    [
      'closed transport’s',
      async () => {
        const seat = await join(test, 3);
        await test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: seat.transportId });
        return seat.token;
      },
    ],
  ])('MC-7 MH-10 refuses the %s token, says why, and nobody else notices', async (_name, makeToken) => {
    const mallory = new TestClient(test.worker);
    await mallory.authenticate(await makeToken());
    await until(() => mallory.messages.length > 0);
    expect(mallory.messages).toMatchObject([{ refused: { code: 'UNAUTHORIZED', message: TOKEN_REFUSED } }]);
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(mallory.close).toMatchObject({ code: 4401, reason: TOKEN_REFUSED });
    expect(drops()).toEqual({ tokenRefused: 1 });
    await expectMeetingGoesOn();
  });

  it('MC-7 lets a token in once when two sessions show it at the same moment', async () => {
    const token = await newToken(3);
    const clients = [new TestClient(test.worker), new TestClient(test.worker)];
    await Promise.all(clients.map((client) => client.authenticate(token)));
    await until(() => clients.every((client) => client.messages.length > 0));
    expect(clients.map((client) => client.messages[0]?.payload).toSorted()).toEqual(['authOk', 'refused']);
  });

  it('MC-7 does not use up the token of a client that is gone before it is checked', async () => {
    const token = await newToken(3);
    const gone = new TestClient(test.worker);
    await gone.authenticate(token);
    gone.session.close(0, 'gone');
    await settle();
    const again = new TestClient(test.worker);
    await again.authenticate(token);
    await until(() => again.messages.length > 0);
    expect(again.messages).toMatchObject([{ authOk: { userId: 3 } }]);
  });

  it('MC-7 takes only a token as the first message', async () => {
    const mallory = new TestClient(test.worker);
    await mallory.openControl();
    await mallory.say({ keyFrameRequest: { userId: 1, streamId: 10 } });
    await until(() => mallory.messages.length > 0);
    expect(mallory.messages).toMatchObject([{ refused: { code: 'UNAUTHORIZED' } }]);
  });

  it('MC-7 MH-10 forwards nothing of a client that has not authenticated, and ends it in time', async () => {
    const mallory = new TestClient(test.worker);
    mallory.sendDatagram(frame(1, 10));
    mallory.sendDatagram(PING);
    const outgoing = await mallory.session.openSendStream();
    await settle();
    await expect(outgoing.write(mediaStream(1, 10, [frame(1, 10)]))).rejects.toMatchObject({
      code: ResetCode.authenticationFailed,
    });
    expect([bob.client.datagrams, mallory.datagrams, bob.client.streams]).toEqual([[], [], []]);
    expect(drops()).toEqual({ unauthenticated: 2, streamUnauthenticated: 1 });
    await vi.advanceTimersByTimeAsync(5_000);
    await settle();
    expect(mallory.close).toMatchObject({ code: 4408, reason: 'No authentication within 5000 ms' });
    await expectMeetingGoesOn();
  });

  it('MH-10 refuses a second control stream and keeps the session', async () => {
    const second = await bob.client.session.openBidirectionalStream();
    await settle();
    await expect(second.send.write(Uint8Array.of(1))).rejects.toThrow();
    expect(drops()).toEqual({ messageUnexpected: 1 });
    await expectMeetingGoesOn();
  });

  it.each([
    ['over the bound', Uint8Array.of(0, 1, 0, 1), 4429, 'messageOversized'],
    ['far over the bound', Uint8Array.of(255, 255, 255, 255), 4429, 'messageOversized'],
    ['empty', Uint8Array.of(0, 0, 0, 0), 4400, 'messageMalformed'],
    ['not protobuf', Uint8Array.of(0, 0, 0, 2, 0xff, 0xff), 4400, 'messageMalformed'],
  ] as const)(
    'MH-10 closes a client whose control message is %s, and nobody else notices',
    async (_name, bytes, code, reason) => {
      expect(MAX_MESSAGE_BYTES).toBe(65_536);
      const mallory = await join(test, 3);
      await mallory.client.sayBytes(bytes);
      await settle();
      expect(mallory.client.close).toMatchObject({ code, by: 'remote' });
      expect(drops()).toEqual({ [reason]: 1 });
      expect(test.calls.inspectRouter({ router_id: ROUTER_ID })).toMatchObject({ transports: 2 });
      await expectMeetingGoesOn();
    },
  );

  it('MH-10 closes a client that floods its control stream', async () => {
    const mallory = await join(test, 3);
    for (let sent = 0; sent < 600 && mallory.client.close === undefined; sent++) {
      await mallory.client.say({ keyFrameRequest: { userId: 1, streamId: 10 } }).catch(() => undefined);
    }
    await settle();
    expect(mallory.client.close).toMatchObject({ code: 4429, reason: 'Too many control messages' });
    expect(drops()['messageRateExceeded']).toBe(1);
    await expectMeetingGoesOn();
  });

  it('MH-10 counts and skips messages that mean nothing here', async () => {
    await bob.client.say({ auth: { connectionToken: 'again' } });
    await bob.client.sayBytes(Uint8Array.of(0, 0, 0, 2, 0x78, 0x01));
    await bob.client.say({ keyFrameRequest: { userId: 1, streamId: 11 } });
    await bob.client.say({ receiverReport: { streams: [{ userId: 9, streamId: 9 }] } });
    await settle();
    expect(drops()).toEqual({ messageUnexpected: 2, messageNotSubscribed: 2 });
    await expectMeetingGoesOn();
  });

  it.each([
    ['ends', (seat: Seat) => seat.client.control?.send.close(), CloseCode.normal],
    ['is reset', (seat: Seat) => seat.client.control?.send.reset(0), CloseCode.invalidRequest],
  ])('ends a session whose control stream %s', async (_name, end, code) => {
    const eve = await join(test, 3);
    await end(eve);
    await settle();
    expect(eve.client.close).toMatchObject({ code });
    expect(test.calls.inspectRouter({ router_id: ROUTER_ID })).toMatchObject({ transports: 2 });
  });

  it('MH-10 closes a session whose control stream ends in the middle of a message', async () => {
    const eve = await join(test, 3);
    await eve.client.sayBytes(Uint8Array.of(0, 0));
    await eve.client.control?.send.close();
    await settle();
    expect(eve.client.close).toMatchObject({ code: 4400 });
  });

  it('asks the publisher for a key frame when a subscriber comes and when one asks, at most once in 300 ms', async () => {
    const asked = (): number =>
      ada.client.messages.filter(({ payload }) => payload === 'keyFrameRequest').length;
    expect(asked()).toBe(1);
    expect(ada.client.messages.at(-1)).toMatchObject({ keyFrameRequest: { userId: 1, streamId: 10 } });
    for (let request = 0; request < 5; request++)
      await bob.client.say({ keyFrameRequest: { userId: 1, streamId: 10 } });
    await settle();
    expect(asked()).toBe(1);
    test.clock.nowMs += 300;
    await vi.advanceTimersByTimeAsync(300);
    await settle();
    expect(asked()).toBe(2);
    expect(test.worker.counters.value(Counter.keyFrameRequestsIn)).toBe(6);
    expect(test.worker.counters.value(Counter.keyFrameRequestsOut)).toBe(2);
  });

  it('asks no key frame of sound', async () => {
    const sound = await publish(test, ada, 11, 'audio');
    await subscribe(test, bob, sound);
    await bob.client.say({ keyFrameRequest: { userId: 1, streamId: 11 } });
    await settle();
    expect(test.worker.counters.value(Counter.keyFrameRequestsIn)).toBe(1);
    expect(drops()).toEqual({});
  });

  it('asks for key frames once a subscriber connects that had consumers before', async () => {
    test.clock.nowMs += 1_000;
    const { transports } = await test.calls.createTransports({
      router_id: ROUTER_ID,
      transports: [{ participant_id: 'p-3', user_id: 3 }],
    });
    const transportId = transports[0]?.transport_id ?? '';
    await test.calls.createConsumers({
      router_id: ROUTER_ID,
      consumers: [{ transport_id: transportId, producer_id: producerId }],
    });
    await settle();
    expect(test.worker.counters.value(Counter.keyFrameRequestsOut)).toBe(1);
    const eve = new TestClient(test.worker);
    await eve.authenticate(transports[0]?.connection_token ?? '');
    await until(() => eve.messages.length > 0);
    expect(test.worker.counters.value(Counter.keyFrameRequestsOut)).toBe(2);
    ada.client.sendDatagram(frame(1, 10));
    await settle();
    expect(eve.datagrams).toHaveLength(1);
  });

  it('answers a ping with its pong', async () => {
    bob.client.sendDatagram(PING);
    await settle();
    const pong = PING.slice();
    pong[1] = 0x83;
    expect(bob.client.datagrams).toEqual([pong]);
    expect(test.worker.counters.value(Counter.pongsOut)).toBe(1);
  });

  it('takes acknowledgements and reports of what a client receives', async () => {
    bob.client.sendDatagram(encodeAck([{ userId: 1, streamId: 10, highestSequence: 99 }]));
    bob.client.sendDatagram(encodeAck([{ userId: 8, streamId: 8, highestSequence: 1 }]));
    await bob.client.say({
      receiverReport: {
        intervalMs: 1_000,
        streams: [{ userId: 1, streamId: 10, highestSequence: 99, lost: 2 }],
      },
    });
    await settle();
    expect([drops(), test.worker.counters.value(Counter.controlIn)]).toEqual([{}, 2]);
  });

  it.each([
    ['controlMalformed', Uint8Array.of(1, 0x82, 0)],
    ['controlMalformed', Uint8Array.of(2, ...PING.subarray(1))],
    ['controlMalformed', Uint8Array.of(1, 0xff, 0, 0, 0, 0)],
    ['controlMalformed', Uint8Array.of(1, 0x84, 0, 9)],
    ['controlUnexpected', Uint8Array.of(1, 0x83, ...PING.subarray(2))],
  ])('MH-10 drops a control datagram and counts it as %s', async (reason, datagram) => {
    bob.client.sendDatagram(datagram);
    await settle();
    expect(drops()).toEqual({ [reason]: 1 });
    await expectMeetingGoesOn();
  });

  it('MH-10 drops a frame for a stream that is not the sender’s, and nobody gets it', async () => {
    bob.client.sendDatagram(frame(1, 10));
    bob.client.sendDatagram(frame(2, 10));
    await settle();
    expect(drops()).toEqual({ notSendersStream: 1, noRoute: 1 });
    await expectMeetingGoesOn();
  });

  it('MH-10 bounds the media streams that one client has open', async () => {
    const streams = [];
    for (let opened = 0; opened < MAX_INCOMING_STREAMS + 1; opened++)
      streams.push(await ada.client.session.openSendStream());
    await settle();
    await expect(streams.at(-1)?.write(Uint8Array.of(1))).rejects.toMatchObject({
      code: ResetCode.quotaExceeded,
    });
    expect(drops()).toEqual({ streamTooMany: 1 });
    for (const stream of streams.slice(0, -1)) stream.reset(ResetCode.none);
    await settle();
    const next = await ada.client.session.openSendStream();
    await next.write(mediaStream(1, 10, [frame(1, 10)]));
    await next.close();
    await settle();
    expect(bob.client.streams.map((stream: ReceivedStream) => stream.end)).toEqual(['finished']);
  });
});
