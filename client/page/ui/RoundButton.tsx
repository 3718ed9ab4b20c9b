// A round button with an icon; its label is its name and its tooltip.
import type { JSX } from 'preact';
import { Icon, type IconName } from './Icon.tsx';

export interface RoundButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly testId: string;
  readonly onClick: () => void;
  /** Key that does the same. */
  readonly shortcut?: string;
  /** `off` is a device that is off, `active` a thing that is shown. */
  readonly tone?: 'plain' | 'off' | 'active' | 'danger';
  /** State for a device or a panel; absent for an action. */
  readonly on?: boolean;
  /** Something is wrong with what the button turns on. */
  readonly warning?: boolean;
  readonly disabled?: boolean;
}

export function RoundButton(props: RoundButtonProps): JSX.Element {
  const {
    icon,
    label,
    testId,
    onClick,
    shortcut,
    tone = 'plain',
    on,
    warning = false,
    disabled = false,
  } = props;
  return (
    <button
      type="button"
      class={`round-button tone-${tone}`}
      data-testid={testId}
      data-on={on === undefined ? undefined : String(on)}
      aria-label={label}
      aria-keyshortcuts={shortcut?.toUpperCase()}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
      {warning && <span class="round-button-warning" />}
      <span class="tooltip" aria-hidden="true">
        {label}
        {shortcut !== undefined && <kbd>{shortcut.toUpperCase()}</kbd>}
      </span>
    </button>
  );
}
