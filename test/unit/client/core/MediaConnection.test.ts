import { describe, expect, it } from 'vitest';
import { MediaConnection } from '../../../../client/core/media/MediaConnection.ts';
import { nextMediaState } from '../../../../client/core/media/MediaState.ts';
import { encodeStreamFrame } from '../../../../client/core/media/packetize.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import {
  ControlType,
  controlLength,
  decodeAck,
  PING_BYTES,
  writePing,
} from '../../../../shared/frame/control.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { readSequence, readType } from '../../../../shared/frame/read.ts';
import { CAPTURE_WINDOW_US } from '../../../../shared/frame/TransitWindows.ts';
import { LoopbackMedia } from '../../../support/loopbackMedia.ts';
import { pairWebTransports } from '../../../support/pairedWebTransport.ts';
import { frame } from '../../frame.ts';
import { bytesOf, CAPTURE_US, datagrams, encoded } from '../frames.ts';
import { ManualTime } from '../ManualTime.ts';
import { connected, open, recorder, TIMEOUT_MS } from '../mediaSessions.ts';
import { until } from '../until.ts';

const fromUser7 = (sequence: number) =>
  datagrams(encoded(), { sequence, baseFrame: sequence })[0] as Uint8Array;
const streamOfUser7 = () =>
  encodeStreamFrame(
    encoded({ type: FrameType.videoKey, payload: bytesOf(3_000) }),
    { userId: 7, streamId: 3, spatialLayer: 0, baseFrame: 0, sequence: 0 },
    0,
    'VP80',
  );

describe('MediaConnection', () => {
  it('MC-7 authenticates with its connection token before anything else', async () => {
    const { media, server, states } = await connected(5);
    expect(media.userId).toBe(5);
    expect(states).toEqual(['connecting', 'authenticating', 'ready']);
    expect(server.messages).toMatchObject([{ auth: { connectionToken: 'token-5' } }]);
  });

  it("MC-7 rejects with the handler's refusal", async () => {
    const { media, server, ends } = open(new LoopbackMedia());
    const connecting = media.connect('nonsense');
    await until(() => server.messages.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    server.close(4401, 'Invalid connection token');
    await expect(connecting).rejects.toMatchObject({ code: 'refused', refusal: 'UNAUTHORIZED' });
    expect(media.state).toBe('closed');
    expect(ends).toHaveLength(1);
  });

  it('rejects when no session can be made, and when there is no answer', async () => {
    const refused = open(new LoopbackMedia(), { refuse: true });
    await expect(refused.media.connect('token-1')).rejects.toMatchObject({ code: 'unreachable' });
    const time = new ManualTime();
    const silent = new MediaConnection({
      transport: pairWebTransports().client,
      clock: time,
      timers: time,
      log: silentLogger,
      timeoutMs: TIMEOUT_MS,
    });
    const connecting = silent.connect('token-1');
    time.advance(TIMEOUT_MS);
    await expect(connecting).rejects.toMatchObject({ code: 'timed_out' });
    expect(silent.state).toBe('closed');
    expect(time.pending).toBe(0);
  });

  it("MH-1 hands each stream's datagrams to whoever asked for them, as they came", async () => {
    const { media, server } = await connected();
    const mine = recorder();
    media.receive(7, 3, mine);
    const other = recorder();
    media.receive(7, 4, other);
    server.sendDatagram(fromUser7(0));
    await until(() => mine.got.length === 1);
    expect(mine.got[0]).toEqual(fromUser7(0));
    expect(other.got).toEqual([]);
  });

  it('MH-10 counts and drops what is malformed, doubled or for nobody here, and goes on', async () => {
    const { media, server } = await connected();
    const mine = recorder();
    const stop = media.receive(7, 3, mine);
    server.sendDatagram(Uint8Array.of(1, 2, 3));
    server.sendDatagram(Uint8Array.of(1, 0x99, 3, 4));
    server.sendDatagram(fromUser7(1));
    server.sendDatagram(fromUser7(1));
    await until(() => media.faults.duplicates === 1);
    stop();
    server.sendDatagram(fromUser7(2));
    await until(() => media.faults.unwanted === 1);
    expect(mine.got).toHaveLength(1);
    expect(media.faults).toEqual({ malformed: 2, duplicates: 1, unwanted: 1, streamFaults: 0 });
  });

  it('MH-10 survives a receiver that throws', async () => {
    const { media, server } = await connected();
    let calls = 0;
    media.receive(7, 3, {
      onDatagram: () => {
        calls += 1;
        throw new Error('A bug of the application');
      },
    });
    server.sendDatagram(fromUser7(0));
    server.sendDatagram(fromUser7(1));
    await until(() => calls === 2);
    expect(media.state).toBe('ready');
  });

  it('reads frames from media streams, however they are cut into chunks', async () => {
    const { media, server } = await connected();
    const mine = recorder();
    media.receive(7, 3, mine);
    const bytes = streamOfUser7();
    for (const chunkBytes of [1, 7, 33, 1_000, 10_000]) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
      await server.sendStream(...chunks);
    }
    await until(() => mine.frames.length === 5);
    for (const frame of mine.frames) expect(frame).toEqual(bytes.subarray(32));
  });

  it('MH-10 gives up a media stream that is malformed, and only that one', async () => {
    const { media, server } = await connected();
    const mine = recorder();
    media.receive(7, 3, mine);
    const bytes = streamOfUser7();
    const spoil = (at: number, value: number): Uint8Array => bytes.with(at, value);
    const spoiled = [spoil(0, 0), spoil(32, 9), spoil(32 + 9, 8), spoil(32 + 30, 0xff)];
    for (const malformed of spoiled) void server.sendStream(malformed).catch(() => undefined);
    await until(() => media.faults.streamFaults === spoiled.length);
    await server.sendStream(bytes);
    await until(() => mine.frames.length === 1);
    expect(media.state).toBe('ready');
  });

  it('acknowledges the highest sequence of each stream, at once and then after 50 ms', async () => {
    const { media, server, time } = await connected();
    media.receive(7, 3, recorder());
    const acks = (): number[] =>
      server.control.flatMap((bytes) => decodeAck(bytes, 0).map(({ highestSequence }) => highestSequence));
    server.sendDatagram(fromUser7(4));
    await until(() => acks().length === 1);
    server.sendDatagram(fromUser7(9));
    server.sendDatagram(fromUser7(8));
    await until(() => time.pending === 3);
    time.advance(50);
    await until(() => acks().length === 2);
    expect(acks()).toEqual([4, 9]);
  });

  it('measures the round trip by pings and answers those of the handler', async () => {
    const { media, server, time } = await connected();
    await until(() => media.roundTripMs !== undefined);
    expect(media.roundTripMs).toBe(0);
    const ping = new Uint8Array(PING_BYTES);
    writePing(ping, 0, 42, 123);
    server.sendDatagram(ping);
    await until(() => server.control.some((bytes) => readType(bytes, 0) === ControlType.pong));
    const pong = server.control.find((bytes) => readType(bytes, 0) === ControlType.pong) ?? new Uint8Array();
    expect(controlLength(pong, 0)).toBe(PING_BYTES);
    expect(pong.subarray(2)).toEqual(ping.subarray(2));
    time.advance(1_000);
    await until(() => server.control.filter((bytes) => readType(bytes, 0) === ControlType.ping).length === 2);
  });

  it('MH-5 reports four times a second what it received of each stream', async () => {
    const { media, server, time } = await connected();
    const mine = recorder();
    media.receive(7, 3, mine);
    for (const sequence of [0, 1, 3]) server.sendDatagram(fromUser7(sequence));
    await until(() => mine.got.length === 3);
    time.advance(1_000);
    await until(() => server.messages.some(({ payload }) => payload === 'receiverReport'));
    expect(server.messages.at(-1)).toMatchObject({
      receiverReport: {
        intervalMs: 250,
        streams: [{ userId: 7, streamId: 3, highestSequence: 3, received: 3, lost: 1, bytes: 135 }],
      },
    });
    expect(media.receiverInterval(7, 3)?.lossRatio).toBe(0.25);
  });

  it('MH-5 reports of frames that were captured together the least time to their arrival, each window once', async () => {
    const { media, server, time } = await connected();
    const mine = recorder();
    media.receive(7, 3, mine);
    const window = CAPTURE_US / CAPTURE_WINDOW_US;
    const send = async (sequence: number, afterUs: number, fragmentIndex = 0): Promise<void> => {
      server.sendDatagram(frame(7, 3, { sequence, fragmentIndex, timestampUs: CAPTURE_US + afterUs }));
      await until(() => mine.got.length === sequence + 1);
    };
    const reports = () =>
      server.messages.flatMap(({ receiverReport }) => receiverReport?.streams?.[0]?.transits ?? []);
    const arrivedUs = time.monotonicMs() * 1_000;
    await send(0, 0);
    await send(1, 1_000);
    await send(2, 2_000, 1);
    await send(3, 2 * CAPTURE_WINDOW_US);
    time.advance(250);
    await until(() => reports().length === 1);
    await send(4, 3 * CAPTURE_WINDOW_US);
    time.advance(250);
    await until(() => reports().length === 2);
    expect(reports()).toMatchObject([
      { window, leastUs: arrivedUs - CAPTURE_US - 1_000 },
      { window: window + 2, leastUs: arrivedUs - CAPTURE_US - 2 * CAPTURE_WINDOW_US },
    ]);
  });

  it('MH-5 knows why its path is sent less, and when it is sent everything again', async () => {
    const { media, server } = await connected();
    expect(media.pathLimit).toBeUndefined();
    server.send({ streamQuality: { reason: 2, roundTripMs: 300 } });
    await until(() => media.pathLimit === 'round_trip');
    server.send({ streamQuality: { reason: 99 as number } });
    await until(() => media.pathLimit === 'congestion');
    server.send({ streamQuality: { reason: 0 } });
    await until(() => media.pathLimit === undefined);
  });

  it('asks for a key frame at most every 300 ms, and only of streams that it receives', async () => {
    const { media, server, time } = await connected();
    media.receive(7, 3, recorder());
    media.requestKeyFrame(7, 3);
    media.requestKeyFrame(7, 3);
    media.requestKeyFrame(9, 9);
    time.advance(300);
    media.requestKeyFrame(7, 3);
    await until(() => server.messages.length === 3);
    expect(server.messages.slice(1)).toMatchObject([
      { keyFrameRequest: { userId: 7, streamId: 3 } },
      { keyFrameRequest: { userId: 7, streamId: 3 } },
    ]);
  });

  it("passes a subscriber's key frame request on to the published stream", async () => {
    const publisher = await connected(1);
    const subscriber = await connected(2, publisher.handler);
    const stream = publisher.media.publish({ streamId: 3, fourCc: 'VP80' });
    let wanted = 0;
    stream.onKeyFrameNeeded = () => wanted++;
    subscriber.media.receive(1, 3, recorder());
    subscriber.media.requestKeyFrame(1, 3);
    await until(() => wanted === 1);
    publisher.media.unpublish(3);
    publisher.server.send({ keyFrameRequest: { userId: 1, streamId: 3 } });
    stream.requestKeyFrame();
    expect(wanted).toBe(1);
  });

  it('carries a published stream, datagrams and key frames, to a subscriber', async () => {
    const publisher = await connected(1);
    const subscriber = await connected(2, publisher.handler);
    const mine = recorder();
    subscriber.media.receive(1, 3, mine);
    const stream = publisher.media.publish({ streamId: 3, fourCc: 'VP80' });
    stream.send(encoded({ type: FrameType.videoKey, payload: bytesOf(20_000) }));
    stream.send(encoded({ payload: bytesOf(3_000) }));
    await until(() => mine.frames.length === 1 && mine.got.length === 3);
    expect(mine.got.map((bytes) => readSequence(bytes, 0))).toEqual([0, 1, 2]);
    expect(publisher.media.maxFragmentBytes).toBe(1_058);
  });

  it('ends once, with the reason, and leaves no timer behind', async () => {
    const { media, pair, time, ends } = await connected();
    pair.lose();
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 'lost' }]);
    media.close();
    expect(ends).toHaveLength(1);
    expect(time.pending).toBe(0);
    expect(() => media.publish({ streamId: 1, fourCc: 'Opus' })).toThrow('closed');
  });

  it('MH-10 ends the session with 4400 on a malformed control message', async () => {
    const { server, pair, ends } = await connected();
    server.sendRaw(Uint8Array.of(0, 0, 0, 2, 0xff, 0xff));
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ code: 'protocol' }]);
    expect((await pair.server.closed).closeCode).toBe(4400);
  });
});

describe('nextMediaState', () => {
  it('goes only where the protocol goes', () => {
    expect(nextMediaState('idle', 'connect')).toBe('connecting');
    expect(nextMediaState('idle', 'authenticated')).toBeUndefined();
    expect(nextMediaState('ready', 'close')).toBe('closing');
    expect(nextMediaState('closed', 'connect')).toBeUndefined();
  });
});
