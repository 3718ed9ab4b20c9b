import type { Room } from '../core/Room.ts';
import type { Participant } from '../core/signaling/types.ts';
import type { ParticipantView, PictureSource } from './MeetingClient.ts';

/** What a page shows of participants beside what signaling says of them. */
export interface ParticipantMedia {
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  readonly screenShareOn: boolean;
  /** Whether a picture of this other participant can be shown. */
  readonly hasPicture: (userId: number, source: PictureSource) => boolean;
  readonly isSpeaking: (userId: number) => boolean;
}

/** Self first, then the others in order of arrival. */
export function participantViews(
  { self, participants }: Pick<Room, 'self' | 'participants'>,
  media: ParticipantMedia,
): readonly ParticipantView[] {
  const everybody = [self, ...participants.values()];
  const names = new Map(everybody.map(({ userId, displayName }) => [userId, displayName]));
  return everybody.map((participant): ParticipantView => {
    const { userId, mutedByUserId } = participant;
    const isSelf = participant === self;
    // Of oneself the devices tell, at once.
    const videoMuted = isSelf ? !media.cameraOn : participant.videoMuted;
    return {
      userId,
      participantId: participant.participantId,
      displayName: participant.displayName,
      isSelf,
      audioMuted: isSelf ? !media.microphoneOn : participant.audioMuted,
      videoMuted,
      audioMutedByHost: participant.audioMutedByHost,
      videoMutedByHost: participant.videoMutedByHost,
      mutedByName: mutedByUserId === undefined ? undefined : names.get(mutedByUserId),
      isHost: participant.isHost,
      hasVideo: !videoMuted && (isSelf || media.hasPicture(userId, 'camera')),
      sharesScreen: isSelf ? media.screenShareOn : isSharing(participant),
      hasScreen: !isSelf && media.hasPicture(userId, 'screen'),
      speaking: media.isSpeaking(userId),
    };
  });
}

function isSharing({ streams }: Participant): boolean {
  return streams.some(({ kind, source }) => kind === 'video' && source === 'screen');
}
