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

export interface TopBarProps {
  readonly meetingName: string;
  readonly state: MeetingState;
  readonly participantCount: number;
}

export function TopBar({ meetingName, state, participantCount }: TopBarProps): JSX.Element {
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
      <span class="connection" role="status" data-testid="connection-state" data-state={state}>
        <span class="connection-dot" />
        <span class="connection-text">{STATE_TEXT[state]}</span>
      </span>
    </header>
  );
}
