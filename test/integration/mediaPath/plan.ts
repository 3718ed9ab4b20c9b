// What the test of a participant's media path (Node) and its clients (Deno) tell each other, as JSON lines.
import type { ParticipantQuality } from '../../../client/core/index.ts';

export type PathCommand =
  /** Everybody joins a meeting of this API and talks. Heard: one `dialling`, then `together`. */
  | { readonly command: 'join'; readonly apiUrl: string }
  /** Where to dial instead, the answer to `dialling`. */
  | { readonly command: 'dial'; readonly port: number }
  /** Answered with `seen`. */
  | { readonly command: 'look' };

/** What a participant knows and has had. */
export interface SeenParticipant {
  readonly userId: number;
  readonly streamId: number;
  readonly others: readonly number[];
  readonly sent: number;
  readonly received: number;
  /** Media sessions after the first one. */
  readonly reconnections: number;
  /** Word of everybody's paths, in order. */
  readonly quality: readonly ParticipantQuality[];
}

export type PathLine =
  /** Ben wants a media session at the handler's worker on this UDP port, and waits to be told where to dial. */
  | { readonly type: 'dialling'; readonly port: number }
  /** Each hears the other. */
  | { readonly type: 'together' }
  | {
      readonly type: 'seen';
      readonly ada: SeenParticipant;
      readonly ben: SeenParticipant;
      /** Why somebody is out of the meeting. */
      readonly ended: readonly string[];
    };
