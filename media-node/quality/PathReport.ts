/** A path as it is known now: what is not known, or not limited, is absent. */
export interface PathReport {
  readonly roundTripMs?: number;
  /** 0 to 1. */
  readonly lossRatio?: number;
  readonly budgetBps?: number;
}
