// What stands on the screen after a meeting, by the reason of its end.
import type { MeetingEnd } from '../../media/MeetingClient.ts';

export interface EndText {
  readonly title: string;
  /** What one can do; the reason itself is the end's own message. */
  readonly advice: string;
  readonly canRejoin: boolean;
}

const TEXTS: Readonly<Record<MeetingEnd['code'], EndText>> = {
  left: { title: 'See you soon', advice: 'The meeting goes on for those who are in it.', canRejoin: true },
  ended: { title: 'That was it', advice: 'Start a new meeting to go on.', canRejoin: false },
  removed: {
    title: 'You were removed',
    advice: 'Ask whoever runs the meeting if you think this is a mistake.',
    canRejoin: false,
  },
  lost: {
    title: 'Connection lost',
    advice: 'Check your network connection, then rejoin: your place is free.',
    canRejoin: true,
  },
  refused: {
    title: 'Could not stay in the meeting',
    advice: 'Try to join again. If that fails, ask for a new link.',
    canRejoin: true,
  },
  failed: {
    title: 'Something went wrong',
    advice: 'Try to rejoin. If it happens again, reload the page.',
    canRejoin: true,
  },
};

export function endText(code: MeetingEnd['code']): EndText {
  return TEXTS[code];
}
