/** A path as it is known now: what is not known, or not limited, is absent. */
export interface PathReport {
  readonly roundTripMs?: number;
  /** 0 to 1. */
  readonly lossRatio?: number;
  /** What waits on the way to the subscriber, and how fast it grows (negative: becomes less). */
  readonly queueDelayMs?: number;
  readonly delaySlopeMsPerS?: number;
  readonly jitterMs?: number;
  readonly budgetBps?: number;
}
