// Which meeting this is, who is in it, and whether the line holds.
import type { JSX } from 'preact';
import type { MeetingState } from '../../media/MeetingClient.ts';
import { Icon } from '../ui/Icon.tsx';
import { Mark } from '../ui/Logo.tsx';

const STATE_TEXT = {
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  disconnected: 'Disconnected',
} as const satisfies Record<MeetingState, string>;

const WEAK_HINT =
  'Your connection is too slow for full pictures. They come back by themselves when it recovers.';

export interface TopBarProps {
  readonly meetingName: string;
  readonly state: MeetingState;
  /** The line takes less than what is shown would need. */
  readonly limited: boolean;
  readonly participantCount: number;
}

export function TopBar({ meetingName, state, limited, participantCount }: TopBarProps): JSX.Element {
  const isWeak = limited && state === 'connected';
  const people = `${participantCount} ${participantCount === 1 ? 'participant' : 'participants'}`;
  return (
    <header class="top-bar">
      <Mark />
      <h1 class="top-bar-name">{meetingName}</h1>
      <span class="top-bar-people" title={people}>
        <Icon name="people" />
        <span data-testid="participant-count" aria-hidden="true">
          {participantCount}
        </span>
        <span class="visually-hidden">{people}</span>
      </span>
      <span
        class="connection"
        role="status"
        data-testid="connection-state"
        data-state={state}
        data-weak={String(isWeak)}
        title={isWeak ? WEAK_HINT : undefined}
      >
        <span class="connection-dot" />
        <span class="connection-text">{isWeak ? 'Weak connection' : STATE_TEXT[state]}</span>
      </span>
    </header>
  );
}
