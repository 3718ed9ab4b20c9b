import type { ParticipantView } from '../../../client/media/MeetingClient.ts';

/** Somebody with microphone and camera on. */
export function participantView(
  userId: number,
  displayName: string,
  more: Partial<ParticipantView> = {},
): ParticipantView {
  return {
    userId,
    participantId: `p${userId}`,
    displayName,
    isSelf: false,
    audioMuted: false,
    videoMuted: false,
    audioMutedByHost: false,
    videoMutedByHost: false,
    mutedByName: undefined,
    isHost: false,
    hasVideo: true,
    sharesScreen: false,
    hasScreen: false,
    speaking: false,
    ...more,
  };
}
