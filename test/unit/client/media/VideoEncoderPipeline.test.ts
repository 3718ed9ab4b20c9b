import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EncodedFrame } from '../../../../client/core/media/EncodedFrame.ts';
import { VideoEncoderPipeline } from '../../../../client/media/encode/VideoEncoderPipeline.ts';
import {
  CAMERA_PROFILE,
  SCREEN_PROFILE,
  type VideoProfile,
} from '../../../../client/media/encode/VideoProfile.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { ManualTime } from '../ManualTime.ts';
import { FakeCamera } from './fakeCodecs.ts';

const FRAME_MS = 40;

let camera: FakeCamera;
let time: ManualTime;
let frames: EncodedFrame[];
let counts: number[];
let ends: string[];
let pipeline: VideoEncoderPipeline;

beforeEach(() => {
  camera = new FakeCamera();
  camera.install();
  time = new ManualTime();
  frames = [];
  counts = [];
  ends = [];
  pipeline = makePipeline(CAMERA_PROFILE);
});

function makePipeline(profile: VideoProfile): VideoEncoderPipeline {
  return new VideoEncoderPipeline({
    track: camera.track,
    profile,
    clock: time,
    timers: time,
    log: silentLogger,
    onPreview: (frame) => frame.close(),
    onStopped: (reason) => ends.push(reason),
    onLayerCount: (layers) => counts.push(layers),
  });
}

afterEach(() => {
  pipeline.stop();
  vi.unstubAllGlobals();
});

async function turn(): Promise<void> {
  for (let step = 0; step < 5; step++) await new Promise((resolve) => setImmediate(resolve));
}

/** So many frames; answers what was encoded of them. */
async function capture(count = 1, size?: { width: number; height: number }) {
  camera.encoded.length = 0;
  for (let frame = 0; frame < count; frame++) {
    time.advance(FRAME_MS);
    camera.capture(size);
    await turn();
  }
  return camera.encoded.map(({ height, isKeyFrame }) => `${height}${isKeyFrame ? ' key' : ''}`);
}

async function sending(): Promise<void> {
  await capture();
  pipeline.sendTo((frame) => frames.push(frame));
}

describe('VideoEncoderPipeline', () => {
  it('SFU-4 encodes a picture in three sizes, the first frame of each a key frame', async () => {
    await sending();
    expect(frames.map(({ spatialLayer, type }) => [spatialLayer, type])).toEqual([
      [0, FrameType.videoKey],
      [1, FrameType.videoKey],
      [2, FrameType.videoKey],
    ]);
    expect(await capture()).toEqual(['90', '180', '360']);
  });

  it('SFU-4 makes only the key frames until it is told where they go', async () => {
    expect(await capture()).toEqual(['90 key', '180 key', '360 key']);
    expect(await capture(5)).toEqual([]);
    expect(await pipeline.format).toMatchObject({
      layers: [{ height: 90 }, { height: 180 }, { height: 360 }],
    });
  });

  it('SFU-4 marks the frames of the upper temporal layer as discardable', async () => {
    await sending();
    frames.length = 0;
    await capture();
    expect(frames.map(({ temporalLayer, discardable }) => [temporalLayer, discardable])).toEqual(
      Array(3).fill([1, true]),
    );
  });

  it('SFU-4 encodes a key frame of the layer that is asked for, once however often it is asked', async () => {
    await sending();
    await capture(10);
    for (let request = 0; request < 5; request++) pipeline.requestKeyFrame(1);
    expect(await capture(3)).toEqual(['90', '180 key', '360', '90', '180', '360', '90', '180', '360']);
  });

  it('MH-5 does not encode a layer that nobody watches, and begins with a key frame when somebody does', async () => {
    await sending();
    pipeline.setWanted(2, false);
    expect(await capture(2)).toEqual(['90', '180', '90', '180']);
    expect([camera.openEncoders.size, pipeline.stats.layers]).toEqual([2, 2]);
    pipeline.setWanted(2, true);
    expect(await capture()).toEqual(['90', '180', '360 key']);
  });

  it('SFU-4 gives up the highest layer when the encoders are behind, says so, and takes it up again later', async () => {
    await sending();
    camera.encodeQueueSize = 9;
    await capture(60);
    expect(counts).toEqual([2]);
    expect(pipeline.stats).toMatchObject({ layers: 2, allLayers: 3, isOverloaded: true });
    camera.encodeQueueSize = 0;
    expect(await capture()).toEqual(['90', '180']);
    while (counts.length < 2) await capture();
    expect(counts).toEqual([2, 3]);
    expect(await capture()).toEqual(['90', '180', '360 key']);
    expect(pipeline.stats.isOverloaded).toBe(false);
  });

  it('SFU-4 turns its layers with the camera', async () => {
    await sending();
    await capture();
    expect(await capture(1, { width: 360, height: 640 })).toEqual(['160 key', '320 key', '640 key']);
  });

  it.each([
    [{ width: 320, height: 180 }, ['90 key', '180 key']],
    [{ width: 160, height: 120 }, ['120 key']],
  ])('SFU-4 sends a small picture in fewer layers: %o', async (size, encoded) => {
    expect(await capture(1, size)).toEqual(encoded);
  });

  it('SFU-9 closes every frame and every encoder, and says nothing when it is stopped', async () => {
    await sending();
    await capture(3);
    pipeline.stop();
    pipeline.stop();
    await turn();
    expect([camera.openFrames, camera.openEncoders.size, ends]).toEqual([0, 0, []]);
  });

  it('says that the camera was taken away', async () => {
    await sending();
    camera.end();
    await turn();
    expect([ends, camera.openEncoders.size]).toEqual([['track_ended'], 0]);
  });

  it('rejects what waits for the first picture when there is none', async () => {
    pipeline.stop();
    await expect(pipeline.format).rejects.toThrow('The capture was stopped');
  });
});

describe('VideoEncoderPipeline of a screen', () => {
  const SCREEN = { width: 2_560, height: 1_440 };

  beforeEach(async () => {
    pipeline.stop();
    pipeline = makePipeline(SCREEN_PROFILE);
    await capture(1, SCREEN);
    pipeline.sendTo((frame) => frames.push(frame));
    camera.encoded.length = 0;
  });

  /** Lets so much time pass in which nothing moves; answers what was encoded. */
  async function stand(ms: number) {
    camera.encoded.length = 0;
    for (let step = 0; step < ms / 100; step++) {
      time.advance(100);
      await turn();
    }
    return camera.encoded.map(({ height, isKeyFrame }) => `${height}${isKeyFrame ? ' key' : ''}`);
  }

  it('SFU-4 encodes it in two sizes that can be read, for detail', () => {
    expect(frames.map(({ spatialLayer, type }) => [spatialLayer, type])).toEqual([
      [0, FrameType.videoKey],
      [1, FrameType.videoKey],
    ]);
    expect(camera.configs.map(({ height, contentHint }) => [height, contentHint])).toEqual([
      [540, 'detail'],
      [1_080, 'detail'],
    ]);
  });

  it('MH-5 encodes a picture that stands still again, five times a second, later each time', async () => {
    frames.length = 0;
    expect(await stand(1_100)).toEqual(Array(5).fill(['540', '1080']).flat());
    const times = frames
      .filter(({ spatialLayer }) => spatialLayer === 1)
      .map(({ timestampUs }) => timestampUs);
    expect(times.map((atUs, index) => atUs - (times[index - 1] ?? atUs))).toEqual([
      0,
      ...Array(4).fill(200_000),
    ]);
  });

  it('SFU-4 gives who comes late a key frame though nothing moves', async () => {
    pipeline.requestKeyFrame(0);
    await stand(100);
    expect(await stand(400)).toContain('540 key');
  });

  it('MH-5 shows what came last though it came too soon after the one before', async () => {
    expect(await capture(1, SCREEN)).toEqual([]);
    expect(await stand(300)).toEqual(['540', '1080']);
  });

  it('MH-5 repeats nothing while frames come, and follows the size of a window', async () => {
    expect(await capture(10, { width: 1_280, height: 720 })).toEqual(
      expect.arrayContaining(['360 key', '720 key']),
    );
    expect(camera.encoded).toHaveLength(10);
  });

  it('keeps its sharp layer on a slow machine, and sends fewer frames instead', async () => {
    camera.encodeQueueSize = 9;
    await capture(120, SCREEN);
    camera.encodeQueueSize = 0;
    expect(counts).toEqual([]);
    expect(await stand(400)).toContain('1080');
  });

  it('SFU-9 leaves no timer behind where the track cannot be read: browsers refuse one that has ended', () => {
    const before = time.pending;
    vi.stubGlobal(
      'MediaStreamTrackProcessor',
      class {
        constructor() {
          throw new DOMException('Input track cannot be ended', 'InvalidStateError');
        }
      },
    );
    expect(() => makePipeline(SCREEN_PROFILE)).toThrow('ended');
    expect(time.pending).toBe(before);
  });

  it('SFU-9 closes the frame that it keeps when it is stopped', async () => {
    const idle = time.pending;
    pipeline.stop();
    pipeline.stop();
    await turn();
    expect([camera.openFrames, camera.openEncoders.size, time.pending]).toEqual([0, 0, idle - 1]);
  });
});
