// What one can do in a meeting.
import type { JSX } from 'preact';
import { DeviceButton } from '../ui/DeviceButton.tsx';
import { Icon } from '../ui/Icon.tsx';
import { RoundButton } from '../ui/RoundButton.tsx';
import type { MeetingActions } from './useMeetingActions.ts';

export interface ControlBarProps {
  readonly microphoneOn: boolean;
  readonly cameraOn: boolean;
  readonly canShareScreen: boolean;
  readonly screenShareOn: boolean;
  readonly statisticsShown: boolean;
  readonly actions: MeetingActions;
}

export function ControlBar(props: ControlBarProps): JSX.Element {
  const { microphoneOn, cameraOn, canShareScreen, screenShareOn, statisticsShown, actions } = props;
  return (
    <div class="control-bar" role="toolbar" aria-label="Meeting controls">
      <DeviceButton device="microphone" on={microphoneOn} shortcut="m" onToggle={actions.toggleMicrophone} />
      <DeviceButton device="camera" on={cameraOn} shortcut="v" onToggle={actions.toggleCamera} />
      {canShareScreen && (
        <RoundButton
          icon={screenShareOn ? 'screenOff' : 'screen'}
          label={screenShareOn ? 'Stop sharing' : 'Share screen'}
          shortcut="p"
          testId="toggle-screen"
          tone={screenShareOn ? 'active' : 'plain'}
          on={screenShareOn}
          onClick={actions.toggleScreenShare}
        />
      )}
      <span class="control-bar-gap" />
      <RoundButton
        icon="statistics"
        label={`${statisticsShown ? 'Hide' : 'Show'} statistics`}
        shortcut="s"
        testId="stats-toggle"
        tone={statisticsShown ? 'active' : 'plain'}
        on={statisticsShown}
        onClick={actions.toggleStatistics}
      />
      <RoundButton icon="link" label="Copy meeting link" testId="copy-link" onClick={actions.copyLink} />
      <span class="control-bar-gap" />
      <button
        type="button"
        class="leave-button"
        data-testid="leave"
        aria-label="Leave meeting"
        onClick={actions.leave}
      >
        <Icon name="leave" />
        <span class="leave-text">Leave</span>
      </button>
    </div>
  );
}
