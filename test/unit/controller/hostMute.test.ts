import { describe, expect, it } from 'vitest';
import { EMPTY_MEETING_KEPT_MS } from '../../../media-node/controller/MeetingRegistry.ts';
import { ApiError } from '../../../shared/api/error.ts';
import { signaling } from '../../../shared/signaling/messages.ts';
import type { TestClient } from './support/TestClient.ts';
import { assignment, MEETING_ID, TestMeeting } from './support/TestMeeting.ts';

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

  it('MC-10 holds when the participant loses its connection, or leaves, and comes back', async () => {
    const { test, host, ada } = await threePeople();
    await mute(host, ada.userId, true);
    await ada.request({ leave: {} });
    await host.untilNotice('participantLeft');
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([['audio']]);
    expect(again.welcome?.self).toMatchObject({ audioMutedByHost: true, mutedByUserId: host.userId });
    await mute(host, again.userId, false);
    await again.request({ leave: {} });
    await host.untilNotice('participantLeft', 2);
    const free = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, free.userId)).toEqual([[]]);
  });

  it('MC-8 MC-10 holds at the controller to which the meeting has moved', async () => {
    const test = await TestMeeting.start({ assigned: false });
    const hostMutes = [{ participant_id: 'ada', audio: false, video: true }];
    test.controller.assignMeeting(assignment({ generation: 2, host_mutes: hostMutes }));
    const host = await test.joined({ role: 'host', generation: 2 });
    const ada = await test.joined({ participantId: 'ada', generation: 2 });
    expect(mutesOf(test, ada.userId)).toEqual([['video']]);
    expect(ada.welcome?.self).toMatchObject({ videoMutedByHost: true, mutedByUserId: 0 });
    await mute(host, ada.userId, false);
    expect(mutesOf(test, ada.userId)).toEqual([[]]);
    // It comes back here after others have had it: what hosts have muted there holds, and who is there stays as it is.
    const eve = { participant_id: 'eve', audio: true, video: false };
    test.controller.assignMeeting(assignment({ generation: 3, host_mutes: [eve] }));
    expect(mutesOf(test, (await test.joined({ participantId: 'eve', generation: 3 })).userId)).toEqual([
      ['audio'],
    ]);
    expect(mutesOf(test, ada.userId)).toEqual([[]]);
  });

  it('MC-10 holds while nobody is in the meeting', async () => {
    const { test, host, ada, ben } = await threePeople();
    await mute(host, ada.userId, true);
    for (const client of [ada, ben, host]) await client.request({ leave: {} });
    await test.controller.settled();
    test.pass(EMPTY_MEETING_KEPT_MS + 1_000);
    expect(test.controller.meetings.find(MEETING_ID)).toBeUndefined();
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([['audio']]);
  });

  it('MC-8 MC-10 is told to the global controller, the latest word last, again while it is away', async () => {
    const { test, host, ada, ben } = await threePeople();
    const { controlPlane } = test;
    let failures = 2;
    controlPlane.before = () => {
      if (failures-- > 0) throw new ApiError('NO_CAPACITY', 'Away');
    };
    await mute(host, ada.userId, true);
    await mute(host, ben.userId, true);
    await mute(host, ada.userId, false);
    await test.controller.settled();
    const told = new Map(controlPlane.muted.map(({ participant_id, audio }) => [participant_id, audio]));
    expect([...told.values()].toSorted()).toEqual([false, true]);
    expect(told.get('ada')).toBe(false);
    expect(controlPlane.muted.at(-1)).toMatchObject({ meeting_id: MEETING_ID, generation: 1, video: false });
    expect(controlPlane.muted.length).toBeGreaterThanOrEqual(4);
  });

  it('MC-10 is what the host said whose word the media handler took, where two say something at once', async () => {
    const { test, host, ada } = await threePeople();
    const other = await test.joined({ role: 'host' });
    const { muteTransport } = test.plane;
    const calls: PromiseWithResolvers<void>[] = [];
    test.plane.muteTransport = async (...call) => {
      const answer = Promise.withResolvers<void>();
      calls.push(answer);
      await answer.promise;
      await muteTransport.apply(test.plane, call);
    };
    const first = mute(host, ada.userId, true);
    await expect.poll(() => calls.length).toBe(1);
    const second = other.request({ hostMute: { userId: ada.userId, audioMuted: false, videoMuted: true } });
    await expect.poll(() => calls.length).toBe(2);
    calls[0]?.resolve();
    expect((await first).payload).toBe('ack');
    calls[1]?.reject(new ApiError('INTERNAL_ERROR', 'secret'));
    expect((await second).error?.code).toBe(ErrorCode.STREAM_ERROR);
    await ada.request({ leave: {} });
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([['audio']]);
  });

  it('MC-10 is not told when the media handler failed', async () => {
    const { test, host, ada } = await threePeople();
    const recover = test.plane.fail('muteTransport', new ApiError('INTERNAL_ERROR', 'secret'));
    await mute(host, ada.userId, true);
    recover();
    await ada.request({ leave: {} });
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([[]]);
    await test.controller.settled();
    expect(test.controlPlane.muted).toEqual([]);
  });

  it('MC-8 tells a controller that it has lost the meeting, which lets it go', async () => {
    const { test, host, ada } = await threePeople();
    test.controlPlane.before = () => {
      throw new ApiError('CONFLICT', 'Served by another');
    };
    await mute(host, ada.userId, true);
    expect((await ada.untilClosed()).code).toBe(4503);
    expect(test.controlPlane.muted).toHaveLength(1);
  });

  it('MC-10 holds when the participant joins again over another connection', async () => {
    const { test, host, ada } = await threePeople();
    await mute(host, ada.userId, true);
    const again = await test.joined({ participantId: 'ada' });
    expect(mutesOf(test, again.userId)).toEqual([['audio']]);
    expect(again.welcome?.self?.audioMutedByHost).toBe(true);
  });
});
