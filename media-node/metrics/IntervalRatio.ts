/** By how much one thing grew for each unit of another, over the last interval between two samples. */
export class IntervalRatio {
  #of: number | undefined;
  #for = 0;
  #ratio: number | undefined;

  /** Undefined before the second sample, and after an interval in which the other one did not grow. */
  get ratio(): number | undefined {
    return this.#ratio;
  }

  /** Ends an interval with these totals, which only grow, and begins the next. */
  sample(of: number, per: number): void {
    this.#ratio =
      this.#of === undefined || per <= this.#for ? undefined : (of - this.#of) / (per - this.#for);
    this.#of = of;
    this.#for = per;
  }
}
