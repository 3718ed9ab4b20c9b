// What stands on the screen after a meeting, by the reason of its end.
import type { MeetingEnd } from '../../media/MeetingClient.ts';

export interface EndText {
  readonly title: string;
  /** What the end's own message does not say yet. */
  readonly advice?: string;
  readonly canRejoin: boolean;
}

const TEXTS: Readonly<Record<MeetingEnd['code'], EndText>> = {
  left: { title: 'See you soon', advice: 'It goes on for those who are still in it.', canRejoin: true },
  ended: { title: 'All done', advice: 'Start a new meeting to go on.', canRejoin: false },
  removed: {
    title: 'You are out',
    advice: 'Ask whoever runs the meeting if you think this is a mistake.',
    canRejoin: false,
  },
  lost: { title: 'Connection lost', canRejoin: true },
  refused: { title: 'You are out of the meeting', canRejoin: true },
  failed: { title: 'Something went wrong', canRejoin: true },
};

export function endText(code: MeetingEnd['code']): EndText {
  return TEXTS[code];
}
