// After a meeting: why it ended, and the ways on.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MeetingEnd } from '../../media/MeetingClient.ts';
import type { AppState } from '../app/AppState.ts';
import type { MeetingApp } from '../app/MeetingApp.ts';
import { asSentence } from '../text/sentence.ts';
import { FieldError } from '../ui/FieldError.tsx';
import { Logo } from '../ui/Logo.tsx';
import { Spinner } from '../ui/Spinner.tsx';
import { endText } from './endText.ts';

export interface EndedScreenProps {
  readonly app: MeetingApp;
  readonly state: AppState;
  readonly end: MeetingEnd;
  readonly meetingId: string;
  readonly meetingName: string;
}

export function EndedScreen({ app, state, end, meetingId, meetingName }: EndedScreenProps): JSX.Element {
  const { title, advice, canRejoin } = endText(end.code);
  const [way, setWay] = useState<'rejoin' | 'new'>('rejoin');
  const heading = useRef<HTMLHeadingElement>(null);
  // Keyboard and screen reader go on where the screen changed.
  useEffect(() => heading.current?.focus(), []);
  const again = (chosen: 'rejoin' | 'new'): void => {
    setWay(chosen);
    void app.again(chosen === 'rejoin' ? meetingId : undefined);
  };
  return (
    <div class="ended">
      <header class="lobby-header">
        <Logo />
      </header>
      <main class="ended-card">
        <p class="ended-meeting">{meetingName}</p>
        <h1 ref={heading} class="ended-title" tabIndex={-1}>
          {title}
        </h1>
        <p class="ended-message" data-testid="ended-message" data-code={end.code}>
          {asSentence(end.message)}
        </p>
        {advice !== undefined && <p class="ended-advice">{advice}</p>}
        {state.problem && <FieldError message={state.problem.message} />}
        <div class="ended-buttons">
          {canRejoin && (
            <button
              type="button"
              class="button button-primary"
              data-testid="rejoin"
              disabled={state.joining}
              onClick={() => again('rejoin')}
            >
              {state.joining && way === 'rejoin' && <Spinner />}
              Rejoin
            </button>
          )}
          <button
            type="button"
            class={`button ${canRejoin ? 'button-quiet' : 'button-primary'}`}
            data-testid="new-meeting"
            disabled={state.joining}
            onClick={() => again('new')}
          >
            {state.joining && way === 'new' && <Spinner />}
            New meeting
          </button>
        </div>
        <button type="button" class="button-link" data-testid="home" onClick={() => app.goToLobby()}>
          Back to the start
        </button>
      </main>
    </div>
  );
}
