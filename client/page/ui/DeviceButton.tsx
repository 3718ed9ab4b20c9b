import type { JSX } from 'preact';
import type { DeviceName } from '../lobby/deviceProblem.ts';
import { RoundButton } from './RoundButton.tsx';

export interface DeviceButtonProps {
  readonly device: DeviceName;
  readonly on: boolean;
  readonly onToggle: () => void;
  readonly shortcut?: string;
  readonly warning?: boolean;
  readonly disabled?: boolean;
}

/** Turns the camera or the microphone on and off. */
export function DeviceButton({ device, on, onToggle, ...others }: DeviceButtonProps): JSX.Element {
  return (
    <RoundButton
      icon={on ? device : `${device}Off`}
      label={`Turn ${on ? 'off' : 'on'} ${device}`}
      testId={device === 'camera' ? 'toggle-cam' : 'toggle-mic'}
      tone={on ? 'plain' : 'off'}
      on={on}
      onClick={onToggle}
      {...others}
    />
  );
}
