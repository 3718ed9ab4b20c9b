// Name and meeting, and the two ways in. Enter takes the one that fits what was typed.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { MAX_DISPLAY_NAME_LENGTH } from '../../../shared/api/fields.ts';
import { parseMeetingReference } from '../text/meetingLink.ts';
import { Checkbox } from '../ui/Checkbox.tsx';
import { FieldError } from '../ui/FieldError.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Spinner } from '../ui/Spinner.tsx';
import { TextField } from '../ui/TextField.tsx';

export interface JoinRequest {
  readonly displayName: string;
  /** Absent: a new one. */
  readonly meetingId: string | undefined;
  /** Of a new one that is made with a token. */
  readonly allowGuests: boolean;
}

export interface JoinFormProps {
  readonly initialMeetingId: string;
  readonly displayName: string;
  readonly onDisplayName: (displayName: string) => void;
  readonly joining: boolean;
  readonly disabled: boolean;
  readonly meetingProblem: string | undefined;
  readonly problem: string | undefined;
  /** Whether the server knows who this is, or asks. */
  readonly identity: 'not_asked' | 'asked' | 'signed_in';
  readonly onSignIn: (token: string) => void;
  /** Another meeting is meant: what was said about the old one is over. */
  readonly onMeetingChange: () => void;
  readonly onEnter: (request: JoinRequest) => void;
}

type Way = 'join' | 'new';
type FieldErrors = Partial<Record<'name' | 'meeting' | 'token', string>>;

export function JoinForm(props: JoinFormProps): JSX.Element {
  const { initialMeetingId, displayName, onDisplayName, joining, disabled, meetingProblem, problem } = props;
  const { onMeetingChange, onEnter, identity, onSignIn } = props;
  const [meeting, setMeeting] = useState(initialMeetingId);
  const [token, setToken] = useState('');
  const [allowGuests, setAllowGuests] = useState(false);
  const [errors, setErrors] = useState<FieldErrors>({});
  const [way, setWay] = useState<Way>('join');
  const preferred: Way = meeting.trim() === '' ? 'new' : 'join';

  const enter = (chosen: Way): void => {
    if (joining || disabled) return;
    const found = check(chosen, displayName, meeting);
    if (identity === 'asked' && token.trim() === '')
      found.errors.token = 'Enter the access token that your organisation gave you';
    setErrors(found.errors);
    if (!found.request || found.errors.token !== undefined) return;
    if (identity === 'asked') onSignIn(token.trim());
    setWay(chosen);
    onMeetingChange();
    onEnter({ ...found.request, allowGuests });
  };
  const button = (of: Way, testId: string, content: JSX.Element): JSX.Element => (
    <button
      type={of === preferred ? 'submit' : 'button'}
      class={`button ${of === preferred ? 'button-primary' : 'button-quiet'}`}
      data-testid={testId}
      disabled={joining || disabled}
      onClick={of === preferred ? undefined : () => enter(of)}
    >
      {joining && way === of ? <Spinner /> : null}
      {content}
    </button>
  );

  return (
    <form
      class="join-form"
      noValidate
      aria-busy={joining}
      onSubmit={(event) => {
        event.preventDefault();
        enter(preferred);
      }}
    >
      <TextField
        id="name"
        label="Your name"
        value={displayName}
        onInput={(value) => {
          onDisplayName(value);
          setErrors({});
        }}
        error={errors.name}
        placeholder="How others see you"
        autoComplete="name"
        maxLength={MAX_DISPLAY_NAME_LENGTH}
        autoFocus={displayName === ''}
      />
      <TextField
        id="meeting-id"
        label="Meeting link or id"
        value={meeting}
        onInput={(value) => {
          setMeeting(value);
          setErrors({});
          onMeetingChange();
        }}
        hint={preferred === 'new' ? 'Leave empty to start a new meeting.' : undefined}
        error={errors.meeting ?? meetingProblem}
        placeholder="Paste what you were sent"
      />
      {identity === 'asked' && (
        <TextField
          id="access-token"
          type="password"
          label="Access token"
          value={token}
          onInput={(value) => {
            setToken(value);
            setErrors({});
          }}
          hint="From your organisation. It is forgotten when you close this page."
          error={errors.token}
        />
      )}
      {identity === 'signed_in' && preferred === 'new' && (
        <Checkbox
          id="allow-guests"
          label="Anybody with the link may join, without a token"
          checked={allowGuests}
          onChange={setAllowGuests}
        />
      )}
      {problem !== undefined && <FieldError message={problem} />}
      <div class="join-buttons" data-preferred={preferred}>
        {button(
          'join',
          'join',
          <>
            {joining && way === 'join' ? 'Joining…' : 'Join'}
            {joining ? null : <Icon name="arrow" />}
          </>,
        )}
        {button(
          'new',
          'new-meeting',
          <>
            {joining ? null : <Icon name="plus" />}
            {joining && way === 'new' ? 'Starting…' : 'New meeting'}
          </>,
        )}
      </div>
    </form>
  );
}

interface Checked {
  readonly errors: FieldErrors;
  readonly request?: Omit<JoinRequest, 'allowGuests'>;
}

function check(way: Way, displayName: string, meeting: string): Checked {
  const name = displayName.trim();
  if (name === '') return { errors: { name: 'Enter your name so that others know who you are' } };
  if (/\p{Cc}/u.test(name)) return { errors: { name: 'Enter a name without control characters' } };
  if (way === 'new') return { errors: {}, request: { displayName: name, meetingId: undefined } };
  const reference = parseMeetingReference(meeting);
  switch (reference.kind) {
    case 'id':
      return { errors: {}, request: { displayName: name, meetingId: reference.meetingId } };
    case 'empty':
      return { errors: { meeting: 'Paste a meeting link or id, or start a new meeting' } };
    case 'invalid':
      return { errors: { meeting: 'This is no meeting link or id: copy it again from your invitation' } };
  }
}
