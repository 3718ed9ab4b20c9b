import { describe, expect, it } from 'vitest';
import type { Participant } from '../../../../client/core/signaling/types.ts';
import { participantViews } from '../../../../client/media/participantViews.ts';

function person(userId: number, displayName: string, more: Partial<Participant> = {}): Participant {
  return {
    participantId: `p${userId}`,
    userId,
    displayName,
    audioMuted: false,
    videoMuted: false,
    audioMutedByHost: false,
    videoMutedByHost: false,
    mutedByUserId: undefined,
    isHost: false,
    joinedAtMs: 0,
    streams: [],
    ...more,
  };
}

describe('participantViews', () => {
  const self = person(1, 'Ada', { isHost: true });
  const screen = { userId: 2, streamId: 5, kind: 'video', source: 'screen', codec: 'vp8' } as const;
  const ben = person(2, 'Ben', {
    audioMuted: true,
    audioMutedByHost: true,
    mutedByUserId: 1,
    streams: [screen],
  });
  const cleo = person(3, 'Cleo', { videoMuted: true, videoMutedByHost: true, mutedByUserId: 9 });
  const participants = new Map([ben, cleo].map((participant) => [participant.userId, participant]));
  const views = participantViews(
    { self, participants },
    {
      microphoneOn: false,
      cameraOn: true,
      screenShareOn: true,
      hasPicture: (userId, source) => source === 'camera' || userId === 2,
      isSpeaking: (userId) => userId === 3,
    },
  );

  it('MC-3 puts this participant first, with its devices as they are', () => {
    expect(views.map(({ displayName, isSelf }) => [displayName, isSelf])).toEqual([
      ['Ada', true],
      ['Ben', false],
      ['Cleo', false],
    ]);
    expect(views[0]).toMatchObject({ audioMuted: true, videoMuted: false, hasVideo: true, isHost: true });
    expect(views.map(({ hasVideo, speaking }) => [hasVideo, speaking])).toEqual([
      [true, false],
      [true, false],
      [false, true],
    ]);
  });

  it('MC-10 names the host who muted, as long as the host is there', () => {
    expect(
      views.map(({ audioMutedByHost, videoMutedByHost, mutedByName }) => [
        audioMutedByHost,
        videoMutedByHost,
        mutedByName,
      ]),
    ).toEqual([
      [false, false, undefined],
      [true, false, 'Ada'],
      [false, true, undefined],
    ]);
  });

  it('MC-3 says who shares a screen, oneself included, and of whom there is a picture of it', () => {
    expect(views.map(({ sharesScreen, hasScreen }) => [sharesScreen, hasScreen])).toEqual([
      [true, false],
      [true, true],
      [false, false],
    ]);
  });
});
