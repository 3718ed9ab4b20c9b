// Buttons over a tile. What a double click does to a tile it does not do through them.
import type { JSX } from 'preact';
import { Icon, type IconName } from '../ui/Icon.tsx';

export interface TileButtonProps {
  readonly icon: IconName;
  readonly testId: string;
  readonly label: string;
  /** Whether what the button turns on is on. */
  readonly pressed: boolean;
  readonly tooltip: string;
  readonly onClick: () => void;
}

export function TileButton({ icon, testId, label, pressed, tooltip, onClick }: TileButtonProps): JSX.Element {
  return (
    <button
      type="button"
      class="tile-button"
      data-testid={testId}
      aria-label={label}
      aria-pressed={pressed}
      title={tooltip}
      onClick={onClick}
      onDblClick={(event) => event.stopPropagation()}
    >
      <Icon name={icon} />
    </button>
  );
}

export interface EnlargeButtonProps {
  /** What is enlarged. */
  readonly name: string;
  readonly enlarged: boolean;
  readonly onToggle: () => void;
}

export function EnlargeButton({ name, enlarged, onToggle }: EnlargeButtonProps): JSX.Element {
  return (
    <TileButton
      icon={enlarged ? 'reduce' : 'enlarge'}
      testId="tile-enlarge"
      label={`Enlarge ${name}`}
      pressed={enlarged}
      tooltip={enlarged ? 'Show everyone at the same size (Esc)' : `Enlarge ${name} (double click)`}
      onClick={onToggle}
    />
  );
}
