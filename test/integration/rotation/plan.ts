// What the two sides of the test of certificate rotation tell each other, as JSON lines.

export interface RotationPlan {
  /** Of the media handler's worker. */
  readonly url: string;
  readonly connectionToken: string;
  /** Base64: of the certificate that is shown, and of the one announced as the next. */
  readonly hashes: readonly [string, string];
}

export type RotationEvent =
  /** A media session is open. */
  | { readonly type: 'ready'; readonly nextIsShown: boolean }
  /** New sessions get the next certificate. */
  | {
      readonly type: 'rotated';
      readonly oldIsShown: boolean;
      /** State of the media session from before. */
      readonly state: string;
      /** Whether the handler still answers on it. */
      readonly answers: boolean;
    };
