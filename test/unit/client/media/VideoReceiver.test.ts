// Layers as a subscriber sees them: one is sent at a time, and which one shows by its key frame alone.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { packetize } from '../../../../client/core/media/packetize.ts';
import { VideoReceiver } from '../../../../client/media/playback/VideoReceiver.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { CAPTURE_US, encoded } from '../frames.ts';
import { ManualTime } from '../ManualTime.ts';
import { FakeScreen } from './fakeCodecs.ts';

const LOW = 10;
const HIGH = 12;
const FRAME_US = 40_000;
/** Past every delay of the jitter buffer. */
const LONG_MS = 100;

let screen: FakeScreen;
let time: ManualTime;
let receiver: VideoReceiver;
let asked: number[];
let layers: Map<number, { onDatagram: (bytes: Uint8Array, arrivalMs: number) => void; baseFrame: number }>;

beforeEach(() => {
  screen = new FakeScreen();
  screen.install();
  time = new ManualTime();
  asked = [];
  receiver = new VideoReceiver({
    codec: 'vp8',
    clock: time,
    timers: time,
    log: silentLogger,
    requestKeyFrame: (streamId) => void asked.push(streamId),
    onFirstFrame: () => undefined,
  });
  layers = new Map();
  for (const streamId of [LOW, HIGH])
    layers.set(streamId, { onDatagram: receiver.receiverOf(streamId).onDatagram, baseFrame: 0 });
});

afterEach(() => {
  receiver.close();
  vi.unstubAllGlobals();
});

/** A frame of this layer arrives: the `at`th that was captured, and the layer's next one unless it says otherwise. */
function arrives(streamId: number, at: number, type: FrameType = FrameType.videoDelta): void {
  const layer = layers.get(streamId);
  if (layer === undefined) throw new Error('No such layer');
  const frame = encoded({ type, timestampUs: CAPTURE_US + at * FRAME_US });
  const baseFrame = layer.baseFrame++;
  const place = { userId: 7, streamId, spatialLayer: 0, sequence: baseFrame, baseFrame };
  for (const datagram of packetize(frame, place, 1_000)) layer.onDatagram(datagram, time.monotonicMs());
  time.advance(LONG_MS);
}

const decoded = (): (number | string)[] =>
  screen.decoded.map(({ timestampUs, isKeyFrame }) => {
    const at = (timestampUs - CAPTURE_US) / FRAME_US;
    return isKeyFrame ? `key ${at}` : at;
  });

describe('VideoReceiver', () => {
  it('SFU-4 goes over to another layer at its key frame', () => {
    arrives(LOW, 0, FrameType.videoKey);
    arrives(LOW, 1);
    arrives(HIGH, 2, FrameType.videoKey);
    arrives(HIGH, 3);
    expect(decoded()).toEqual(['key 0', 1, 'key 2', 3]);
    expect(receiver.activeStreamId).toBe(HIGH);
  });

  it('SFU-4 goes over to a key frame that datagrams of the other layer have overtaken', () => {
    arrives(LOW, 0, FrameType.videoKey);
    arrives(LOW, 1);
    arrives(LOW, 2);
    arrives(HIGH, 1, FrameType.videoKey);
    arrives(HIGH, 2);
    expect(decoded()).toEqual(['key 0', 1, 2, 'key 1', 2]);
    expect(asked).toEqual([]);
  });

  it('SFU-4 decodes no layer before its key frame, and asks for that once the other has fallen silent', () => {
    arrives(LOW, 0, FrameType.videoKey);
    arrives(HIGH, 1);
    expect(asked).toEqual([]);
    for (let at = 2; at < 8; at++) arrives(HIGH, at);
    expect(decoded()).toEqual(['key 0']);
    expect(new Set(asked)).toEqual(new Set([HIGH]));
    arrives(HIGH, 8, FrameType.videoKey);
    expect(decoded()).toEqual(['key 0', 'key 8']);
  });

  it('SFU-4 takes no step back for a key frame of the layer that was sent before', () => {
    arrives(LOW, 0, FrameType.videoKey);
    arrives(HIGH, 3, FrameType.videoKey);
    arrives(LOW, 2, FrameType.videoKey);
    arrives(HIGH, 4);
    expect(decoded()).toEqual(['key 0', 'key 3', 4]);
  });

  it('SFU-4 follows there and back as often as it goes', () => {
    for (let turn = 0; turn < 6; turn++) {
      arrives(turn % 2 === 0 ? LOW : HIGH, 2 * turn, FrameType.videoKey);
      arrives(turn % 2 === 0 ? LOW : HIGH, 2 * turn + 1);
    }
    expect(decoded()).toEqual(['key 0', 1, 'key 2', 3, 'key 4', 5, 'key 6', 7, 'key 8', 9, 'key 10', 11]);
  });

  it('SFU-4 goes on with another layer when the one it decodes is gone', () => {
    arrives(HIGH, 0, FrameType.videoKey);
    receiver.removeLayer(HIGH);
    arrives(LOW, 1, FrameType.videoKey);
    arrives(LOW, 2);
    expect(decoded()).toEqual(['key 0', 'key 1', 2]);
  });

  it('SFU-4 asks for a key frame of the layer whose frames it misses', () => {
    arrives(LOW, 0, FrameType.videoKey);
    const layer = layers.get(LOW);
    if (layer) layer.baseFrame += 3;
    for (let at = 4; at < 8; at++) arrives(LOW, at);
    expect(new Set(asked)).toEqual(new Set([LOW]));
  });
});
