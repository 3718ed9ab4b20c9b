// One participant: picture or avatar, name, microphone, and figures when wanted.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { MeetingClient, ParticipantView } from '../../media/MeetingClient.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Icon } from '../ui/Icon.tsx';
import type { TileSize } from './gridLayout.ts';
import { HostMenu } from './HostMenu.tsx';
import { EnlargeButton } from './TileButton.tsx';
import { TileStatsPanel } from './TileStatsPanel.tsx';
import type { HostActions } from './useHostActions.ts';
import { usePicture } from './usePicture.ts';
import { usePictureFit } from './usePictureFit.ts';

export interface TileProps {
  readonly client: MeetingClient;
  readonly participant: ParticipantView;
  readonly statisticsShown: boolean;
  /** CSS pixels. */
  readonly size: TileSize;
  readonly enlarged: boolean;
  /** Makes the tile large, and one of many again; absent where it is the only one. */
  readonly onToggleSize: (() => void) | undefined;
  /** What this participant, as a host, may do about the other; absent for who is none, and on one's own tile. */
  readonly hostActions: HostActions | undefined;
}

export function Tile(props: TileProps): JSX.Element {
  const { client, participant, statisticsShown, size, enlarged, onToggleSize, hostActions } = props;
  const { userId, displayName, isSelf, audioMuted, audioMutedByHost, speaking } = participant;
  // A voice is held for a moment, also when it has just been muted.
  const muted = audioMuted || audioMutedByHost;
  const speaks = speaking && !muted;
  const shown = participant.hasVideo && !participant.videoMuted;
  const canvas = useRef<HTMLCanvasElement>(null);
  usePicture(canvas, { client, userId, source: 'camera', height: size.height });
  usePictureFit(canvas);

  return (
    <li
      class="tile"
      data-testid="tile"
      data-user-id={userId}
      data-display-name={displayName}
      data-self={String(isSelf)}
      data-speaking={String(speaks)}
      data-video={String(shown)}
      data-enlarged={String(enlarged)}
      style={{ '--tile-width': `${size.width}px`, '--tile-height': `${size.height}px` }}
      onDblClick={onToggleSize}
    >
      <canvas ref={canvas} class="tile-canvas" data-testid="tile-canvas" />
      {!shown && (
        <div class="tile-avatar">
          <Avatar displayName={displayName} />
        </div>
      )}
      {statisticsShown && <TileStatsPanel client={client} userId={userId} source="camera" />}
      <div class="tile-label">
        <VoiceMark muted={muted} byHost={audioMutedByHost} speaking={speaks} />
        <span class="tile-name" data-testid="tile-name">
          {displayName}
          {isSelf && <span class="tile-self"> (you)</span>}
        </span>
      </div>
      <div class="tile-buttons">
        {hostActions && <HostMenu participant={participant} actions={hostActions} />}
        {onToggleSize && <EnlargeButton name={displayName} enlarged={enlarged} onToggle={onToggleSize} />}
      </div>
    </li>
  );
}

interface VoiceMarkProps {
  readonly muted: boolean;
  readonly byHost: boolean;
  readonly speaking: boolean;
}

function VoiceMark({ muted, byHost, speaking }: VoiceMarkProps): JSX.Element {
  if (muted) {
    return (
      <span
        class="tile-microphone tile-muted"
        data-testid="tile-muted"
        role="img"
        aria-label={byHost ? 'Muted by a host' : 'Microphone off'}
      >
        <Icon name="microphoneOff" />
      </span>
    );
  }
  if (!speaking) {
    return (
      <span class="tile-microphone">
        <Icon name="microphone" />
      </span>
    );
  }
  return (
    <span class="tile-voice" role="img" aria-label="Speaking">
      <i />
      <i />
      <i />
    </span>
  );
}
