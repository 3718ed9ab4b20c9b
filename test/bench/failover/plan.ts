// What the Node side (which starts systems and ends workers) and the client side (Deno, which has QUIC) tell each other:
// one plan in, events out, as JSON lines. Times are milliseconds since the epoch: both sides are on one machine.

export interface FailoverPlan {
  /** Address of the REST API. */
  readonly url: string;
  /** Participants of each meeting, by its name. Everyone publishes a stream and subscribes to those of all others. */
  readonly meetings: Readonly<Record<string, number>>;
}

export interface RecoveredParticipant {
  readonly userId: number;
  /** When media of all others had come again. */
  readonly resumedAtMs: number;
  /** User ids of the others. */
  readonly roster: readonly number[];
}

export type FailoverEvent =
  /** Everyone gets media of everyone, over the media server at this UDP port. */
  | { readonly type: 'flowing'; readonly meeting: string; readonly mediaPort: number }
  /** The same again, after the media server was lost. */
  | {
      readonly type: 'recovered';
      readonly meeting: string;
      readonly mediaPort: number;
      readonly participants: readonly RecoveredParticipant[];
    }
  /** A participant is out of its meeting. */
  | { readonly type: 'ended'; readonly meeting: string; readonly reason: string }
  /** Figures of a meeting at its end: what was sent, and how much of it should have come and did. */
  | {
      readonly type: 'left';
      readonly meeting: string;
      readonly expected: number;
      readonly received: number;
      readonly reconnections: number;
    };
