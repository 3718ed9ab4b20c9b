// The page: one screen at a time, and messages over it.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { AppState, Screen } from './app/AppState.ts';
import type { MeetingApp } from './app/MeetingApp.ts';
import { useStore } from './app/Store.ts';
import { EndedScreen } from './ended/EndedScreen.tsx';
import { Lobby } from './lobby/Lobby.tsx';
import { MeetingScreen } from './meeting/MeetingScreen.tsx';
import { ToastStack } from './ui/ToastStack.tsx';

const PRODUCT = 'Dark Tower';

export function App({ app }: { readonly app: MeetingApp }): JSX.Element {
  const state = useStore(app.store);
  const title = titleOf(state.screen);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <>
      <CurrentScreen app={app} state={state} />
      <ToastStack toasts={app.toasts} />
    </>
  );
}

interface CurrentScreenProps {
  readonly app: MeetingApp;
  readonly state: AppState;
}

function CurrentScreen({ app, state }: CurrentScreenProps): JSX.Element {
  const { screen } = state;
  switch (screen.kind) {
    case 'lobby':
      return <Lobby key={screen.meetingId} app={app} state={state} meetingId={screen.meetingId} />;
    case 'meeting':
      return <MeetingScreen app={app} client={screen.client} link={screen.link} />;
    case 'ended':
      return (
        <EndedScreen
          app={app}
          state={state}
          end={screen.end}
          meetingId={screen.meetingId}
          meetingName={screen.meetingName}
        />
      );
  }
}

function titleOf(screen: Screen): string {
  return screen.kind === 'meeting' ? `${screen.client.meetingName} · ${PRODUCT}` : PRODUCT;
}
