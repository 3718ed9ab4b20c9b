// What became of the datagrams to one subscriber over the last steps of the policy. Fixed memory.

/** Steps that a bad path shows in: 750 ms at a step every 250 ms; and those in which a good one shows none of it. */
const WINDOW_STEPS = 3;
const GOOD_WINDOW_STEPS = 12;
/** Loss over fewer datagrams is chance. */
const MIN_EXPECTED = 20;

/** Datagrams of one step. */
export interface DeliveryStep {
  readonly expected: number;
  readonly received: number;
  readonly refused: number;
}

export class DeliverySteps {
  #steps: DeliveryStep[] = [];

  add({ expected, received, refused }: DeliveryStep): void {
    this.#steps = [...this.#steps, { expected, received, refused }].slice(-GOOD_WINDOW_STEPS);
  }

  /** What was before says nothing of what is now. */
  clear(): void {
    this.#steps = [];
  }

  /** Share of datagrams lost lately, 0 to 1; undefined when too few were sent to tell. */
  get loss(): number | undefined {
    return lossOf(this.#sum(WINDOW_STEPS));
  }

  get lost(): number {
    const { expected, received } = this.#sum(WINDOW_STEPS);
    return expected - received;
  }

  get refused(): number {
    return this.#sum(WINDOW_STEPS).refused;
  }

  /** Share of copies lately that were refused, of as many as say something; and in how many steps any were. */
  get refusedShare(): number {
    const { expected, refused } = this.#sum(WINDOW_STEPS);
    return refused / Math.max(MIN_EXPECTED, expected + refused);
  }

  get refusingSteps(): number {
    return this.#steps.slice(-WINDOW_STEPS).filter(({ refused }) => refused > 0).length;
  }

  /** For three seconds nothing was refused, and less than this share lost. */
  isGood(lossUnder: number): boolean {
    const sum = this.#sum(GOOD_WINDOW_STEPS);
    return (lossOf(sum) ?? 1) < lossUnder && sum.refused === 0;
  }

  #sum(steps: number): DeliveryStep {
    const sum = { expected: 0, received: 0, refused: 0 };
    for (const step of this.#steps.slice(-steps)) {
      sum.expected += step.expected;
      sum.received += step.received;
      sum.refused += step.refused;
    }
    return sum;
  }
}

function lossOf({ expected, received }: DeliveryStep): number | undefined {
  return expected < MIN_EXPECTED ? undefined : 1 - received / expected;
}
