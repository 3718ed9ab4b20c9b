// What somebody whom a host has muted is told: by whom, what it means, and what to do.
import type { ParticipantView } from '../../media/MeetingClient.ts';

type Muted = Pick<ParticipantView, 'audioMutedByHost' | 'videoMutedByHost' | 'mutedByName'>;

/** Undefined while nothing is muted. */
export function mutedByHostText(self: Muted | undefined): string | undefined {
  if (self === undefined || !(self.audioMutedByHost || self.videoMutedByHost)) return undefined;
  const { audioMutedByHost: audio, videoMutedByHost: video, mutedByName } = self;
  const who = mutedByName ?? 'A host';
  const whom = mutedByName ?? 'a host';
  if (audio && video)
    return `${who} turned your microphone and camera off for everyone. Ask ${whom} to let you speak and be seen again.`;
  return audio
    ? `${who} muted you for everyone. Ask ${whom} to let you speak again.`
    : `${who} turned your camera off for everyone. Ask ${whom} to let you be seen again.`;
}
