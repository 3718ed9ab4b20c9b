import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ScreenCapture } from '../../../../client/media/capture/screen.ts';
import { ScreenShare } from '../../../../client/media/ScreenShare.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { joinRoom } from '../joinRoom.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';
import { FakeCamera } from './fakeCodecs.ts';
import { FakeTrack } from './fakeDisplay.ts';

const SIZE = { width: 1_920, height: 1_080 };

let display: FakeCamera;

beforeEach(() => {
  display = new FakeCamera();
  display.install();
});

afterEach(() => vi.unstubAllGlobals());

/** Ada shares, Ben sees in his roster what she publishes. */
async function setUp() {
  const meeting = new LoopbackMeeting();
  const time = new ManualTime();
  const [ada, ben] = [await joinRoom(meeting, time, 'Ada'), await joinRoom(meeting, time, 'Ben')];
  const problems: string[] = [];
  const share = new ScreenShare({
    room: ada,
    clock: time,
    timers: time,
    log: silentLogger,
    onProblem: ({ message }) => problems.push(message),
    onChanged: () => undefined,
  });
  onTestFinished(() => share.close());
  const published = (): string[] =>
    (ben.participants.get(ada.self.userId)?.streams ?? []).map(
      ({ source, height }) => `${source}${height === undefined ? '' : ` ${height}`}`,
    );
  return { ada, share, problems, published };
}

function capture(...kinds: readonly ('video' | 'audio')[]) {
  const tracks = kinds.map((kind) => new FakeTrack(kind));
  const of = (wanted: string) => tracks.find(({ kind }) => kind === wanted) as MediaStreamTrack | undefined;
  const video = of('video');
  if (video === undefined) throw new Error('There is no picture');
  return { tracks, screen: new ScreenCapture(video, of('audio')) };
}

/** Starts, with a first picture as soon as somebody captures. */
async function started(share: ScreenShare, screen: ScreenCapture): Promise<void> {
  const before = display.readers;
  const done = share.start(screen);
  await until(() => display.readers > before);
  display.capture(SIZE);
  await done;
}

describe('ScreenShare', () => {
  it('MC-3 SFU-4 publishes a screen in layers, and its sound as a stream of its own', async () => {
    const { share, published } = await setUp();
    const { screen } = capture('video', 'audio');
    await started(share, screen);
    await until(() => published().length === 3);
    expect(share.isOn).toBe(true);
    expect(published().sort()).toEqual(['screen 1080', 'screen 540', 'screen_audio']);
  });

  it('SFU-9 unpublishes everything when the person ends it with the button of the browser, and calls it no problem', async () => {
    const { share, problems, published } = await setUp();
    const { screen } = capture('video', 'audio');
    await started(share, screen);
    await until(() => published().length === 3);
    display.end('video');
    await until(() => published().length === 0);
    expect([share.isOn, problems]).toEqual([false, []]);
  });

  it('lets go of its copies only: what is captured may be shared in the next room', async () => {
    const { share, published } = await setUp();
    const { tracks, screen } = capture('video', 'audio');
    await started(share, screen);
    await share.stop();
    expect(tracks.map(({ readyState, clones }) => [readyState, clones[0]?.readyState])).toEqual([
      ['live', 'ended'],
      ['live', 'ended'],
    ]);
    await until(() => published().length === 0);
    const again = await setUp();
    await started(again.share, screen);
    await until(() => again.published().length === 3);
  });

  it('shares another screen in place of the one before', async () => {
    const { share, published } = await setUp();
    const first = capture('video', 'audio');
    await started(share, first.screen);
    const second = capture('video');
    await started(share, second.screen);
    await until(() => published().length === 2);
    expect(published()).toEqual(['screen 540', 'screen 1080']);
    expect(first.tracks[0]?.clones[0]?.readyState).toBe('ended');
  });

  it('SFU-9 does not begin with another screen that is stopped while the one before still ends', async () => {
    const { ada, share, problems, published } = await setUp();
    await started(share, capture('video').screen);
    await until(() => published().length === 2);
    const answer = Promise.withResolvers<void>();
    const unpublish = ada.unpublish.bind(ada);
    vi.spyOn(ada, 'unpublish').mockImplementation(async (streamId) => {
      await answer.promise;
      await unpublish(streamId);
    });
    const { tracks, screen } = capture('video', 'audio');
    const starting = share.start(screen);
    const stopping = share.stop();
    answer.resolve();
    await Promise.all([starting, stopping]);
    expect([share.isOn, problems]).toEqual([false, []]);
    expect(tracks.map(({ clones }) => clones)).toEqual([[], []]);
    await until(() => published().length === 0);
  });

  it('says that a screen could not be published, and shares no sound without it', async () => {
    const { ada, share, problems, published } = await setUp();
    const { tracks, screen } = capture('video', 'audio');
    vi.spyOn(ada, 'publish').mockRejectedValue(new Error('Refused'));
    await started(share, screen);
    expect(share.isOn).toBe(false);
    expect(problems).toEqual(['Your screen could not be shared with the meeting. Share it again.']);
    expect([published(), tracks[1]?.clones]).toEqual([[], []]);
  });
});
