// A shared screen: its picture, whole, or a note where it is one's own.
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { MeetingClient, ParticipantView } from '../../media/MeetingClient.ts';
import { screenName } from '../text/screenShare.ts';
import { Icon } from '../ui/Icon.tsx';
import { Spinner } from '../ui/Spinner.tsx';
import type { TileSize } from './gridLayout.ts';
import { EnlargeButton, TileButton } from './TileButton.tsx';
import { TileStatsPanel } from './TileStatsPanel.tsx';
import { useFullScreen } from './useFullScreen.ts';
import { usePicture } from './usePicture.ts';

export interface ScreenTileProps {
  readonly client: MeetingClient;
  readonly participant: ParticipantView;
  readonly statisticsShown: boolean;
  /** CSS pixels. */
  readonly size: TileSize;
  readonly enlarged: boolean;
  readonly onToggleSize: () => void;
  /** Ends one's own share. */
  readonly onStop: () => void;
}

export function ScreenTile(props: ScreenTileProps): JSX.Element {
  const { client, participant, statisticsShown, size, enlarged, onToggleSize, onStop } = props;
  const { userId, displayName, isSelf } = participant;
  const name = screenName(participant);
  return (
    <li
      class="tile screen-tile"
      data-testid="screen-tile"
      data-user-id={userId}
      data-display-name={displayName}
      data-self={String(isSelf)}
      data-video={String(participant.hasScreen)}
      data-enlarged={String(enlarged)}
      style={{ '--tile-width': `${size.width}px`, '--tile-height': `${size.height}px` }}
      onDblClick={isSelf ? undefined : onToggleSize}
    >
      {isSelf ? <OwnScreen onStop={onStop} /> : <OthersScreen {...props} name={name} />}
      {statisticsShown && <TileStatsPanel client={client} userId={userId} source="screen" />}
      <div class="tile-label">
        <span class="tile-microphone">
          <Icon name="screen" />
        </span>
        <span class="tile-name" data-testid="tile-name">
          {name}
        </span>
      </div>
    </li>
  );
}

/** No picture of it: on a whole screen that is shared there would be another within it, and one in that. */
function OwnScreen({ onStop }: { readonly onStop: () => void }): JSX.Element {
  return (
    <div class="own-screen">
      <p>You are sharing your screen</p>
      <button type="button" class="button button-danger" data-testid="stop-sharing" onClick={onStop}>
        Stop sharing
      </button>
    </div>
  );
}

function OthersScreen(props: ScreenTileProps & { readonly name: string }): JSX.Element {
  const { client, participant, size, enlarged, onToggleSize, name } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const fullScreen = useFullScreen(frame);
  const height = fullScreen.on ? window.screen.height : size.height;
  usePicture(canvas, { client, userId: participant.userId, source: 'screen', height });
  return (
    <div ref={frame} class="screen-frame" data-full={String(fullScreen.on)}>
      <canvas ref={canvas} class="tile-canvas" data-testid="tile-canvas" role="img" aria-label={name} />
      {!participant.hasScreen && (
        <div class="tile-avatar">
          <Spinner />
        </div>
      )}
      <div class="tile-buttons">
        {fullScreen.available && (
          <TileButton
            icon={fullScreen.on ? 'exitFullScreen' : 'fullScreen'}
            testId="tile-full-screen"
            label={`Show ${name} on the full screen`}
            pressed={fullScreen.on}
            tooltip={fullScreen.on ? 'Leave the full screen (Esc)' : 'Full screen'}
            onClick={fullScreen.toggle}
          />
        )}
        {!fullScreen.on && <EnlargeButton name={name} enlarged={enlarged} onToggle={onToggleSize} />}
      </div>
    </div>
  );
}
