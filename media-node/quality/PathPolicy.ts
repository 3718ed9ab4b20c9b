// How much may go to one subscriber (ledger MH-5). Pure: figures of its path in, a budget out; time comes from the caller.
// Down fast, up slowly. A bad path is lowered at once, to what gets through where that is less than what is sent, and again
// while it stays bad. A good one is tried with more than is needed before more is needed of it (the caller sends copies): a
// path that does not take it keeps the picture that it has, and is tried again after a longer time.
import { DeliverySteps } from './DeliverySteps.ts';
import {
  empties,
  fills,
  fillsByTry,
  GOOD_ROUND_TRIP_MS,
  holdsQueue,
  isLong,
  isNarrow,
  isUneasy,
  type PathFigures,
  queues,
  shareThrough,
} from './PathFigures.ts';

/** Ledger MH-5: over either of these the path is bad. */
const HIGH_ROUND_TRIP_MS = 200;
const HIGH_LOSS = 0.05;
/** Under this, near and at rest it is good; in between nothing changes. */
const GOOD_LOSS = 0.02;
/** Share of copies that the subscriber's full window turned away, in so many steps of the window or behind a queue. */
const HIGH_REFUSED = 0.05;
const REFUSING_STEPS = 2;
/** Loss of fewer datagrams is chance. */
const MIN_LOST = 4;
/** What is sent over a path that does not take all of it, as a share of what gets through: a queue has to drain. */
const NARROW_FACTOR = 0.8;
/** Where all gets through in its way, late or thinned by chance: lowered by this share of what is sent, and then by that. */
const FIRST_FACTOR = 0.5;
const NEXT_FACTOR = 0.25;
/** A step down takes a key frame and a round trip to show: what is reported before tells of the time before it. */
const SWITCH_MS = 400;
const MAX_SETTLE_MS = 1_500;
/** A trend goes on telling of it for longer: for its own length, and until it is reported. */
const TREND_SETTLE_MS = 1_500;
/** A queue is let drain for so long before a round trip alone lowers again, and on while it falls to this share. */
const DRAIN_MS = 1_500;
const DRAINING = 0.85;
/** Behind a queue a narrow path is sent the least until the queue is gone; one that is still there then is none of ours. */
const MAX_DRAIN_MS = 3_000;
/** Of what is wished for, over a path that is over the bound by its length alone. */
const LONG_SHARE = 0.5;
/** How long a path must be good before it is tried; doubled after each time that it did not take more. */
const FIRST_HOLD_MS = 3_000;
const MAX_HOLD_MS = 24_000;
/** A path that has taken more for so long takes it. */
const PROBE_MS = 1_750;
/** It is sent ever more of it for so long, and then all: one that takes little more shows it by a short queue. */
const PROBE_RAMP_MS = 750;
/**
 * It is tried with so many times what is sent; a narrow one, and once that was too much, with what the next rung costs, and
 * with twice as much after each success.
 */
const PROBE_GROWTH = 4;
/** What is tried with is this much more than what is tried for: frames differ in size. */
const PROBE_MARGIN = 1.1;
const PROBE_LOSS = 0.03;
/** After a success the next try need wait for the key frame alone. */
const RAISED_HOLD_MS = 500;
/** The key frame of a higher layer comes all at once, and may cost a short queue a few datagrams: that is not the layer. */
const RAISED_SETTLE_MS = 800;
/** Bad so soon after it was raised: that was too much, whatever the trial said. */
const TAKE_BACK_MS = 3_000;
const PROVEN_MS = 10_000;

export const PATH_STEP_MS = 250;

export type PathReason = 'loss' | 'round_trip' | 'congestion';

export interface PathDecision {
  /** Infinity without a limit. */
  readonly budgetBps: number;
  /** To be sent beyond what is allocated, to see whether the path takes it; 0: nothing. */
  readonly probeBps: number;
  /** Why it was lowered just now. */
  readonly lowered?: PathReason;
  /** Share of datagrams lost when it was lowered, 0 to 1; undefined where too few were sent to tell. */
  readonly lossRatio?: number;
  /** All that is wished for is sent again, since now. */
  readonly recovered?: true;
}

type State =
  | { readonly kind: 'unlimited' }
  /** Since when it has been good; undefined while it is not. */
  | { readonly kind: 'limited'; readonly goodSinceMs: number | undefined; readonly holdMs: number }
  | { readonly kind: 'probing'; readonly sinceMs: number; readonly targetBps: number }
  /** Until the queue is gone; then this is sent. */
  | { readonly kind: 'draining'; readonly sinceMs: number; readonly targetBps: number };

interface Lowering {
  /** Until then reports are of what was sent before. */
  readonly settledAtMs: number;
  /** A queue that drains: what the round trip was then. */
  readonly drainSinceMs: number;
  readonly drainFromMs: number;
}

interface Raise {
  readonly atMs: number;
  readonly fromBps: number;
}

export class PathPolicy {
  #state: State = { kind: 'unlimited' };
  #budgetBps = Number.POSITIVE_INFINITY;
  readonly #steps = new DeliverySteps();
  #lowered: Lowering | undefined;
  /** Until then the delay rises for what was sent before a step down. */
  #trendFromMs = 0;
  /** Steps down since it was last good. */
  #lowerings = 0;
  #growth = PROBE_GROWTH;
  #raised: Raise | undefined;
  /** Since a raise was last proven, one that the path had taken in a try had to be taken back. */
  #hasTakenBack = false;
  #holdMs = FIRST_HOLD_MS;

  get budgetBps(): number {
    return this.#budgetBps;
  }

  /** Share of datagrams lost lately, 0 to 1; undefined when too few were sent to tell. */
  get loss(): number | undefined {
    return this.#steps.loss;
  }

  /** Call every PATH_STEP_MS. */
  step(nowMs: number, figures: PathFigures): PathDecision {
    const isSwitching = this.#raised !== undefined && nowMs <= this.#raised.atMs + RAISED_SETTLE_MS;
    if (nowMs > (this.#lowered?.settledAtMs ?? 0) && !isSwitching) this.#steps.add(figures);
    if (this.#raised !== undefined && nowMs - this.#raised.atMs > PROVEN_MS) {
      this.#raised = undefined;
      this.#hasTakenBack = false;
      this.#holdMs = FIRST_HOLD_MS;
      this.#growth = PROBE_GROWTH;
    }
    if (this.#state.kind === 'draining') return this.#draining(nowMs, figures, this.#state);
    const reason = this.#fault(nowMs, figures);
    if (reason !== undefined) return this.#bad(nowMs, figures, reason);
    if (this.#state.kind === 'probing') return this.#probing(nowMs, figures, this.#state);
    return this.#isGood(figures) ? this.#good(nowMs, figures) : this.#between();
  }

  #bad(nowMs: number, figures: PathFigures, reason: PathReason): PathDecision {
    if (this.#state.kind === 'probing') return this.#probeFailed(nowMs, figures);
    if (this.#lowered !== undefined && this.#awaits(this.#lowered, nowMs, figures, reason))
      return this.#between();
    const { loss } = this;
    this.#budgetBps = this.#lowerBudget(nowMs, figures, reason);
    this.#lowerings++;
    const { roundTripMs = 0 } = figures;
    this.#sendsLess(nowMs, Math.min(MAX_SETTLE_MS, SWITCH_MS + 2 * roundTripMs), roundTripMs);
    this.#trendFromMs = nowMs + TREND_SETTLE_MS;
    // What it takes is known: far more than that is not tried first.
    if (fills(figures)) this.#growth = 1;
    if (isNarrow(figures) && queues(figures, Math.max(roundTripMs, figures.latestRoundTripMs ?? 0))) {
      this.#growth = 1;
      this.#state = { kind: 'draining', sinceMs: nowMs, targetBps: this.#budgetBps };
      this.#budgetBps = 0;
    }
    return { ...this.#unchanged(), lowered: reason, ...(loss !== undefined && { lossRatio: loss }) };
  }

  /** From now on less is sent: what was sent before goes on being reported, and a queue drains. */
  #sendsLess(nowMs: number, settleMs: number, roundTripMs = 0): void {
    this.#lowered = {
      settledAtMs: nowMs + settleMs,
      drainSinceMs: nowMs,
      drainFromMs: roundTripMs,
    };
    this.#steps.clear();
    this.#state = { kind: 'limited', goodSinceMs: undefined, holdMs: this.#holdMs };
  }

  /** Whether the step down before may still bring what is missing. */
  #awaits(before: Lowering, nowMs: number, figures: PathFigures, reason: PathReason): boolean {
    const { roundTripMs = 0 } = figures;
    if (nowMs <= before.settledAtMs) {
      // The queue went on growing until less came.
      this.#lowered = { ...before, drainFromMs: Math.max(before.drainFromMs, roundTripMs) };
      return true;
    }
    if (reason !== 'round_trip') return false;
    if (nowMs - before.drainSinceMs < DRAIN_MS || empties(figures)) return true;
    if (roundTripMs > DRAINING * before.drainFromMs) return false;
    this.#lowered = { ...before, drainSinceMs: nowMs, drainFromMs: roundTripMs };
    return true;
  }

  #lowerBudget(nowMs: number, figures: PathFigures, reason: PathReason): number {
    const raised = this.#raised;
    if (raised !== undefined) {
      this.#raised = undefined;
      this.#hasTakenBack = true;
      this.#holdMs = Math.min(MAX_HOLD_MS, 2 * this.#holdMs);
      if (nowMs - raised.atMs <= TAKE_BACK_MS) return raised.fromBps;
    }
    const spentBps = Math.min(this.#budgetBps, figures.allocatedBps);
    if (isNarrow(figures) || fills(figures)) return NARROW_FACTOR * spentBps * shareThrough(figures);
    const factor = reason === 'round_trip' && this.#lowerings > 0 ? NEXT_FACTOR : FIRST_FACTOR;
    return factor * spentBps;
  }

  #draining(nowMs: number, figures: PathFigures, state: State & { kind: 'draining' }): PathDecision {
    const isGone = !queues(figures, figures.latestRoundTripMs) && nowMs > (this.#lowered?.settledAtMs ?? 0);
    if (!isGone && nowMs - state.sinceMs < MAX_DRAIN_MS) return this.#unchanged();
    if (isGone) this.#budgetBps = state.targetBps;
    this.#sendsLess(nowMs, 2 * SWITCH_MS, figures.roundTripMs);
    return this.#unchanged();
  }

  #good(nowMs: number, figures: PathFigures): PathDecision {
    this.#lowered = undefined;
    this.#lowerings = 0;
    const state = this.#state;
    if (state.kind !== 'limited') return this.#unchanged();
    if (state.goodSinceMs === undefined) {
      this.#state = { ...state, goodSinceMs: nowMs };
      return this.#unchanged();
    }
    if (nowMs - state.goodSinceMs < state.holdMs) return this.#unchanged();
    const { nextBps, allocatedBps } = figures;
    if (nextBps === undefined) return this.#recovered(figures);
    const ceilingBps = this.#ceilingBps(figures);
    if (nextBps > ceilingBps) return this.#unchanged();
    const targetBps = Math.min(ceilingBps, figures.wishedBps, Math.max(nextBps, this.#growth * allocatedBps));
    this.#state = { kind: 'probing', sinceMs: nowMs, targetBps };
    return { budgetBps: this.#budgetBps, probeBps: this.#probeBps(figures, targetBps, 0) };
  }

  #probing(nowMs: number, figures: PathFigures, state: State & { kind: 'probing' }): PathDecision {
    const isTooMuch = queues(figures, figures.latestRoundTripMs) || fillsByTry(figures);
    if (isTooMuch || (this.loss ?? 0) > PROBE_LOSS || this.#steps.refused > 0)
      return this.#probeFailed(nowMs, figures);
    const forMs = nowMs - state.sinceMs;
    if (forMs < PROBE_MS)
      return { budgetBps: this.#budgetBps, probeBps: this.#probeBps(figures, state.targetBps, forMs) };
    this.#raised = { atMs: nowMs, fromBps: this.#budgetBps };
    // The path has become better, unless tries are all that it takes.
    if (!this.#hasTakenBack) this.#holdMs = FIRST_HOLD_MS;
    this.#growth = Math.min(PROBE_GROWTH, 2 * this.#growth);
    if (state.targetBps >= figures.wishedBps) return this.#recovered(figures);
    this.#budgetBps = Math.max(this.#budgetBps, state.targetBps);
    this.#state = { kind: 'limited', goodSinceMs: nowMs, holdMs: RAISED_HOLD_MS };
    return this.#unchanged();
  }

  #probeFailed(nowMs: number, figures: PathFigures): PathDecision {
    // A try with more than the next rung says nothing of that.
    if (this.#growth > 1) this.#growth = 1;
    else this.#holdMs = Math.min(MAX_HOLD_MS, 2 * this.#holdMs);
    this.#sendsLess(nowMs, MAX_SETTLE_MS, figures.roundTripMs);
    return this.#unchanged();
  }

  #recovered(figures: PathFigures): PathDecision {
    if (isLong(figures)) return this.#unchanged();
    this.#budgetBps = Number.POSITIVE_INFINITY;
    this.#state = { kind: 'unlimited' };
    return { ...this.#unchanged(), recovered: true };
  }

  #between(): PathDecision {
    if (this.#state.kind === 'limited') this.#state = { ...this.#state, goodSinceMs: undefined };
    return this.#unchanged();
  }

  #unchanged(): PathDecision {
    return { budgetBps: this.#budgetBps, probeBps: 0 };
  }

  /** What is sent may be less than what it was said to cost: so may be what is tried for. */
  #probeBps({ sentBps, allocatedBps }: PathFigures, targetBps: number, forMs: number): number {
    const share = sentBps > 0 ? Math.min(1, sentBps / allocatedBps) : 1;
    const ramp = Math.min(1, (forMs + PATH_STEP_MS) / PROBE_RAMP_MS);
    return ramp * share * (PROBE_MARGIN * targetBps - allocatedBps);
  }

  #ceilingBps(figures: PathFigures): number {
    return isLong(figures) ? LONG_SHARE * figures.wishedBps : Number.POSITIVE_INFINITY;
  }

  #fault(nowMs: number, figures: PathFigures): PathReason | undefined {
    const steps = this.#steps;
    if ((steps.loss ?? 0) > HIGH_LOSS && steps.lost >= MIN_LOST) return 'loss';
    const lasts = steps.refusingSteps >= REFUSING_STEPS || queues(figures, figures.roundTripMs);
    if (lasts && steps.refusedShare > HIGH_REFUSED) return 'congestion';
    if (nowMs > this.#trendFromMs && fills(figures)) return 'congestion';
    if ((figures.roundTripMs ?? 0) <= HIGH_ROUND_TRIP_MS) return undefined;
    // Over the bound by its length alone: less of it than the share makes it no shorter.
    return isLong(figures) && this.#budgetBps <= this.#ceilingBps(figures) ? undefined : 'round_trip';
  }

  #isGood(figures: PathFigures): boolean {
    const isNear = (figures.roundTripMs ?? Number.POSITIVE_INFINITY) < GOOD_ROUND_TRIP_MS || isLong(figures);
    const isAtRest = !holdsQueue(figures) && !isUneasy(figures);
    return isNear && isAtRest && this.#steps.isGood(GOOD_LOSS);
  }
}
