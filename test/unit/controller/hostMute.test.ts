import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../shared/api/error.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import type { TestClient } from './support/TestClient.ts';
import { TestMeeting } from './support/TestMeeting.ts';

const { ErrorCode } = signaling;

async function threePeople() {
  const test = await TestMeeting.start();
  const host = await test.joined({ role: 'host' });
  return { test, host, ada: await test.joined({ participantId: 'ada' }), ben: await test.joined() };
}

/** What the media handlers hold against a user, by transport. */
function mutesOf(test: TestMeeting, userId: number): (readonly string[])[] {
  return [...test.plane.routers.values()].flatMap((router) =>
    [...router.transports.values()]
      .filter((transport) => transport.user_id === userId)
      .map(({ muted }) => muted ?? []),
  );
}

async function mute(host: TestClient, userId: number, audioMuted: boolean) {
  return await host.request({ hostMute: { userId, audioMuted, videoMuted: false } });
}

describe('host mute', () => {
  it('MC-10 mutes at the media handler and tells everybody, the muted participant included', async () => {
    const { test, host, ada, ben } = await threePeople();
    expect((await mute(host, ada.userId, true)).payload).toBe('ack');
    expect(mutesOf(test, ada.userId)).toEqual([['audio']]);
    for (const client of [host, ada, ben]) {
      const { participantUpdated } = await client.untilNotice('participantUpdated');
      expect(participantUpdated?.participant).toMatchObject({
        userId: ada.userId,
        audioMuted: true,
        audioMutedByHost: true,
        videoMutedByHost: false,
        mutedByUserId: host.userId,
      });
    }
    await mute(host, ada.userId, false);
    expect(mutesOf(test, ada.userId)).toEqual([[]]);
    const lifted = await ben.untilNotice('participantUpdated', 2);
    expect(lifted.participantUpdated?.participant).toMatchObject({
      audioMuted: false,
      audioMutedByHost: false,
      mutedByUserId: 0,
    });
  });

  it('MC-10 lets nobody mute who is no host, whatever the client says', async () => {
    const { test, host, ada, ben } = await threePeople();
    expect((await mute(ben, ada.userId, true)).error).toEqual({
      code: ErrorCode.FORBIDDEN,
      message: 'Only a host may mute others',
    });
    await mute(host, ben.userId, true);
    expect((await mute(ben, ben.userId, false)).error?.code).toBe(ErrorCode.FORBIDDEN);
    expect([mutesOf(test, ada.userId), mutesOf(test, ben.userId)]).toEqual([[[]], [['audio']]]);
  });

  it('MC-10 is not lifted by unmuting oneself', async () => {
    const { test, host, ada, ben } = await threePeople();
    await mute(host, ada.userId, true);
    await ada.request({ mute: { audioMuted: false, videoMuted: false } });
    const told = await ben.untilNotice('participantUpdated', 2);
    expect(told.participantUpdated?.participant?.audioMuted).toBe(true);
    expect(mutesOf(test, ada.userId)).toEqual([['audio']]);
  });

  it('MC-10 MC-5 answers NOT_FOUND for who is not there, and says when the media handler failed', async () => {
    const { test, host, ada, ben } = await threePeople();
    expect((await mute(host, 99, true)).error?.code).toBe(ErrorCode.NOT_FOUND);
    const recover = test.plane.fail('muteTransport', new ApiError('INTERNAL_ERROR', 'secret'));
    expect((await mute(host, ada.userId, true)).error).toEqual({
      code: ErrorCode.STREAM_ERROR,
      message: 'Could not mute the participant: the media server failed',
    });
    recover();
    expect(ben.notices('participantUpdated')).toEqual([]);
    expect((await mute(host, ada.userId, true)).payload).toBe('ack');
  });

  it('MC-10 SFU-9 holds when the media server is lost', async () => {
    const { test, host, ada } = await threePeople();
    await mute(host, ada.userId, true);
    test.loseRouter();
    await ada.untilNotice('mediaServerChanged');
    expect(mutesOf(test, ada.userId)).toEqual([['audio']]);
  });

  it('MC-10 holds when the participant joins again over another connection', async () => {
    const { test, host, ada } = await threePeople();
    await mute(host, ada.userId, true);
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([['audio']]);
    expect(again.welcome?.self?.audioMutedByHost).toBe(true);
  });
});
