import { describe, expect, it } from 'vitest';
import { DatagramWriter, MAX_IN_FLIGHT } from '../../../../../client/core/media/DatagramWriter.ts';
import type { OutgoingLink } from '../../../../../client/core/media/OutgoingLink.ts';
import { SOUND_STREAM_MS } from '../../../../../client/core/media/OutgoingMediaStreams.ts';
import { OutgoingStream, type SendMode } from '../../../../../client/core/media/OutgoingStream.ts';
import {
  FLAG_END_OF_FRAME,
  FLAG_ON_DEMAND,
  FrameType,
  HEADER_BYTES,
} from '../../../../../shared/frame/layout.ts';
import {
  readBaseFrame,
  readFlags,
  readFragmentIndex,
  readSequence,
  readType,
} from '../../../../../shared/frame/read.ts';
import { AS_DATAGRAMS, ON_STREAMS, PUBLISHERS_CHOICE } from '../../../../../shared/media-session/delivery.ts';
import { STREAM_HEADER_BYTES } from '../../../../../shared/media-stream/header.ts';
import { bytesOf, encoded } from '../../frames.ts';
import { ManualTime } from '../../ManualTime.ts';
import { until } from '../../until.ts';

/** A stream whose datagrams the engine takes only while `engine.open`. */
function setUp(mode: SendMode = 'mixed') {
  const datagrams: Uint8Array[] = [];
  const streams: Uint8Array[][] = [];
  const ended: number[] = [];
  const aborted: number[] = [];
  const held: (() => void)[] = [];
  const engine = { open: true, streamsOpen: true, failing: false };
  const writer = new DatagramWriter(
    new WritableStream<Uint8Array>(
      {
        write: async (bytes) => {
          datagrams.push(bytes);
          if (!engine.open) await new Promise<void>((resolve) => held.push(resolve));
        },
      },
      { highWaterMark: 1 },
    ),
  );
  let keyFramesWanted = 0;
  const time = new ManualTime();
  const stream = new OutgoingStream({
    userId: 7,
    streamId: 3,
    spatialLayer: 0,
    mode,
    fourCc: 'VP80',
    clock: time,
  });
  const link: OutgoingLink = {
    writer,
    maxFragmentBytes: () => 10,
    openStream: async () => {
      const index = streams.push([]) - 1;
      return new WritableStream<Uint8Array>({
        write: async (bytes) => {
          if (engine.failing) throw new Error('stopped');
          if (!engine.streamsOpen) await new Promise<void>((resolve) => held.push(resolve));
          streams[index]?.push(bytes);
        },
        close: () => {
          ended.push(index);
        },
        abort: () => {
          aborted.push(index);
        },
      });
    },
  };
  stream.attach(link);
  stream.onKeyFrameNeeded = () => keyFramesWanted++;
  const release = (): void => {
    engine.open = true;
    engine.streamsOpen = true;
    for (const resolve of held.splice(0)) resolve();
  };
  return {
    time,
    stream,
    datagrams,
    streams,
    ended,
    aborted,
    engine,
    release,
    keyFramesWanted: () => keyFramesWanted,
  };
}

const key = (payload = bytesOf(30)) => encoded({ type: FrameType.videoKey, payload });
const delta = (temporalLayer = 0, payload = bytesOf(5)) =>
  encoded({ temporalLayer, discardable: temporalLayer > 0, payload });
const audio = () => encoded({ type: FrameType.audio });

const SETS = {
  choice: PUBLISHERS_CHOICE,
  streams: ON_STREAMS,
  datagrams: AS_DATAGRAMS,
  all: PUBLISHERS_CHOICE | ON_STREAMS | AS_DATAGRAMS,
};

describe('OutgoingStream', () => {
  it('sends key frames on a stream each and the rest as datagrams', async () => {
    const { stream, datagrams, streams, ended } = setUp();
    stream.send(key());
    stream.send(delta(1, bytesOf(15)));
    stream.send(delta(0));
    stream.send(key());
    await until(() => ended.length === 2 && datagrams.length === 3);
    expect(streams.map((chunks) => chunks.map(({ length }) => length))).toEqual([
      [STREAM_HEADER_BYTES + HEADER_BYTES + 30],
      [STREAM_HEADER_BYTES + HEADER_BYTES + 30],
    ]);
    expect(datagrams.map((bytes) => [readSequence(bytes, 0), readBaseFrame(bytes, 0)])).toEqual([
      [0, 0],
      [1, 0],
      [2, 1],
    ]);
  });

  it('numbers datagrams only: a key frame on a stream carries the number of the next datagram', async () => {
    const { stream, streams, ended } = setUp();
    stream.send(delta(0, bytesOf(25)));
    stream.send(key());
    await until(() => ended.length === 1);
    const bytes = streams[0]?.[0] ?? new Uint8Array();
    expect(readSequence(bytes, STREAM_HEADER_BYTES)).toBe(3);
    expect(readBaseFrame(bytes, STREAM_HEADER_BYTES)).toBe(1);
    expect(stream.stats).toMatchObject({ datagramsSent: 3, framesSent: 2, framesDropped: 0 });
  });

  it('sends everything as datagrams in mode datagram', async () => {
    const { stream, datagrams, streams } = setUp('datagram');
    stream.send(key());
    await until(() => datagrams.length === 3);
    expect(datagrams.map((bytes) => readType(bytes, 0))).toEqual([1, 1, 1]);
    expect(streams).toEqual([]);
  });

  it('sends deltas on the stream of their key frame in mode stream, with one stream header', async () => {
    const { stream, datagrams, streams } = setUp('stream');
    stream.send(key());
    stream.send(delta());
    stream.send(delta(1));
    await until(() => streams[0]?.length === 3);
    expect(streams[0]?.map(({ length }) => length)).toEqual([
      STREAM_HEADER_BYTES + HEADER_BYTES + 30,
      HEADER_BYTES + 5,
      HEADER_BYTES + 5,
    ]);
    expect(datagrams).toEqual([]);
  });

  it('MH-1 begins a new stream at each key frame in mode stream, once the one before is written', async () => {
    const { stream, streams, ended, aborted } = setUp('stream');
    stream.send(key());
    stream.send(delta());
    stream.send(key());
    stream.send(delta());
    await until(() => ended.length === 1 && streams[1]?.length === 2);
    const chunks = [STREAM_HEADER_BYTES + HEADER_BYTES + 30, HEADER_BYTES + 5];
    expect(streams.map((sent) => sent.map(({ length }) => length))).toEqual([chunks, chunks]);
    expect([ended, aborted]).toEqual([[0], []]);
  });

  it('MH-1 begins a new stream of sound in mode stream once its time is over', async () => {
    const { time, stream, streams, ended } = setUp('stream');
    stream.send(audio());
    time.advance(SOUND_STREAM_MS - 1);
    stream.send(audio());
    time.advance(1);
    stream.send(audio());
    await until(() => ended.length === 1 && streams[1]?.length === 1);
    expect(streams.map(({ length }) => length)).toEqual([2, 1]);
  });

  it('gives streams up that newer key frames have overtaken in mode stream', async () => {
    const { stream, streams, engine, aborted, ended, release } = setUp('stream');
    engine.streamsOpen = false;
    for (let frames = 0; frames < 5; frames++) stream.send(key());
    await until(() => streams.length === 5);
    release();
    await until(() => aborted.length + ended.length >= 4);
    expect(aborted).toEqual([0, 1]);
    expect(ended.toSorted()).toEqual([2, 3]);
  });

  it('gives streams up that were ended for what waited on them, once later ones are', async () => {
    const { stream, streams, engine, aborted, keyFramesWanted, release } = setUp('stream');
    engine.streamsOpen = false;
    for (let fills = 1; fills <= 5; fills++) {
      stream.send(key(bytesOf(10)));
      while (keyFramesWanted() < fills) stream.send(delta(0, new Uint8Array(400_000)));
    }
    await until(() => streams.length === 5);
    release();
    await until(() => aborted.length >= 3);
    expect(aborted).toEqual([0, 1, 2]);
  });

  it('drops frames instead of queueing them when the engine takes none, and asks for a key frame', async () => {
    const { stream, datagrams, engine, release, keyFramesWanted } = setUp();
    engine.open = false;
    for (let i = 0; i < 300; i++) stream.send(delta());
    expect(keyFramesWanted()).toBe(1);
    expect(stream.stats.framesDropped).toBe(300 - MAX_IN_FLIGHT);
    release();
    await until(() => datagrams.length === MAX_IN_FLIGHT);
    stream.send(delta());
    expect(stream.stats.framesDropped).toBe(300 - MAX_IN_FLIGHT + 1);
    stream.send(key());
    stream.send(delta());
    await until(() => datagrams.length === MAX_IN_FLIGHT + 1);
    const last = datagrams.at(-1) ?? new Uint8Array();
    expect(readSequence(last, 0)).toBe(MAX_IN_FLIGHT);
    expect(readBaseFrame(last, 0)).toBe(302);
  });

  it('drops what nothing depends on before anything else', () => {
    const { stream, engine, keyFramesWanted } = setUp();
    engine.open = false;
    for (let i = 0; i < MAX_IN_FLIGHT; i++) stream.send(delta());
    for (let i = 0; i < 12; i++) stream.send(delta(i % 2));
    expect(keyFramesWanted()).toBe(0);
    expect(stream.stats.framesDropped).toBeGreaterThan(0);
  });

  it('drops the oldest sound and never asks for a key frame', () => {
    const { stream, engine, keyFramesWanted } = setUp();
    engine.open = false;
    for (let i = 0; i < 100; i++) stream.send(audio());
    expect(stream.stats).toMatchObject({
      datagramsSent: MAX_IN_FLIGHT,
      framesDropped: 100 - MAX_IN_FLIGHT - 8,
    });
    expect(keyFramesWanted()).toBe(0);
  });

  it('gives a key frame up that newer ones have overtaken', async () => {
    const { stream, engine, aborted, ended, release } = setUp();
    engine.streamsOpen = false;
    stream.send(key());
    await until(() => true);
    stream.send(key());
    stream.send(key());
    release();
    await until(() => aborted.length + ended.length >= 3);
    expect(aborted).toEqual([0]);
    expect(ended.toSorted()).toEqual([1, 2]);
  });

  it('drops a key frame over the bound of a media stream and asks for another', () => {
    const { stream, keyFramesWanted } = setUp();
    stream.send(key(new Uint8Array(1_000_000)));
    expect(keyFramesWanted()).toBe(1);
    expect(stream.stats).toMatchObject({ framesSent: 0, framesDropped: 1 });
  });

  it('sends nothing once closed', () => {
    const { stream } = setUp();
    stream.close();
    stream.close();
    stream.send(delta());
    stream.requestKeyFrame();
    expect(stream.stats.framesSent).toBe(0);
  });

  it('sends what waits nowhere twice, and counts a frame in two forms once', async () => {
    const { stream, datagrams, streams } = setUp();
    stream.setDemand(true, PUBLISHERS_CHOICE | ON_STREAMS | AS_DATAGRAMS);
    stream.send(key());
    stream.send(delta());
    await until(() => streams[0]?.length === 2 && datagrams.length === 4);
    expect(stream.stats).toMatchObject({ framesSent: 2, framesDropped: 0, datagramsSent: 4 });
  });

  it('MH-1 says on the stream which datagrams the same frame went out as', async () => {
    const { stream, streams } = setUp();
    stream.setDemand(true, PUBLISHERS_CHOICE | AS_DATAGRAMS);
    stream.send(key(bytesOf(25)));
    await until(() => streams[0]?.length === 1);
    const bytes = streams[0]?.[0] ?? new Uint8Array();
    expect([readSequence(bytes, STREAM_HEADER_BYTES), readFragmentIndex(bytes, STREAM_HEADER_BYTES)]).toEqual(
      [3, 3],
    );
  });

  it('MH-1 begins a form that is asked for with the next key frame, and ends the stream that nobody wants any more', async () => {
    const { stream, datagrams, streams, ended } = setUp('datagram');
    stream.send(key(bytesOf(5)));
    stream.setDemand(true, PUBLISHERS_CHOICE | ON_STREAMS);
    stream.send(delta());
    expect(streams).toEqual([]);
    stream.send(key(bytesOf(5)));
    stream.send(delta());
    stream.setDemand(true, PUBLISHERS_CHOICE);
    stream.send(delta());
    await until(() => ended.length === 1 && datagrams.length === 5);
    expect(streams.map((chunks) => chunks.length)).toEqual([2]);

    const onStreams = setUp('stream');
    onStreams.stream.send(key(bytesOf(5)));
    onStreams.stream.setDemand(true, PUBLISHERS_CHOICE | AS_DATAGRAMS);
    onStreams.stream.send(delta());
    onStreams.stream.send(key(bytesOf(5)));
    onStreams.stream.send(delta());
    await until(() => onStreams.datagrams.length === 2);
    expect(onStreams.datagrams.map((bytes) => readType(bytes, 0))).toEqual([1, 2]);
  });

  it('MH-1 sound changes its form with its next frame', async () => {
    const { stream, datagrams, streams, ended } = setUp();
    stream.send(audio());
    stream.setDemand(true, ON_STREAMS);
    stream.send(audio());
    stream.setDemand(true, PUBLISHERS_CHOICE);
    stream.send(audio());
    await until(() => datagrams.length === 2 && ended.length === 1);
    expect(streams.map((chunks) => chunks.length)).toEqual([1]);
  });

  it('a stream that the handler stops costs those nothing who want datagrams', async () => {
    const { stream, datagrams, streams, engine, keyFramesWanted } = setUp('datagram');
    stream.setDemand(true, PUBLISHERS_CHOICE | ON_STREAMS);
    engine.failing = true;
    stream.send(key(bytesOf(5)));
    await until(() => keyFramesWanted() === 1);
    engine.failing = false;
    stream.send(delta());
    stream.send(delta());
    await until(() => datagrams.length === 3);
    expect(streams.map((chunks) => chunks.length)).toEqual([0]);
  });

  const FLAGS = { chosen: FLAG_END_OF_FRAME, demanded: FLAG_END_OF_FRAME | FLAG_ON_DEMAND };
  /** What goes out of a key frame and a delta: flags of the frames on the stream, and as datagrams. */
  it.each<[SendMode, keyof typeof SETS, { readonly streams: number[]; readonly datagrams: number[] }]>([
    ['mixed', 'choice', { streams: [FLAGS.chosen], datagrams: [FLAGS.chosen] }],
    ['mixed', 'streams', { streams: [FLAGS.chosen, FLAGS.demanded], datagrams: [] }],
    ['mixed', 'datagrams', { streams: [], datagrams: [FLAGS.demanded, FLAGS.chosen] }],
    ['mixed', 'all', { streams: [FLAGS.chosen, FLAGS.demanded], datagrams: [FLAGS.demanded, FLAGS.chosen] }],
    ['stream', 'choice', { streams: [FLAGS.chosen, FLAGS.chosen], datagrams: [] }],
    ['stream', 'streams', { streams: [FLAGS.chosen, FLAGS.chosen], datagrams: [] }],
    ['stream', 'datagrams', { streams: [], datagrams: [FLAGS.demanded, FLAGS.demanded] }],
    ['stream', 'all', { streams: [FLAGS.chosen, FLAGS.chosen], datagrams: [FLAGS.demanded, FLAGS.demanded] }],
    ['datagram', 'choice', { streams: [], datagrams: [FLAGS.chosen, FLAGS.chosen] }],
    ['datagram', 'streams', { streams: [FLAGS.demanded, FLAGS.demanded], datagrams: [] }],
    ['datagram', 'datagrams', { streams: [], datagrams: [FLAGS.chosen, FLAGS.chosen] }],
    [
      'datagram',
      'all',
      { streams: [FLAGS.demanded, FLAGS.demanded], datagrams: [FLAGS.chosen, FLAGS.chosen] },
    ],
  ])(
    'MH-1 in mode %s for %s sends each frame in the forms that are wanted, and says which are on demand',
    async (mode, wanted, expected) => {
      const { stream, datagrams, streams } = setUp(mode);
      stream.setDemand(true, SETS[wanted]);
      stream.send(key(bytesOf(5)));
      stream.send(delta());
      await until(
        () =>
          streams.flat().length === expected.streams.length && datagrams.length === expected.datagrams.length,
      );
      expect(datagrams.map((bytes) => readFlags(bytes, 0))).toEqual(expected.datagrams);
      expect(
        streams.flat().map((bytes, index) => readFlags(bytes, index === 0 ? STREAM_HEADER_BYTES : 0)),
      ).toEqual(expected.streams);
    },
  );
});
