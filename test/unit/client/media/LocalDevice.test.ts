import { beforeEach, describe, expect, it } from 'vitest';
import type { EncodedFrame } from '../../../../client/core/media/EncodedFrame.ts';
import type { OutgoingStream } from '../../../../client/core/media/OutgoingStream.ts';
import type { CaptureEnd } from '../../../../client/media/capture/CaptureLoop.ts';
import { LocalDevice } from '../../../../client/media/LocalDevice.ts';
import { createLogger } from '../../../../shared/base/log.ts';
import { encoded } from '../frames.ts';
import { until } from '../until.ts';

class FakePipeline {
  onFrame: ((frame: EncodedFrame) => void) | undefined;
  stopped = false;
  readonly onStopped: (reason: CaptureEnd) => void;

  constructor(onStopped: (reason: CaptureEnd) => void) {
    this.onStopped = onStopped;
  }

  sendTo(onFrame: (frame: EncodedFrame) => void): void {
    this.onFrame = onFrame;
  }

  stop(): void {
    this.stopped = true;
  }
}

interface FakeTrack {
  enabled: boolean;
  stopped: boolean;
  stop(): void;
}

/** A camera whose publishing is settled by the test. */
function makeCamera() {
  const pipelines: FakePipeline[] = [];
  const publishing: PromiseWithResolvers<OutgoingStream>[] = [];
  const unpublished: number[] = [];
  const problems: string[] = [];
  const device = new LocalDevice<FakePipeline>({
    device: 'camera',
    log: createLogger({ level: 'error', write: () => undefined }),
    open: async () => {
      const track: FakeTrack = {
        enabled: true,
        stopped: false,
        stop() {
          this.stopped = true;
        },
      };
      tracks.push(track);
      return track as unknown as MediaStreamTrack;
    },
    whenOff: 'release',
    startPipeline: (_track, onStopped) => {
      const pipeline = new FakePipeline(onStopped);
      pipelines.push(pipeline);
      return pipeline;
    },
    publish: () => {
      const answer = Promise.withResolvers<OutgoingStream>();
      publishing.push(answer);
      return answer.promise;
    },
    unpublish: async ({ streamId }) => {
      unpublished.push(streamId);
    },
    onProblem: ({ message }) => problems.push(message),
    onChanged: () => undefined,
  });
  return { device, pipelines, publishing, unpublished, problems };
}

function makeStream(streamId: number) {
  const sent: EncodedFrame[] = [];
  const stream = { streamId, send: (frame: EncodedFrame) => sent.push(frame) } as unknown as OutgoingStream;
  return { stream, sent };
}

let tracks: FakeTrack[];

beforeEach(() => {
  tracks = [];
});

describe('LocalDevice', () => {
  it('starts the pipeline before it publishes, and sends when it is published', async () => {
    const { device, pipelines, publishing } = makeCamera();
    const done = device.set(true);
    await until(() => publishing.length === 1);
    expect(pipelines).toHaveLength(1);
    expect(pipelines[0]?.onFrame).toBeUndefined();
    expect(device.isOn).toBe(false);
    const { stream, sent } = makeStream(1);
    publishing[0]?.resolve(stream);
    await done;
    expect(device).toMatchObject({ isOn: true, stream });
    const frame = encoded({});
    pipelines[0]?.onFrame?.(frame);
    expect(sent).toEqual([frame]);
  });

  it('lets go of a camera that is turned off before it gave a picture, and can be turned on again', async () => {
    const { device, pipelines, publishing, problems } = makeCamera();
    const first = device.set(true);
    await until(() => publishing.length === 1);
    void device.set(false);
    const again = device.set(true);
    expect([pipelines[0]?.stopped, tracks[0]?.stopped]).toEqual([true, true]);
    // As a pipeline's promise does when it is stopped.
    publishing[0]?.reject(new DOMException('The camera was stopped', 'AbortError'));
    await first;
    await until(() => publishing.length === 2);
    publishing[1]?.resolve(makeStream(2).stream);
    await again;
    expect(device).toMatchObject({ isOn: true, stream: { streamId: 2 } });
    expect(problems).toEqual([]);
  });

  it('unpublishes a stream that was published too late', async () => {
    const { device, publishing, unpublished, problems } = makeCamera();
    const on = device.set(true);
    await until(() => publishing.length === 1);
    const off = device.set(false);
    publishing[0]?.resolve(makeStream(7).stream);
    await Promise.all([on, off]);
    expect(unpublished).toEqual([7]);
    expect(device).toMatchObject({ isOn: false, stream: undefined });
    expect(problems).toEqual([]);
  });

  it('tells once when a device stops before it is published', async () => {
    const { device, pipelines, publishing, unpublished, problems } = makeCamera();
    const on = device.set(true);
    await until(() => publishing.length === 1);
    pipelines[0]?.onStopped('track_ended');
    publishing[0]?.reject(new DOMException('The camera was stopped', 'AbortError'));
    await on;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('stopped');
    expect(unpublished).toEqual([]);
    expect([device.isOn, tracks[0]?.stopped]).toEqual([false, true]);
  });

  it('lets go of a device that could not be published, and says so', async () => {
    const { device, pipelines, publishing, problems } = makeCamera();
    const on = device.set(true);
    await until(() => publishing.length === 1);
    publishing[0]?.reject(new Error('Refused'));
    await on;
    expect([device.isOn, pipelines[0]?.stopped, tracks[0]?.stopped]).toEqual([false, true, true]);
    expect(problems).toEqual(['Your camera could not be shared with the meeting. Turn it on again.']);
  });

  it('SFU-9 unpublishes the stream of a pipeline that fails to start sending, and publishes anew when asked again', async () => {
    const { device, pipelines, publishing, unpublished, problems } = makeCamera();
    const on = device.set(true);
    await until(() => publishing.length === 1);
    const [pipeline] = pipelines;
    if (pipeline === undefined) throw new Error('The camera has no pipeline');
    pipeline.sendTo = () => {
      throw new Error('No encoder');
    };
    publishing[0]?.resolve(makeStream(4).stream);
    await on;
    expect([device.isOn, pipeline.stopped, tracks[0]?.stopped]).toEqual([false, true, true]);
    expect([unpublished, problems.length]).toEqual([[4], 1]);
    const again = device.set(true);
    await until(() => publishing.length === 2);
    publishing[1]?.resolve(makeStream(5).stream);
    await again;
    expect(device).toMatchObject({ isOn: true, stream: { streamId: 5 } });
    expect(unpublished).toEqual([4]);
  });

  it('SFU-9 unpublishes the stream of a pipeline that stops while it is being published, or later', async () => {
    for (const published of [false, true]) {
      const { device, pipelines, publishing, unpublished } = makeCamera();
      const on = device.set(true);
      await until(() => publishing.length === 1);
      if (!published) pipelines[0]?.onStopped('encoder_failed');
      publishing[0]?.resolve(makeStream(6).stream);
      await on;
      if (published) pipelines[0]?.onStopped('encoder_failed');
      expect([unpublished, device.isOn]).toEqual([[6], false]);
    }
  });

  it('lets go of everything when it is closed while it starts', async () => {
    const { device, pipelines, publishing, problems } = makeCamera();
    const on = device.set(true);
    await until(() => publishing.length === 1);
    device.close();
    publishing[0]?.reject(new Error('The meeting is over'));
    await on;
    expect([device.isOn, pipelines[0]?.stopped, tracks[0]?.stopped]).toEqual([false, true, true]);
    expect(problems).toEqual([]);
  });
});
