import { describe, expect, it, onTestFinished } from 'vitest';
import { Room, type RoomEnd } from '../../../../client/core/Room.ts';
import { ApiError } from '../../../../shared/api/error.ts';
import { LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { pairWebTransports } from '../../../support/pairedWebTransport.ts';
import { bytesOf, encoded } from '../frames.ts';
import { until } from '../until.ts';

async function join(meeting: LoopbackMeeting, displayName: string, transport = meeting.transport) {
  const room = await Room.join({
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

  it('leaves with everything closed, once', async () => {
    const meeting = new LoopbackMeeting();
    const { room, ends } = await join(meeting, 'Ada');
    await Promise.all([room.leave(), room.leave()]);
    expect(ends).toEqual([{ source: 'local' }]);
    for (const { pair } of meeting.pairs) expect((await pair.server.closed).closeCode).toBe(0);
    expect(room.media.state).toBe('closed');
  });

  it('ends when signaling ends, and when media ends', async () => {
    const meeting = new LoopbackMeeting();
    const ada = await join(meeting, 'Ada');
    meeting.pairs[0]?.pair.server.close({ closeCode: 4404, reason: 'Meeting has ended' });
    await until(() => ada.ends.length === 1);
    expect(ada.ends).toMatchObject([{ source: 'signaling', error: { closeCode: 4404 } }]);
    const bob = await join(meeting, 'Bob');
    meeting.pairs[3]?.pair.lose();
    await until(() => bob.ends.length === 1);
    expect(bob.ends).toMatchObject([{ source: 'media', error: { code: 'lost' } }]);
    await bob.room.left;
    expect(meeting.signaling.participants).toEqual([]);
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
