import { describe, expect, it, onTestFinished } from 'vitest';
import { Room } from '../../../../client/core/Room.ts';
import { apiFailure, LoopbackMeeting } from '../../../support/loopbackMeeting.ts';
import { until } from '../until.ts';

async function two(meeting = new LoopbackMeeting()) {
  const rooms = [];
  for (const displayName of ['Host', 'Bob']) {
    const room = await Room.join({
      apiUrl: 'https://api.test',
      meetingId: 'demo',
      displayName,
      fetch: meeting.fetch,
      transport: meeting.transport,
    });
    onTestFinished(() => room.leave());
    rooms.push(room);
  }
  const [host, bob] = rooms as [Room, Room];
  await until(() => host.participants.size === 1);
  return { meeting, host, bob };
}

describe('a host', () => {
  it('MC-10 mutes one kind and leaves the other as it is; everybody sees who did, the muted participant included', async () => {
    const { host, bob } = await two();
    expect([host.self.isHost, bob.self.isHost]).toEqual([true, false]);
    await host.hostMute(2, 'audio', true);
    await host.hostMute(2, 'video', true);
    const muted = { audioMutedByHost: true, videoMutedByHost: true, mutedByUserId: 1 };
    await until(() => bob.self.videoMutedByHost);
    expect(bob.self).toMatchObject(muted);
    expect(host.participants.get(2)).toMatchObject(muted);
    await host.hostMute(2, 'audio', false);
    await until(() => !bob.self.audioMutedByHost);
    expect(bob.self).toMatchObject({ audioMutedByHost: false, videoMutedByHost: true, mutedByUserId: 1 });
  });

  it('MC-10 is refused for who is none, and for somebody who has left', async () => {
    const { host, bob } = await two();
    await expect(bob.hostMute(1, 'audio', true)).rejects.toMatchObject({ refusal: 'FORBIDDEN' });
    await expect(host.hostMute(9, 'audio', true)).rejects.toMatchObject({ refusal: 'NOT_FOUND' });
  });

  it('MC-10 GC-15 removes a participant with nothing but its join token', async () => {
    const { meeting, host, bob } = await two();
    const path = '/participants/p2';
    meeting.answers.set(path, () => Response.json({ participant_id: 'p2', removed: true }));
    await host.removeParticipant(2);
    expect(meeting.asked.at(-1)).toBe(`DELETE ${path} Host`);
    meeting.answers.set('/participants/p1', () => apiFailure('FORBIDDEN', 'Only a host may remove others'));
    await expect(bob.removeParticipant(1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
