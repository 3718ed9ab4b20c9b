// How much may go to one subscriber (ledger MH-5). Pure: figures of its path in, a budget out; time comes from the caller.
// Down fast, up slowly: a bad path is lowered at once and again while it stays bad; a good one is raised a rung at a time,
// each a probe that is taken back when the path turns bad, after which the next probe waits longer.

/** Ledger MH-5: over either of these the path is bad. */
const HIGH_ROUND_TRIP_MS = 200;
const HIGH_LOSS = 0.05;
/** Under all of these it is good; in between nothing changes. */
const GOOD_ROUND_TRIP_MS = 150;
const GOOD_LOSS = 0.02;
/** Round trips that must all be high: a client that was busy for a moment answers late, and that is not its path. */
const ROUND_TRIPS = 3;
/** Share of copies that the subscriber's full window turned away. */
const HIGH_REFUSED = 0.05;
/** Loss over fewer datagrams is chance. */
const MIN_EXPECTED = 20;
/** Steps that loss is taken over: 750 ms at a step every 250 ms. */
const WINDOW_STEPS = 3;
/** What is sent after a step down, as a share of what got through. */
const DOWN_FACTOR = 0.85;
/** Between two steps down: a step takes a round trip and a key frame to show. */
const DOWN_INTERVAL_MS = 500;
/** How long a path must be good before a probe; doubled after each that failed. */
const FIRST_HOLD_MS = 3_000;
const MAX_HOLD_MS = 48_000;
/** A probe that the path has taken for so long has succeeded. */
const PROBE_MS = 2_000;
/** After a probe that succeeded the next one goes further: recovery takes a few probes, however many rungs there are. */
const PROBE_GROWTH = 1.5;
/** A falling round trip drains a queue: it is let do so. */
const FALLING = 0.95;

export const PATH_STEP_MS = 250;

export interface PathFigures {
  /** Latest, or the age of a ping that is not answered yet when that is more; undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** Datagrams since the step before, by the subscriber's reports. */
  readonly expected: number;
  readonly received: number;
  /** Copies since the step before that its full window turned away. */
  readonly refused: number;
  /** What arrives there, streams included, bits per second. */
  readonly deliveredBps: number;
  /** What the streams chosen for it cost. */
  readonly allocatedBps: number;
  /** Budget at which more would be sent; undefined when all that is wished for is. */
  readonly nextBps: number | undefined;
}

export type PathReason = 'loss' | 'round_trip' | 'congestion';

export interface PathDecision {
  /** Infinity without a limit. */
  readonly budgetBps: number;
  /** Why it was lowered just now. */
  readonly lowered?: PathReason;
  /** All that is wished for is sent again, since now. */
  readonly recovered?: true;
}

type State =
  | { readonly kind: 'unlimited' }
  /** Since when it has been good; undefined while it is not. */
  | { readonly kind: 'limited'; readonly goodSinceMs: number | undefined; readonly holdMs: number }
  | { readonly kind: 'probing'; readonly sinceMs: number; readonly fromBps: number; readonly holdMs: number };

interface Step {
  readonly expected: number;
  readonly received: number;
  readonly refused: number;
}

export class PathPolicy {
  #state: State = { kind: 'unlimited' };
  #budgetBps = Number.POSITIVE_INFINITY;
  #steps: Step[] = [];
  #roundTrips: number[] = [];
  #loweredAtMs = Number.NEGATIVE_INFINITY;
  #holdMs = FIRST_HOLD_MS;

  get budgetBps(): number {
    return this.#budgetBps;
  }

  /** Share of datagrams lost lately, 0 to 1; undefined when too few were sent to tell. */
  get loss(): number | undefined {
    const { expected, received } = this.#sum();
    return expected < MIN_EXPECTED ? undefined : 1 - received / expected;
  }

  /** Call every PATH_STEP_MS. */
  step(nowMs: number, figures: PathFigures): PathDecision {
    this.#remember(figures);
    const reason = this.#fault();
    if (reason !== undefined) return this.#bad(nowMs, figures, reason);
    return this.#isGood() ? this.#good(nowMs, figures) : this.#between();
  }

  #bad(nowMs: number, figures: PathFigures, reason: PathReason): PathDecision {
    if (nowMs - this.#loweredAtMs < DOWN_INTERVAL_MS || (reason === 'round_trip' && this.#isFalling())) {
      return this.#between();
    }
    if (this.#state.kind === 'probing') {
      this.#budgetBps = this.#state.fromBps;
      this.#holdMs = Math.min(MAX_HOLD_MS, 2 * this.#state.holdMs);
    } else {
      const sentBps = Math.min(this.#budgetBps, figures.allocatedBps);
      // Nothing delivered is no news of what could be: a report may be late.
      const throughBps = figures.deliveredBps > 0 ? Math.min(sentBps, figures.deliveredBps) : sentBps;
      this.#budgetBps = DOWN_FACTOR * throughBps;
    }
    this.#loweredAtMs = nowMs;
    this.#steps = [];
    this.#state = { kind: 'limited', goodSinceMs: undefined, holdMs: this.#holdMs };
    return { budgetBps: this.#budgetBps, lowered: reason };
  }

  #good(nowMs: number, figures: PathFigures): PathDecision {
    const state = this.#state;
    if (state.kind === 'unlimited') return { budgetBps: this.#budgetBps };
    if (state.kind === 'probing') {
      if (nowMs - state.sinceMs < PROBE_MS) return { budgetBps: this.#budgetBps };
      // Proven: the next rung need not wait as long again.
      this.#holdMs = FIRST_HOLD_MS;
      if (figures.nextBps === undefined) {
        this.#budgetBps = Number.POSITIVE_INFINITY;
        this.#state = { kind: 'unlimited' };
        return { budgetBps: this.#budgetBps, recovered: true };
      }
      return this.#probe(nowMs, Math.max(figures.nextBps, PROBE_GROWTH * this.#budgetBps));
    }
    if (state.goodSinceMs === undefined) this.#state = { ...state, goodSinceMs: nowMs };
    else if (nowMs - state.goodSinceMs >= state.holdMs)
      return this.#probe(nowMs, figures.nextBps ?? figures.allocatedBps);
    return { budgetBps: this.#budgetBps };
  }

  #probe(nowMs: number, budgetBps: number): PathDecision {
    this.#state = { kind: 'probing', sinceMs: nowMs, fromBps: this.#budgetBps, holdMs: this.#holdMs };
    this.#budgetBps = Math.max(this.#budgetBps, budgetBps);
    return { budgetBps: this.#budgetBps };
  }

  #between(): PathDecision {
    if (this.#state.kind === 'limited') this.#state = { ...this.#state, goodSinceMs: undefined };
    return { budgetBps: this.#budgetBps };
  }

  #fault(): PathReason | undefined {
    const { expected, refused } = this.#sum();
    const roundTripMs = this.#roundTripMs();
    if (roundTripMs !== undefined && roundTripMs > HIGH_ROUND_TRIP_MS) return 'round_trip';
    if ((this.loss ?? 0) > HIGH_LOSS) return 'loss';
    if (refused > HIGH_REFUSED * Math.max(MIN_EXPECTED, expected + refused)) return 'congestion';
    return undefined;
  }

  #isGood(): boolean {
    const roundTripMs = this.#roundTripMs() ?? 0;
    return roundTripMs < GOOD_ROUND_TRIP_MS && (this.loss ?? 0) < GOOD_LOSS && this.#sum().refused === 0;
  }

  #isFalling(): boolean {
    const [before, last] = this.#roundTrips.slice(-2);
    return before !== undefined && last !== undefined && last < FALLING * before;
  }

  /** The least of the last ones. */
  #roundTripMs(): number | undefined {
    return this.#roundTrips.length < ROUND_TRIPS ? undefined : Math.min(...this.#roundTrips);
  }

  #remember({ roundTripMs, expected, received, refused }: PathFigures): void {
    this.#steps = [...this.#steps, { expected, received, refused }].slice(-WINDOW_STEPS);
    if (roundTripMs === undefined) return;
    this.#roundTrips = [...this.#roundTrips, roundTripMs].slice(-ROUND_TRIPS);
  }

  #sum(): Step {
    const sum = { expected: 0, received: 0, refused: 0 };
    for (const step of this.#steps) {
      sum.expected += step.expected;
      sum.received += step.received;
      sum.refused += step.refused;
    }
    return sum;
  }
}
