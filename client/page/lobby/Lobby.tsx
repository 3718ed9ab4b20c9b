// What people see first: themselves on the left, the way in on the right.
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AppState, JoinSettings } from '../app/AppState.ts';
import { isAboutMeeting, type JoinProblem } from '../app/joinProblem.ts';
import type { MeetingApp } from '../app/MeetingApp.ts';
import { loadPreferences, pageStorage, savePreferences } from '../app/Preferences.ts';
import { useStore } from '../app/Store.ts';
import { signedInText } from '../text/tokenOwner.ts';
import { Logo } from '../ui/Logo.tsx';
import { DevicePreview } from './DevicePreview.ts';
import { JoinForm, type JoinRequest } from './JoinForm.tsx';
import { missingSupport } from './missingSupport.ts';
import { PreviewCard } from './PreviewCard.tsx';
import { useMeetingName } from './useMeetingName.ts';

export interface LobbyProps {
  readonly app: MeetingApp;
  readonly state: AppState;
  /** The meeting that the page's address names, or ''. */
  readonly meetingId: string;
}

export function Lobby({ app, state, meetingId }: LobbyProps): JSX.Element {
  const stored = useMemo(() => loadPreferences(pageStorage()), []);
  const [displayName, setDisplayName] = useState(stored.displayName);
  const [devices, setDevices] = useState({ camera: stored.camera, microphone: stored.microphone });
  const preview = useMemo(() => new DevicePreview(navigator.mediaDevices), []);
  const { problems } = useStore(preview.store);
  const invitation = useMeetingName(app.api, meetingId);
  const unsupported = useMemo(
    () => missingSupport({ isSecureContext: window.isSecureContext, missing: app.missingFeatures() }),
    [app],
  );

  useEffect(() => () => preview.release(), [preview]);
  // While joining the devices belong to the meeting; after a failure the preview takes them back.
  useEffect(() => {
    if (state.joining) preview.release();
    // A browser that cannot take part is asked for no device.
    else if (unsupported === undefined) preview.want(devices);
  }, [preview, state.joining, devices, unsupported]);

  const working = {
    camera: devices.camera && problems.camera === undefined,
    microphone: devices.microphone && problems.microphone === undefined,
  };
  const change = (next: typeof devices): void => {
    setDevices(next);
    savePreferences(pageStorage(), { displayName: displayName.trim(), ...next });
  };
  const enter = ({ meetingId: wanted, displayName: name, allowGuests }: JoinRequest): void => {
    savePreferences(pageStorage(), { displayName: name, ...devices });
    const settings: JoinSettings = {
      displayName: name,
      ...working,
      ...(app.user.isSignedIn && { allowGuests }),
    };
    void (wanted === undefined ? app.startMeeting(settings) : app.joinMeeting(wanted, settings));
  };
  const { token, refused } = useStore(app.user.store);
  const problem = (refused && asksWho(state) ? TOKEN_REFUSED : state.problem) ?? invitation.problem;
  const identity = token !== undefined ? 'signed_in' : refused || asksWho(state) ? 'asked' : 'not_asked';

  return (
    <div class="lobby">
      <header class="lobby-header">
        <Logo />
      </header>
      <main class="lobby-main">
        <PreviewCard
          preview={preview}
          displayName={displayName}
          devices={working}
          joining={state.joining}
          // A device with a problem counts as off, so that its button tries again.
          onToggle={(device) => change({ ...devices, [device]: !working[device] })}
        />
        <section class="lobby-side" aria-labelledby="lobby-title">
          <h1 id="lobby-title" class="lobby-title">
            {meetingId === '' ? 'Meet face to face' : 'Ready to join?'}
          </h1>
          <p class="lobby-lead">
            {meetingId === ''
              ? 'Start a meeting and send its link, or join one that somebody sent you.'
              : (invitation.name ?? 'Check your camera and microphone first.')}
          </p>
          {token !== undefined && (
            <p class="field-hint" data-testid="signed-in">
              {signedInText(token)}
            </p>
          )}
          <JoinForm
            initialMeetingId={meetingId}
            displayName={displayName}
            onDisplayName={setDisplayName}
            joining={state.joining}
            meetingProblem={problem && isAboutMeeting(problem) ? problem.message : undefined}
            problem={unsupported ?? (problem && !isAboutMeeting(problem) ? problem.message : undefined)}
            identity={identity}
            onSignIn={(given) => app.user.signIn(given)}
            disabled={unsupported !== undefined}
            onMeetingChange={() => {
              app.clearProblem();
              invitation.dismiss();
            }}
            onEnter={enter}
          />
        </section>
      </main>
    </div>
  );
}

const TOKEN_REFUSED: JoinProblem = {
  code: 'sign_in',
  message: 'The server did not accept your token: it may have expired. Enter a new one.',
};

function asksWho({ problem }: AppState): boolean {
  return problem?.code === 'sign_in';
}
