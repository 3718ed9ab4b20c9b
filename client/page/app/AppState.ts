import type { MeetingClient, MeetingEnd } from '../../media/MeetingClient.ts';
import type { JoinProblem } from './joinProblem.ts';

export type Screen =
  | { readonly kind: 'lobby'; readonly meetingId: string }
  | { readonly kind: 'meeting'; readonly client: MeetingClient; readonly link: string }
  | {
      readonly kind: 'ended';
      readonly end: MeetingEnd;
      readonly meetingId: string;
      readonly meetingName: string;
    };

export interface AppState {
  readonly screen: Screen;
  /** A meeting is being made or entered. */
  readonly joining: boolean;
  readonly problem: JoinProblem | undefined;
}

/** How a participant enters. */
export interface JoinSettings {
  readonly displayName: string;
  readonly microphone: boolean;
  readonly camera: boolean;
  /** Of a meeting that is to be made: whether those may join who have no token. As the server has it when absent. */
  readonly allowGuests?: boolean;
}
