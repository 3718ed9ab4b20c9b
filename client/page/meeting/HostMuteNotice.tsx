import type { JSX } from 'preact';
import type { ParticipantView } from '../../media/MeetingClient.ts';
import { mutedByHostText } from '../text/mutedByHost.ts';
import { Icon } from '../ui/Icon.tsx';

/** Stands for as long as the mute holds: somebody who talks meanwhile must be able to find out why nobody answers. */
export function HostMuteNotice({ self }: { readonly self: ParticipantView | undefined }): JSX.Element {
  const text = mutedByHostText(self);
  return (
    <p class="host-mute" role="status" data-testid="host-mute-notice" hidden={text === undefined}>
      <Icon name={self?.audioMutedByHost ? 'microphoneOff' : 'cameraOff'} />
      <span>{text}</span>
    </p>
  );
}
