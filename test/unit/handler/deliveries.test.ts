// Subscribers of one stream that want it in different forms (protocol document, "Media on streams").
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEY_FRAME_INTERVAL_MS } from '../../../media-node/quality/KeyFrameGate.ts';
import { PATH_STEP_MS } from '../../../media-node/quality/PathPolicy.ts';
import { FLAG_END_OF_FRAME, FLAG_ON_DEMAND, FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import type { Delivery } from '../../../shared/media-session/delivery.ts';
import { ResetCode } from '../../../shared/media-stream/header.ts';
import {
  frame,
  join,
  mediaStream,
  publish,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
  until,
} from './meeting.ts';

const STREAM = 10;
const ON_DEMAND = FLAG_END_OF_FRAME | FLAG_ON_DEMAND;
const key = (flags = FLAG_END_OF_FRAME) =>
  frame(1, STREAM, { type: FrameType.videoKey, payloadLength: 900, flags });
const delta = (flags = FLAG_END_OF_FRAME, baseFrame = 1) =>
  frame(1, STREAM, { flags, baseFrame, payloadLength: 100 });

let test: TestWorker;
let ada: Seat;
let producerId: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function start(deliversOnDemand: boolean): Promise<void> {
  test = await startTestWorker();
  ada = await join(test, 1, { deliversOnDemand });
  producerId = await publish(test, ada, STREAM);
}

async function viewer(userId: number, delivery: Delivery): Promise<Seat> {
  const seat = await join(test, userId);
  await subscribe(test, seat, producerId, delivery);
  await settle();
  return seat;
}

/** Sends these as one stream, cut in pieces of so many bytes. */
async function sendStream(bytes: Uint8Array, pieceBytes = bytes.length): Promise<void> {
  const stream = await ada.client.session.openSendStream();
  for (let at = 0; at < bytes.length; at += pieceBytes)
    await stream.write(bytes.subarray(at, at + pieceBytes));
  await stream.close();
  await settle();
}

function streamsOf({ client }: Seat): [string, unknown][] {
  return client.streams.map(({ bytes, end }) => [Buffer.from(bytes).toString('hex'), end]);
}

const finished = (...frames: Uint8Array[]): [string, unknown] => [
  Buffer.from(mediaStream(1, STREAM, frames)).toString('hex'),
  'finished',
];

function demands(): unknown[] {
  return ada.client.messages.flatMap(({ payload, layerDemand }): unknown[] => {
    if (payload === 'keyFrameRequest') return ['key'];
    return layerDemand ? [[layerDemand.wanted ?? false, layerDemand.deliveries ?? []]] : [];
  });
}

describe('deliveries of one stream', () => {
  let [choice, streams, datagrams]: Seat[] = [];
  const seats = () => [choice, streams, datagrams] as [Seat, Seat, Seat];

  beforeEach(async () => {
    await start(true);
    choice = await viewer(2, 'publishers_choice');
    streams = await viewer(3, 'streams');
    datagrams = await viewer(4, 'datagrams');
  });

  it.each([1, 7, 100, 10_000])(
    'MH-1 of a publisher that chooses key frames on streams, everybody is sent each frame once, in its own form, cut in pieces of %i',
    async (pieceBytes) => {
      ada.client.sendDatagram(key(ON_DEMAND));
      await sendStream(mediaStream(1, STREAM, [key(), delta(ON_DEMAND), delta(ON_DEMAND, 2)]), pieceBytes);
      ada.client.sendDatagram(delta());
      ada.client.sendDatagram(delta(FLAG_END_OF_FRAME, 2));
      await settle();
      const [one, two, three] = seats();
      expect(streamsOf(one)).toEqual([finished(key())]);
      expect(one.client.datagrams).toEqual([delta(), delta(FLAG_END_OF_FRAME, 2)]);
      expect(streamsOf(two)).toEqual([finished(key(), delta(ON_DEMAND), delta(ON_DEMAND, 2))]);
      expect(two.client.datagrams).toEqual([]);
      expect(streamsOf(three)).toEqual([]);
      expect(three.client.datagrams).toEqual([key(ON_DEMAND), delta(), delta(FLAG_END_OF_FRAME, 2)]);
      expect(test.worker.counters.dropsByName()).toEqual({});
    },
  );

  it('MH-1 of a publisher that chooses streams, who wants datagrams is sent those alone', async () => {
    for (const bytes of [key(ON_DEMAND), delta(ON_DEMAND)]) ada.client.sendDatagram(bytes);
    await sendStream(mediaStream(1, STREAM, [key(), delta()]));
    const [one, two, three] = seats();
    for (const seat of [one, two]) {
      expect(streamsOf(seat)).toEqual([finished(key(), delta())]);
      expect(seat.client.datagrams).toEqual([]);
    }
    expect(streamsOf(three)).toEqual([]);
    expect(three.client.datagrams).toEqual([key(ON_DEMAND), delta(ON_DEMAND)]);
  });

  it('MH-1 of a publisher that chooses datagrams, who wants streams is sent those alone', async () => {
    for (const bytes of [key(), delta()]) ada.client.sendDatagram(bytes);
    await sendStream(mediaStream(1, STREAM, [key(ON_DEMAND), delta(ON_DEMAND)]));
    const [one, two, three] = seats();
    for (const seat of [one, three]) {
      expect(streamsOf(seat)).toEqual([]);
      expect(seat.client.datagrams).toEqual([key(), delta()]);
    }
    expect(streamsOf(two)).toEqual([finished(key(ON_DEMAND), delta(ON_DEMAND))]);
    expect(two.client.datagrams).toEqual([]);
  });

  it('MH-1 ends a copy at the frame that is for others, and the others go on', async () => {
    const stream = await ada.client.session.openSendStream();
    await stream.write(mediaStream(1, STREAM, [key()]));
    await settle();
    const [one, two] = seats();
    expect([one, two].map((seat) => seat.client.streams[0]?.end)).toEqual(['open', 'open']);
    await stream.write(delta(ON_DEMAND).subarray(0, HEADER_BYTES));
    await settle();
    expect([one, two].map((seat) => seat.client.streams[0]?.end)).toEqual(['finished', 'open']);
    stream.reset(ResetCode.internalError);
    await settle();
    expect(streamsOf(one)).toEqual([finished(key())]);
    expect(two.client.streams[0]?.end).toEqual({ resetCode: ResetCode.internalError });
  });

  it('MH-1 tells the publisher in which deliveries it is received, and then asks for a key frame', async () => {
    expect(demands()).toEqual(['key', [true, [0, 1]], [true, [0, 1, 2]]]);
    await vi.advanceTimersByTimeAsync(KEY_FRAME_INTERVAL_MS);
    await settle();
    expect(demands().slice(3)).toEqual(['key']);
  });

  it('MH-1 leaves discardable frames out of a subscriber’s copy of a stream', async () => {
    const discardable = frame(1, STREAM, {
      flags: FLAG_END_OF_FRAME | 2,
      temporalLayer: 1,
      payloadLength: 50,
    });
    const [one, two] = seats();
    await two.client.say({
      layerChange: { userId: 1, streamId: STREAM, preferredSpatialLayer: 2, maxTemporalLayer: 0 },
    });
    await settle();
    await sendStream(mediaStream(1, STREAM, [key(), discardable, delta(), discardable]), 33);
    expect(streamsOf(one)).toEqual([finished(key(), discardable, delta(), discardable)]);
    expect(streamsOf(two)).toEqual([finished(key(), delta())]);
  });
});

it('MH-1 a publisher that does not deliver on demand is taken as it comes, and told nothing', async () => {
  await start(false);
  const seats = [await viewer(2, 'streams'), await viewer(3, 'datagrams')];
  await sendStream(mediaStream(1, STREAM, [key()]));
  ada.client.sendDatagram(delta());
  await settle();
  for (const seat of seats) {
    expect(streamsOf(seat)).toEqual([finished(key())]);
    expect(seat.client.datagrams).toEqual([delta()]);
  }
  expect(demands()).toEqual(['key']);
});

it('MH-4 asks for a key frame for a subscriber that was too slow for its copy of a stream that goes on', async () => {
  await start(true);
  const slow = await viewer(2, 'streams');
  await until(() => demands().length === 2);
  slow.client.session.hold();
  test.clock.nowMs += 1_000;
  const big = frame(1, STREAM, { type: FrameType.videoKey, payloadLength: 600_000 });
  const stream = await ada.client.session.openSendStream();
  await stream.write(mediaStream(1, STREAM, [big]));
  await stream.write(big);
  await settle();
  expect(test.worker.counters.dropsByName()).toEqual({ streamQuotaExceeded: 1 });
  expect(demands().slice(2)).toEqual(['key']);
});

it('MH-4 asks once more for a key frame for a subscriber that lost its copy otherwise, while it is there', async () => {
  await start(true);
  const there = await viewer(2, 'streams');
  const gone = await viewer(3, 'streams');
  const passSteps = async (steps: number): Promise<void> => {
    for (let step = 0; step < steps; step++) {
      test.clock.nowMs += PATH_STEP_MS;
      await vi.advanceTimersByTimeAsync(PATH_STEP_MS);
      await settle();
    }
  };
  await passSteps(8);
  const stream = await ada.client.session.openSendStream();
  await stream.write(mediaStream(1, STREAM, [key(ON_DEMAND)]));
  await settle();
  for (const { client } of [there, gone]) client.streams[0]?.stream.stop(ResetCode.none);
  await stream.write(delta(ON_DEMAND));
  await settle();
  expect(test.worker.counters.dropsByName()).toEqual({ streamDestinationClosed: 2 });
  gone.client.session.close(0, 'left');
  const before = demands().length;
  await passSteps(16);
  expect(demands().slice(before)).toEqual(['key']);
});
