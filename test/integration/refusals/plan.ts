// What the vitest side (Node, which can sign tokens and ask the handlers for their counters) and the client side (Deno,
// which has QUIC) tell each other: one plan in, one outcome a case out, as JSON lines.

export interface RefusalPlan {
  readonly url: string;
  /** A valid token but for its time. */
  readonly expiredToken: string;
  /** A valid token for a meeting that was ended. */
  readonly endedMeetingToken: string;
}

/** How a refused session ended, as the refused client sees it. */
export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly closeCode: number | undefined;
}

export type RefusalCase =
  | 'wrongToken'
  | 'expiredToken'
  | 'endedMeeting'
  | 'fullMeeting'
  | 'signalingOversized'
  | 'signalingMalformed'
  | 'mediaWrongToken'
  | 'mediaSecondUse'
  | 'mediaOversized'
  | 'mediaMalformed';

/** What two participants next to all this saw of each other. */
export interface Bystanders {
  readonly sent: number;
  readonly received: number;
  readonly stillConnected: boolean;
}

export interface RefusalOutcome {
  readonly refused: Readonly<Record<RefusalCase, Refused>>;
  /** Datagrams of an intruder that were thrown at the handler, by what was wrong with them. */
  readonly thrown: { readonly malformed: number; readonly notSendersStream: number };
  readonly bystanders: Bystanders;
}
