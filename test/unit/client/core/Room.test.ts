import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Room } from '../../../../client/core/Room.ts';
import type { RoomEnd } from '../../../../client/core/RoomEvents.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import { FrameType } from '../../../../shared/frame/layout.ts';
import { readSequence } from '../../../../shared/frame/read.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { pairWebTransports } from '../../../support/pairedWebTransport.ts';
import { bytesOf, encoded } from '../frames.ts';
import { ManualTime } from '../ManualTime.ts';
import { until } from '../until.ts';

async function join(
  meeting: LoopbackMeeting,
  displayName: string,
  transport = meeting.transport,
  time?: ManualTime,
) {
  const room = await Room.join({
    ...(time && { clock: time, timers: time }),
    apiUrl: 'https://api.test',
    meetingId: 'demo',
    displayName,
    fetch: meeting.fetch,
    transport,
  });
  const ends: RoomEnd[] = [];
  room.on('ended', (end) => ends.push(end));
  onTestFinished(() => room.leave());
  return { room, ends };
}

/** Tells a participant that its media is at a server again, as after the loss of the one before. */
function moveMedia(meeting: LoopbackMeeting, participant: number, urls = ['https://media.test/media']): void {
  meeting.signaling.sessions[participant]?.send({
    mediaServerChanged: {
      mediaServers: urls.map((url) => ({ url, connectionToken: `token-${participant + 1}` })),
    },
  });
}

function record(room: Room): string[] {
  const told: string[] = [];
  room.on('mediaReconnecting', () => told.push('reconnecting'));
  room.on('mediaReconnected', () => told.push('reconnected'));
  return told;
}

const audio = { kind: 'audio', source: 'microphone', codec: 'opus' } as const;

describe('Room', () => {
  it('MC-2 joins through API, signaling and media, and says how long each took', async () => {
    const meeting = new LoopbackMeeting();
    const { room } = await join(meeting, 'Ada');
    expect(meeting.pairs.map(({ url }) => url)).toEqual([
      'https://controller.test/signaling',
      'https://media.test/media',
    ]);
    expect(room).toMatchObject({ meetingId: 'demo', meetingName: 'Demo', self: { displayName: 'Ada' } });
    const { apiMs, signalingMs, mediaMs, totalMs } = room.timings;
    expect(apiMs + signalingMs + mediaMs).toBeCloseTo(totalMs, 6);
  });

  it('GC-14 has another name when the meeting is given one', async () => {
    const meeting = new LoopbackMeeting();
    const { room } = await join(meeting, 'Ada');
    const names: string[] = [];
    room.on('meetingUpdated', () => names.push(room.meetingName));
    for (const meetingName of ['Retro', ''])
      meeting.signaling.sessions[0]?.send({ meetingUpdated: { meetingName, maxParticipants: 3 } });
    await until(() => names.length === 2);
    expect(names).toEqual(['Retro', 'demo']);
  });

  it('MC-3 carries media from a publisher to a subscriber who finds the stream by itself', async () => {
    const meeting = new LoopbackMeeting();
    const { room: ada } = await join(meeting, 'Ada');
    const { room: bob } = await join(meeting, 'Bob');
    const got: Uint8Array[] = [];
    bob.on('streamPublished', ({ userId, streamId }) => {
      void bob.subscribe(userId, streamId, { onDatagram: (bytes) => got.push(bytes) });
    });
    const stream = await ada.publish(audio);
    await until(() => meeting.signaling.sessions[1]?.messages.length === 2);
    stream.send(encoded({ payload: bytesOf(50) }));
    await until(() => got.length === 1);
    expect(got[0]?.subarray(42)).toEqual(bytesOf(50));
  });

  it('MC-3 carries the colour space of a stream, matrix 0 too, and none where none was said', async () => {
    const meeting = new LoopbackMeeting();
    const { room: ada } = await join(meeting, 'Ada');
    const { room: bob } = await join(meeting, 'Bob');
    const video = { kind: 'video', source: 'camera', codec: 'vp8' } as const;
    const colorSpace = { primaries: 9, transfer: 16, matrix: 0, fullRange: true };
    const heard: unknown[] = [];
    bob.on('streamPublished', (stream) => heard.push(stream.colorSpace));
    await ada.publish({ ...video, colorSpace });
    await ada.publish(video);
    await until(() => heard.length === 2);
    expect(heard).toEqual([colorSpace, undefined]);
    const { room: cleo } = await join(meeting, 'Cleo');
    expect(cleo.participants.get(1)?.streams.map((stream) => stream.colorSpace)).toEqual(heard);
  });

  it('MC-3 keeps the roster in step: joins, streams, mutes and leaves', async () => {
    const meeting = new LoopbackMeeting();
    const { room: ada } = await join(meeting, 'Ada');
    const { room: bob } = await join(meeting, 'Bob');
    await until(() => ada.participants.size === 1);
    const stream = await bob.publish(audio);
    await bob.setMuted({ audio: true, video: true });
    await until(() => ada.participants.get(2)?.audioMuted === true);
    expect(ada.participants.get(2)).toMatchObject({
      displayName: 'Bob',
      streams: [{ streamId: stream.streamId, codec: 'opus' }],
    });
    const told: string[] = [];
    ada.on('streamUnpublished', ({ streamId }) => told.push(`stream ${streamId}`));
    ada.on('participantLeft', ({ participant, reason }) => told.push(`${participant.displayName} ${reason}`));
    await bob.leave();
    await until(() => ada.participants.size === 0);
    expect(told).toEqual(['stream 1', 'Bob left']);
  });

  it('gets nothing more of a stream after unsubscribing, or when the subscription was refused', async () => {
    const meeting = new LoopbackMeeting();
    const { room: ada } = await join(meeting, 'Ada');
    const { room: bob } = await join(meeting, 'Bob');
    const stream = await ada.publish(audio);
    const got: Uint8Array[] = [];
    const receiver = { onDatagram: (bytes: Uint8Array) => got.push(bytes) };
    await bob.subscribe(1, stream.streamId, receiver);
    await bob.unsubscribe(1, stream.streamId);
    const session = meeting.signaling.sessions[1];
    if (session === undefined) throw new Error('Bob has no signaling session');
    session.answering = false;
    const refused = bob.subscribe(1, stream.streamId, receiver);
    await until(() => session.messages.at(-1)?.payload === 'subscribeStream');
    session.refuse(session.messages.at(-1)?.sequence ?? 0, 4, 'No such stream');
    await expect(refused).rejects.toMatchObject({ refusal: 'NOT_FOUND' });
    session.answering = true;
    stream.send(encoded());
    await until(() => bob.media.faults.unwanted === 1);
    expect(got).toEqual([]);
  });

  it('SFU-9 forgets the receiver of a stream that ends, however often one is published and unpublished', async () => {
    const meeting = new LoopbackMeeting();
    const time = new ManualTime();
    const { room: ada } = await join(meeting, 'Ada', meeting.transport, time);
    const { room: bob } = await join(meeting, 'Bob', meeting.transport, time);
    let ended = 0;
    bob.on('streamUnpublished', () => ended++);
    for (let round = 1; round <= 5; round++) {
      const { streamId } = await ada.publish(audio);
      await bob.subscribe(1, streamId, { onDatagram: () => undefined });
      await ada.unpublish(streamId);
      await until(() => ended === round);
    }
    time.advance(1_000);
    for (let streamId = 1; streamId <= 5; streamId++)
      expect(bob.media.receiverInterval(1, streamId)).toBeUndefined();
  });

  it('SFU-9 forgets the receivers of every stream of a participant who leaves', async () => {
    const meeting = new LoopbackMeeting();
    const time = new ManualTime();
    const { room: ada } = await join(meeting, 'Ada', meeting.transport, time);
    const { room: bob } = await join(meeting, 'Bob', meeting.transport, time);
    for (let count = 1; count <= 2; count++) {
      const { streamId } = await ada.publish(audio);
      await bob.subscribe(1, streamId, { onDatagram: () => undefined });
    }
    await ada.leave();
    await until(() => bob.participants.size === 0);
    time.advance(1_000);
    expect([1, 2].map((streamId) => bob.media.receiverInterval(1, streamId))).toEqual([undefined, undefined]);
  });

  it('keeps the receiver of a later subscription when an earlier one of the same stream is refused', async () => {
    const meeting = new LoopbackMeeting();
    const { room: ada } = await join(meeting, 'Ada');
    const { room: bob } = await join(meeting, 'Bob');
    const stream = await ada.publish(audio);
    const session = meeting.signaling.sessions[1];
    if (session === undefined) throw new Error('Bob has no signaling session');
    const got: Uint8Array[] = [];
    session.answering = false;
    const refused = bob.subscribe(1, stream.streamId, { onDatagram: () => undefined });
    await until(() => session.messages.at(-1)?.payload === 'subscribeStream');
    session.answering = true;
    await bob.subscribe(1, stream.streamId, { onDatagram: (bytes) => got.push(bytes) });
    session.refuse(2, 7, 'The media server failed');
    await expect(refused).rejects.toMatchObject({ refusal: 'STREAM_ERROR' });
    stream.send(encoded());
    await until(() => got.length === 1);
  });

  it('SFU-9 unpublishes a stream that it has no media connection for', async () => {
    const meeting = new LoopbackMeeting();
    const { room } = await join(meeting, 'Ada');
    const session = meeting.signaling.sessions[0];
    vi.spyOn(room.media, 'publish').mockImplementation(() => {
      throw new Error('No connection');
    });
    await expect(room.publish(audio)).rejects.toThrow('No connection');
    await until(() => session?.messages.at(-1)?.payload === 'unpublishStream');
  });

  it('leaves with everything closed, once', async () => {
    const meeting = new LoopbackMeeting();
    const { room, ends } = await join(meeting, 'Ada');
    await Promise.all([room.leave(), room.leave()]);
    expect(ends).toEqual([{ source: 'local' }]);
    for (const { pair } of meeting.pairs) expect((await pair.server.closed).closeCode).toBe(0);
    expect(room.media.state).toBe('closed');
  });

  it('MC-3 leaves at once, before it returns, also when it is leaving already', async () => {
    for (const leavesAlready of [false, true]) {
      const meeting = new LoopbackMeeting();
      const { room, ends } = await join(meeting, 'Ada');
      if (leavesAlready) void room.leave();
      room.leaveAtOnce();
      expect([room.ended, room.media.state]).toEqual([true, 'closed']);
      expect(ends).toEqual([{ source: 'local' }]);
      for (const { pair } of meeting.pairs) expect((await pair.server.closed).closeCode).toBe(0);
      await room.left;
    }
  });

  it('ends when signaling ends', async () => {
    const meeting = new LoopbackMeeting();
    const ada = await join(meeting, 'Ada');
    meeting.pairs[0]?.pair.server.close({ closeCode: 4404, reason: 'Meeting has ended' });
    await until(() => ada.ends.length === 1);
    expect(ada.ends).toMatchObject([{ source: 'signaling', error: { closeCode: 4404 } }]);
  });

  it('ends at once when the media server throws it out', async () => {
    const meeting = new LoopbackMeeting();
    const { ends } = await join(meeting, 'Ada');
    meeting.pairs[1]?.pair.server.close({ closeCode: 4403, reason: 'Removed by a host' });
    await until(() => ends.length === 1);
    expect(ends).toMatchObject([{ source: 'media', error: { closeCode: 4403 } }]);
  });

  it('MC-11 tries the next media server when one does not let it in', async () => {
    const meeting = new LoopbackMeeting();
    meeting.signaling.mediaUrls = ['https://down.test/media', 'https://media.test/media'];
    const { room } = await join(meeting, 'Ada', (url, hashes) => {
      if (url.startsWith('https://down.test')) return pairWebTransports({ refuse: true }).client;
      return meeting.transport(url, hashes);
    });
    expect(room.media.state).toBe('ready');
  });

  it('leaves the meeting again when no media server lets it in', async () => {
    const meeting = new LoopbackMeeting();
    const failing = join(meeting, 'Ada', (url, hashes) => {
      if (url.endsWith('/media')) throw new TypeError('Not a URL');
      return meeting.transport(url, hashes);
    });
    await expect(failing).rejects.toMatchObject({ code: 'unreachable' });
    expect(meeting.signaling.participants).toEqual([]);
  });

  it('GC-14 rejects with the error of the API', async () => {
    const failing = Room.join({
      apiUrl: 'https://api.test',
      meetingId: 'demo',
      displayName: 'Ada',
      fetch: async () =>
        Response.json(
          { error: { code: 'NOT_FOUND', message: 'Meeting has ended', details: {} } },
          { status: 404 },
        ),
    });
    const error = await failing.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: 'Meeting has ended' });
  });
});

describe('Room whose media server is lost', () => {
  async function talking(time?: ManualTime) {
    const meeting = new LoopbackMeeting();
    const ada = await join(meeting, 'Ada', meeting.transport, time);
    const bob = await join(meeting, 'Bob', meeting.transport, time);
    const stream = await ada.room.publish(audio, { mode: 'datagram' });
    const got: Uint8Array[] = [];
    await bob.room.subscribe(1, stream.streamId, { onDatagram: (bytes) => got.push(bytes) });
    stream.send(encoded({ payload: bytesOf(50) }));
    await until(() => got.length === 1);
    return { meeting, ada, bob, stream, got };
  }

  it('SFU-9 goes on with the same streams and subscriptions at the server that the controller names', async () => {
    const { meeting, ada, bob, stream, got } = await talking();
    const told = record(bob.room);
    const [first, second] = [ada.room.media, bob.room.media];
    for (const { url, pair } of meeting.pairs.slice()) if (url.endsWith('/media')) pair.lose();
    moveMedia(meeting, 0);
    moveMedia(meeting, 1);
    await until(() => ada.room.media !== first && bob.room.media !== second);
    stream.send(encoded({ type: FrameType.audio, payload: bytesOf(50) }));
    await until(() => got.length === 2);
    expect(got.map((bytes) => readSequence(bytes, 0))).toEqual([0, 1]);
    expect(told).toEqual(['reconnecting', 'reconnected']);
    expect([...ada.ends, ...bob.ends]).toEqual([]);
  });

  it('SFU-9 asks for a key frame of its own video once it is back, and drops what depends on lost frames', async () => {
    const meeting = new LoopbackMeeting();
    const { room } = await join(meeting, 'Ada');
    const stream = await room.publish(
      { kind: 'video', source: 'camera', codec: 'vp8' },
      { mode: 'datagram' },
    );
    let wanted = 0;
    stream.onKeyFrameNeeded = () => wanted++;
    stream.send(encoded({ type: FrameType.videoKey }));
    const before = room.media;
    moveMedia(meeting, 0);
    stream.send(encoded({ type: FrameType.videoDelta }));
    await until(() => room.media !== before);
    expect(wanted).toBe(1);
    stream.send(encoded({ type: FrameType.videoDelta }));
    const { framesSent } = stream.stats;
    stream.send(encoded({ type: FrameType.videoKey }));
    expect(stream.stats.framesSent).toBe(framesSent + 1);
  });

  it('SFU-9 waits for a server to be named when the session breaks, and publishes once there is one', async () => {
    const { meeting, ada } = await talking();
    const told = record(ada.room);
    meeting.pairs[1]?.pair.lose();
    await until(() => told.length === 1);
    const published = ada.room.publish(audio);
    moveMedia(meeting, 0);
    expect((await published).streamId).toBe(2);
    expect(told).toEqual(['reconnecting', 'reconnected']);
  });

  it('SFU-9 ends as lost when no server is named for 5 s', async () => {
    const time = new ManualTime();
    const { meeting, ada } = await talking(time);
    const told = record(ada.room);
    meeting.pairs[1]?.pair.lose();
    await until(() => told.length === 1);
    const refused = ada.room.publish(audio).catch((error: unknown) => error);
    await until(() => meeting.signaling.sessions[0]?.messages.at(-1)?.payload === 'publishStream');
    time.advance(4_999);
    expect(ada.ends).toEqual([]);
    time.advance(1);
    expect(ada.ends).toMatchObject([{ source: 'media', error: { code: 'lost' } }]);
    expect(await refused).toMatchObject({ code: 'lost' });
    await ada.room.left;
  });

  it('SFU-9 takes the newest when another server is named before it is connected to the first', async () => {
    const { meeting, ada, stream } = await talking();
    const told = record(ada.room);
    moveMedia(meeting, 0, ['https://other.test/media']);
    moveMedia(meeting, 0);
    await until(() => told.length === 2);
    await until(() => meeting.media.sessions.filter(({ userId }) => userId === 1).length === 1);
    expect(told).toEqual(['reconnecting', 'reconnected']);
    expect(ada.room.media.state).toBe('ready');
    expect(stream.stats.framesDropped).toBe(0);
  });

  it('SFU-9 joins at the server that is named while it connects to one that is lost', async () => {
    const meeting = new LoopbackMeeting();
    meeting.signaling.mediaUrls = ['https://down.test/media'];
    const { room } = await join(meeting, 'Ada', (url, hashes) => {
      if (!url.startsWith('https://down.test')) return meeting.transport(url, hashes);
      moveMedia(meeting, 0);
      return pairWebTransports().client;
    });
    expect(room.media.state).toBe('ready');
  });

  it('SFU-9 leaves no session behind when it leaves while it reconnects', async () => {
    const { meeting, ada } = await talking();
    ada.room.on('mediaReconnecting', () => void ada.room.leave());
    moveMedia(meeting, 0);
    await ada.room.left;
    await until(() => meeting.media.sessions.every(({ userId }) => userId === 2));
    expect(ada.ends).toEqual([{ source: 'local' }]);
  });
});
