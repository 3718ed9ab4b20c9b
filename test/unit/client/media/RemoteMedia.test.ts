import { describe, expect, it, onTestFinished } from 'vitest';
import type { OutgoingStream } from '../../../../client/core/media/OutgoingStream.ts';
import type { Room } from '../../../../client/core/Room.ts';
import type { MeetingNotice } from '../../../../client/media/MeetingClient.ts';
import type { AudioOutput } from '../../../../client/media/playback/AudioOutput.ts';
import { RemoteMedia } from '../../../../client/media/RemoteMedia.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { signaling } from '../../../../shared/signaling/messages.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import type { LoopbackSignalingSession } from '../../../support/loopbackSignaling.ts';
import { bytesOf, encoded } from '../frames.ts';
import { joinRoom } from '../joinRoom.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';

const { ErrorCode } = signaling;
const camera = { kind: 'video', source: 'camera', codec: 'vp8' } as const;
const screen = { kind: 'video', source: 'screen', codec: 'vp8' } as const;
const screenSound = { kind: 'audio', source: 'screen_audio', codec: 'opus' } as const;
const microphone = { kind: 'audio', source: 'microphone', codec: 'opus' } as const;
/** Past the longest wait for another try, ms. Less than the time after which signaling counts as lost. */
const LONG_MS = 16_000;

interface Setup {
  readonly ada: Room;
  readonly bob: Room;
  readonly time: ManualTime;
  readonly media: RemoteMedia;
  readonly notices: MeetingNotice[];
  readonly session: LoopbackSignalingSession;
  /** Sequences of Bob's subscriptions so far. */
  readonly asked: () => number[];
  /** Waits for Bob's subscription of this number, from 1, and refuses it. */
  readonly refuse: (count: number, code: number) => Promise<void>;
}

/** Ada publishes, Bob subscribes by himself, and is not answered until the test says so. */
async function setUp(): Promise<Setup> {
  const meeting = new LoopbackMeeting();
  const time = new ManualTime();
  const [ada, bob] = [await joinRoom(meeting, time, 'Ada'), await joinRoom(meeting, time, 'Bob')];
  const session = meeting.signaling.sessions[1];
  if (session === undefined) throw new Error('Bob has no signaling session');
  const notices: MeetingNotice[] = [];
  const media = new RemoteMedia({
    room: bob,
    clock: time,
    timers: time,
    log: silentLogger,
    random: () => 0.5,
    audioOutput: {
      ready: Promise.resolve(),
      open: () => ({
        write: () => undefined,
        setTarget: () => undefined,
        report: undefined,
        close: () => undefined,
      }),
    } as unknown as AudioOutput,
    onLevel: () => undefined,
    onChanged: () => undefined,
    onNotice: (notice) => notices.push(notice),
  });
  bob.on('streamPublished', (stream) => media.add(stream));
  bob.on('streamUnpublished', (stream) => media.remove(stream));
  session.answering = false;
  onTestFinished(() => {
    media.close();
    session.answering = true;
  });
  const asked = (): number[] =>
    session.messages.flatMap(({ payload, sequence }) =>
      payload === 'subscribeStream' ? [sequence ?? 0] : [],
    );
  const refuse = async (count: number, code: number): Promise<void> => {
    await until(() => asked().length === count);
    session.refuse(asked()[count - 1] ?? 0, code, 'Refused by the test');
    await settled();
  };
  return { ada, bob, time, media, notices, session, asked, refuse };
}

/** Lets what is under way within the process come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function sendPicture(stream: OutgoingStream): void {
  stream.send(encoded({ type: FrameType.videoDelta, payload: bytesOf(50) }));
}

describe('RemoteMedia', () => {
  it('SFU-8 tries again while the media server is full, tells the person once, and receives when there is room', async () => {
    const { ada, time, media, notices, session, asked, refuse } = await setUp();
    const stream = await ada.publish(camera, { mode: 'datagram' });
    for (let count = 1; count <= 3; count++) {
      await refuse(count, ErrorCode.CAPACITY_EXCEEDED);
      expect(media.video(1)?.stream.streamId).toBe(stream.streamId);
      time.advance(LONG_MS / 4);
    }
    expect(notices).toEqual([
      { code: 'media_server_full', message: expect.stringMatching(/^The media server is full.*\.$/) },
    ]);
    await until(() => asked().length === 4);
    session.send({ replyTo: asked()[3] ?? 0, subscribed: {} });
    await settled();
    sendPicture(stream);
    await until(() => media.video(1)?.receiver.stats.framesBuffered === 1);
    time.advance(LONG_MS);
    await settled();
    expect(asked()).toHaveLength(4);
  });

  it('MC-5 takes a stream for gone when it is not found, and says nothing', async () => {
    const { ada, time, media, notices, asked, refuse } = await setUp();
    await ada.publish(camera);
    await refuse(1, ErrorCode.NOT_FOUND);
    expect(media.video(1)).toBeUndefined();
    time.advance(LONG_MS);
    await settled();
    expect([asked().length, notices]).toEqual([1, []]);
  });

  it('MC-5 tries again after a failure of the media server, and tells the person when it does not pass', async () => {
    const { ada, time, media, notices, asked, refuse } = await setUp();
    await ada.publish(microphone);
    for (let count = 1; count <= 3; count++) {
      expect(notices).toEqual([]);
      await refuse(count, ErrorCode.STREAM_ERROR);
      if (count < 3) time.advance(LONG_MS / 4);
    }
    expect(media.audio(1)).toBeDefined();
    expect(notices.map(({ code }) => code)).toEqual(['streams_failing']);
    expect(asked()).toHaveLength(3);
  });

  it('does not try again what is refused for good', async () => {
    const { ada, time, media, asked, refuse } = await setUp();
    await ada.publish(camera);
    await refuse(1, ErrorCode.FORBIDDEN);
    expect(media.video(1)).toBeUndefined();
    time.advance(LONG_MS);
    await settled();
    expect(asked()).toHaveLength(1);
  });

  it('SFU-9 stops trying when the stream is unpublished, and when it is closed', async () => {
    const { ada, bob, time, media, asked, refuse } = await setUp();
    const idle = time.pending;
    const first = await ada.publish(camera);
    await refuse(1, ErrorCode.CAPACITY_EXCEEDED);
    expect(time.pending).toBe(idle + 1);
    await ada.unpublish(first.streamId);
    await until(() => bob.participants.get(1)?.streams.length === 0);
    expect([time.pending, media.video(1)]).toEqual([idle, undefined]);
    await ada.publish(camera);
    await refuse(2, ErrorCode.CAPACITY_EXCEEDED);
    expect(time.pending).toBe(idle + 1);
    media.close();
    expect(time.pending).toBe(idle);
    time.advance(LONG_MS);
    await settled();
    expect(asked()).toHaveLength(2);
  });

  it('SFU-9 stops trying a stream in whose place a newer one of the same participant has come', async () => {
    const { ada, time, media, session, asked, refuse } = await setUp();
    await ada.publish(camera);
    await refuse(1, ErrorCode.CAPACITY_EXCEEDED);
    const newer = await ada.publish(camera);
    await until(() => asked().length === 2);
    session.send({ replyTo: asked()[1] ?? 0, subscribed: {} });
    await settled();
    time.advance(LONG_MS);
    await settled();
    expect([asked().length, media.video(1)?.stream.streamId]).toEqual([2, newer.streamId]);
  });

  it('MC-3 keeps what a participant shares apart from the participant: pictures and sound of both', async () => {
    const { ada, bob, media, session } = await setUp();
    session.answering = true;
    const voice = await ada.publish(microphone);
    const face = await ada.publish(camera);
    const shared = await ada.publish(screen);
    const music = await ada.publish(screenSound);
    await until(() => media.audio(1, 'screen') !== undefined);
    const played = () =>
      (['camera', 'screen'] as const).map((source) => [
        media.video(1, source)?.stream.streamId,
        media.audio(1, source)?.stream.streamId,
      ]);
    expect(played()).toEqual([
      [face.streamId, voice.streamId],
      [shared.streamId, music.streamId],
    ]);
    await ada.unpublish(shared.streamId);
    await ada.unpublish(music.streamId);
    await until(() => bob.participants.get(1)?.streams.length === 2);
    expect(played()).toEqual([
      [face.streamId, voice.streamId],
      [undefined, undefined],
    ]);
  });

  it('SFU-4 asks for the layer of a shared screen that its own place needs, whatever the tile of its participant is like', async () => {
    const { ada, bob, media, session } = await setUp();
    session.answering = true;
    const wishes: unknown[] = [];
    bob.media.changeLayer = (_userId, streamId, { preferredSpatialLayer }) => {
      wishes.push([streamId, preferredSpatialLayer]);
    };
    await ada.publish({ ...camera, height: 360 });
    const low = await ada.publish({ ...screen, height: 540 });
    const high = await ada.publish({ ...screen, height: 1_080, spatialLayer: 1 });
    await until(() => high.streamId === 3 && media.video(1, 'screen') !== undefined);
    await settled();
    media.setShownHeight(1, 90, 'camera');
    media.setShownHeight(1, 600, 'screen');
    media.setShownHeight(1, 500, 'screen');
    expect(wishes).toEqual([
      [1, 0],
      [low.streamId, 1],
      [low.streamId, 0],
    ]);
  });
});
