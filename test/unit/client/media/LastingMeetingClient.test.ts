// What a participant keeps from one room of its meeting to the next. The rooms are real; what stands for a browser's media is
// the fake meeting of the page's tests.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Room } from '../../../../client/core/Room.ts';
import type { ScreenCapture } from '../../../../client/media/capture/screen.ts';
import { LastingMeetingClient, type RoomClient } from '../../../../client/media/LastingMeetingClient.ts';
import type { MeetingEvents, PictureSource } from '../../../../client/media/MeetingClient.ts';
import { silentLogger } from '../../../../shared/base/log.ts';
import { FakeMeetingClient } from '../../../support/fakeMeetingClient.ts';
import { apiFailure, LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { breakSignaling, joinOf } from '../lastingRooms.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';
import { FakeTrack, stubDisplay } from './fakeDisplay.ts';

const OTHERS = [{ displayName: 'Ben' }, { displayName: 'Cleo' }];
const BEN = 2;
const CLEO = 3;

interface Picture {
  readonly userId: number;
  readonly canvas: HTMLCanvasElement;
  readonly source: PictureSource;
}

/** The client of one room: ends with it, and remembers what it was told. */
class FakeRoomClient extends FakeMeetingClient implements RoomClient {
  wanted: Parameters<RoomClient['start']>[0] | undefined;
  readonly pictures = new Set<Picture>();
  readonly shared: ScreenCapture[] = [];

  constructor(room: Room, others: typeof OTHERS) {
    const { displayName } = room.self;
    super(
      { apiUrl: '', meetingId: room.meetingId, displayName, microphone: false, camera: false },
      others,
      room.meetingName,
    );
    room.on('ended', () => this.end({ code: 'lost', message: 'The room is over' }));
  }

  async start(wanted: Parameters<RoomClient['start']>[0]): Promise<void> {
    this.wanted = wanted;
    this.microphoneOn = wanted.microphone;
    this.cameraOn = wanted.camera;
    this.screenShareOn = wanted.screen !== undefined;
  }

  async shareScreen(capture: ScreenCapture): Promise<void> {
    this.shared.push(capture);
    await this.startScreenShare();
  }

  override attachVideo(userId: number, canvas: HTMLCanvasElement, source: PictureSource = 'camera') {
    const picture = { userId, canvas, source };
    this.pictures.add(picture);
    return () => void this.pictures.delete(picture);
  }

  audioStatsForTesting(): undefined {
    return undefined;
  }

  dominantFrequencyForTesting(userId: number): number {
    return 100 * userId;
  }
}

async function join(devices = { microphone: true, camera: true }) {
  const meeting = new LoopbackMeeting();
  const time = new ManualTime();
  const lasting = await joinOf(meeting, time, 'Ada');
  onTestFinished(() => lasting.leave());
  const rooms: FakeRoomClient[] = [];
  const told: string[] = [];
  let others = OTHERS;
  const client = new LastingMeetingClient({
    lasting,
    devices,
    clientOf: (room) => {
      const made = new FakeRoomClient(room, others);
      rooms.push(made);
      return made;
    },
    timers: { close: () => void told.push('timers closed') },
    log: silentLogger,
  });
  const note =
    <Name extends keyof MeetingEvents>(name: Name) =>
    (value: MeetingEvents[Name]): void => {
      const { code, message, device, kind } = { ...(value as object) } as Record<string, string>;
      told.push([name, code ?? message ?? device ?? kind].filter(Boolean).join(' '));
    };
  for (const name of ['changed', 'deviceProblem', 'notice', 'hostMute', 'ended'] as const)
    client.on(name, note(name));
  const at = (index: number): FakeRoomClient => {
    const room = rooms.at(index);
    if (room === undefined) throw new Error('There is no such room yet');
    return room;
  };
  return {
    client,
    lasting,
    time,
    told,
    rooms,
    first: at(0),
    /** The latest. */
    current: () => at(-1),
    /** The room breaks: nobody is in the meeting until back(). */
    async leaveRoom(): Promise<void> {
      meeting.answers.set('/join/refresh', () => apiFailure('NO_CAPACITY'));
      breakSignaling(meeting);
      await until(() => client.state === 'reconnecting');
    },
    async back(present = OTHERS): Promise<void> {
      others = present;
      meeting.answers.delete('/join/refresh');
      const before = rooms.length;
      await until(() => {
        time.advance(100);
        return rooms.length > before;
      });
    },
    /** The API knows of no such meeting any more. */
    async end(): Promise<void> {
      meeting.answers.set('/join/refresh', () => apiFailure('NOT_FOUND', 'Meeting has ended'));
      breakSignaling(meeting);
      await until(() => client.state === 'disconnected');
    },
  };
}

const canvas = (): HTMLCanvasElement => ({}) as HTMLCanvasElement;

describe('a lasting meeting', () => {
  it('GC-17 shows the last room until there is another, says so, and then that one', async () => {
    const { client, first, current, leaveRoom, back, told } = await join();
    expect([client.state, client.meetingId]).toEqual(['connected', 'demo']);
    await leaveRoom();
    expect(client.participants).toBe(first.participants);
    expect(told).toContain('changed');
    await back([{ displayName: 'Ben' }]);
    expect(current()).not.toBe(first);
    expect(client.state).toBe('connected');
    expect(client.participants).toBe(current().participants);
    expect(client.participants).toHaveLength(2);
  });

  it('GC-17 passes on what each of its rooms says, and asks the latest', async () => {
    const { client, first, current, leaveRoom, back, told } = await join();
    first.notify({ message: 'from the first' } as never);
    await leaveRoom();
    await back();
    told.length = 0;
    current().notify({ message: 'from the second' } as never);
    current().muteSelf('audio', true, 'Ben');
    expect(told).toEqual(['notice from the second', 'changed', 'hostMute audio']);
    await client.hostMute(BEN, 'audio', true);
    await client.removeParticipant(CLEO);
    expect(current().participants.map((one) => [one.userId, one.audioMutedByHost])).toEqual([
      [1, true],
      [BEN, true],
    ]);
    expect(first.participants).toHaveLength(3);
    expect(client.stats(CLEO)).toEqual(current().stats(CLEO));
    expect(client.audioLevel(BEN)).toBe(current().audioLevel(BEN));
    expect([client.audioStatsForTesting(BEN), client.dominantFrequencyForTesting(BEN)]).toEqual([
      undefined,
      200,
    ]);
  });

  it('GC-17 turns on in the next room what was on, or was asked for between the rooms', async () => {
    const { client, first, current, leaveRoom, back, told } = await join({ microphone: true, camera: false });
    expect(first.wanted).toMatchObject({ microphone: true, camera: false });
    await client.setCamera(true);
    expect([first.cameraOn, client.cameraOn]).toEqual([true, true]);
    await leaveRoom();
    told.length = 0;
    await client.setMicrophone(false);
    expect(told).toEqual(['changed']);
    expect([client.microphoneOn, client.cameraOn]).toEqual([false, true]);
    expect(first.microphoneOn).toBe(true);
    await client.setCamera(false);
    await client.setCamera(true);
    await back();
    expect(current().wanted).toMatchObject({ microphone: false, camera: true });
    expect([client.microphoneOn, client.cameraOn]).toEqual([false, true]);
  });

  it('GC-17 does not try a device again that could not be used', async () => {
    const { first, current, leaveRoom, back, told } = await join();
    first.reportDevice({ device: 'camera', message: 'Camera blocked' } as never);
    expect(told).toContain('deviceProblem Camera blocked');
    await leaveRoom();
    await back();
    expect(current().wanted).toMatchObject({ microphone: true, camera: false });
  });

  it('GC-17 shows each picture where it was, and none that was taken down', async () => {
    const { client, first, current, leaveRoom, back } = await join();
    const [ben, screen, gone] = [canvas(), canvas(), canvas()];
    const detachBen = client.attachVideo(BEN, ben);
    client.attachVideo(CLEO, screen, 'screen');
    client.attachVideo(CLEO, gone)();
    await leaveRoom();
    expect(first.pictures.size).toBe(2);
    await back();
    expect(first.pictures.size).toBe(0);
    expect([...current().pictures]).toEqual([
      { userId: BEN, canvas: ben, source: 'camera' },
      { userId: CLEO, canvas: screen, source: 'screen' },
    ]);
    detachBen();
    expect([...current().pictures].map(({ userId }) => userId)).toEqual([CLEO]);
  });

  it('GC-17 SFU-4 asks for pictures as large as they are shown, of those who are there', async () => {
    const { client, first, current, leaveRoom, back } = await join();
    client.setShownHeight(BEN, 720);
    client.setShownHeight(BEN, 1_080, 'screen');
    client.setShownHeight(CLEO, 180);
    expect([...first.shownHeights]).toEqual([
      [BEN, 720],
      [CLEO, 180],
    ]);
    await leaveRoom();
    await back([{ displayName: 'Ben' }]);
    expect([...current().shownHeights]).toEqual([[BEN, 720]]);
    expect([...current().shownScreenHeights]).toEqual([[BEN, 1_080]]);
    await leaveRoom();
    await back();
    // Whoever has that number now is somebody else.
    expect([...current().shownHeights]).toEqual([[BEN, 720]]);
  });

  it('GC-17 goes on sharing a screen in the next room, until the person ends it', async () => {
    const tracks = [new FakeTrack('video')];
    stubDisplay(async () => tracks);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client, first, current, leaveRoom, back } = await join();
    await client.startScreenShare();
    expect(first.shared).toHaveLength(1);
    await leaveRoom();
    expect(client.screenShareOn).toBe(true);
    await back();
    expect(current().wanted?.screen).toBe(first.shared[0]);
    await leaveRoom();
    tracks[0]?.endByPerson();
    expect(client.screenShareOn).toBe(false);
    await back();
    expect(current().wanted?.screen).toBeUndefined();
  });

  it('MC-10 shares nothing when sharing is stopped while the person still chooses, as by a host who mutes', async () => {
    const tracks = [new FakeTrack('video'), new FakeTrack('audio')];
    const chosen = Promise.withResolvers<readonly FakeTrack[]>();
    stubDisplay(() => chosen.promise);
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client, first } = await join();
    const asked = client.startScreenShare();
    await client.stopScreenShare();
    chosen.resolve(tracks);
    await asked;
    expect(first.shared).toEqual([]);
    expect([client.screenShareOn, ...tracks.map(({ readyState }) => readyState)]).toEqual([
      false,
      'ended',
      'ended',
    ]);
    await client.startScreenShare();
    expect(first.shared).toHaveLength(1);
  });

  it('SFU-9 shares what is chosen though what was shared before ends meanwhile', async () => {
    const [before, after] = [new FakeTrack('video'), new FakeTrack('video')];
    const answers = [Promise.resolve([before]), Promise.withResolvers<readonly FakeTrack[]>()] as const;
    let asked = 0;
    stubDisplay(() => (asked++ === 0 ? answers[0] : answers[1].promise));
    onTestFinished(() => void vi.unstubAllGlobals());
    const { client, first } = await join();
    await client.startScreenShare();
    const choosing = client.startScreenShare();
    before.endByPerson();
    answers[1].resolve([after]);
    await choosing;
    expect(first.shared).toHaveLength(2);
    expect([client.screenShareOn, after.readyState]).toEqual([true, 'live']);
  });

  it('GC-13 ends once, in words, when the meeting is over, and nothing follows', async () => {
    const { client, end, told, first } = await join();
    told.length = 0;
    await end();
    await until(() => told.includes('timers closed'));
    expect(told.filter((one) => one !== 'changed')).toEqual(['ended ended', 'timers closed']);
    first.setLimited(true);
    expect(told.at(-1)).toBe('timers closed');
    expect(client.state).toBe('disconnected');
  });

  it('MC-3 leaves for good, also while there is no room', async () => {
    const { client, rooms, leaveRoom, told, time } = await join();
    await leaveRoom();
    await client.leave();
    await until(() => told.includes('timers closed'));
    expect(told.filter((one) => one !== 'changed')).toEqual(['ended left', 'timers closed']);
    time.advance(120_000);
    expect([client.state, rooms.length]).toEqual(['disconnected', 1]);
  });
});
