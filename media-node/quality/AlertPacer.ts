// A path that changes often is told of at a bound rate: at once when nothing was told lately, else the latest word at the end
// of the interval. Time comes from the caller.

/** Between two alerts of one path, ms. */
export const ALERT_INTERVAL_MS = 2_000;

export class AlertPacer<Alert> {
  #waiting: Alert | undefined;
  #toldAtMs = Number.NEGATIVE_INFINITY;

  /** The latest word; replaces one that waits. */
  put(alert: Alert): void {
    this.#waiting = alert;
  }

  /** What is to be told now, once. Call every now and then. */
  take(nowMs: number): Alert | undefined {
    if (this.#waiting === undefined || nowMs - this.#toldAtMs < ALERT_INTERVAL_MS) return undefined;
    const alert = this.#waiting;
    this.#waiting = undefined;
    this.#toldAtMs = nowMs;
    return alert;
  }
}
