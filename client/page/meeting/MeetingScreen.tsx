import type { JSX } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { MeetingClient } from '../../media/MeetingClient.ts';
import type { MeetingApp } from '../app/MeetingApp.ts';
import { ControlBar } from './ControlBar.tsx';
import { Grid } from './Grid.tsx';
import { HostMuteNotice } from './HostMuteNotice.tsx';
import { InviteCard } from './InviteCard.tsx';
import { TopBar } from './TopBar.tsx';
import { useHostActions } from './useHostActions.ts';
import { useMeeting, useRosterToasts, useShareToasts } from './useMeeting.ts';
import { useMeetingActions } from './useMeetingActions.ts';
import { useShortcuts } from './useShortcuts.ts';

export interface MeetingScreenProps {
  readonly app: MeetingApp;
  readonly client: MeetingClient;
  /** What to send to others. */
  readonly link: string;
}

export function MeetingScreen({ app, client, link }: MeetingScreenProps): JSX.Element {
  const { participants, state, meetingName, isLimited } = useMeeting(client);
  const [statisticsShown, setStatisticsShown] = useState(false);
  const toggleStatistics = useCallback(() => setStatisticsShown((shown) => !shown), []);
  const actions = useMeetingActions({ app, client, link, toggleStatistics });
  const hostActions = useHostActions(client, app.toasts);
  useRosterToasts(client, app.toasts);
  useShareToasts(client, app.toasts);
  useShortcuts({
    m: actions.toggleMicrophone,
    v: actions.toggleCamera,
    ...(client.canShareScreen && { p: actions.toggleScreenShare }),
    s: actions.toggleStatistics,
  });
  useLeaveWithPage(actions.leave);

  return (
    <div class="meeting">
      <TopBar
        meetingName={meetingName}
        state={state}
        limited={isLimited}
        participantCount={participants.length}
      />
      <HostMuteNotice self={participants[0]} />
      <main class="meeting-main">
        <Grid
          client={client}
          statisticsShown={statisticsShown}
          hostActions={hostActions}
          onStopSharing={actions.toggleScreenShare}
        />
        {participants.length === 1 && state === 'connected' && (
          <InviteCard link={link} onCopy={actions.copyLink} />
        )}
      </main>
      <ControlBar
        microphoneOn={client.microphoneOn}
        cameraOn={client.cameraOn}
        canShareScreen={client.canShareScreen}
        screenShareOn={client.screenShareOn}
        statisticsShown={statisticsShown}
        actions={actions}
      />
    </div>
  );
}

/** A closed tab leaves at once, instead of standing in everybody's grid until the server misses it. */
function useLeaveWithPage(leave: () => void): void {
  useEffect(() => {
    // Both: the earlier one leaves more time to tell the server, but phones skip it.
    window.addEventListener('beforeunload', leave);
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('beforeunload', leave);
      window.removeEventListener('pagehide', leave);
    };
  }, [leave]);
}
