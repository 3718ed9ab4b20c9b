// Whether the way to one subscriber fills up (ledger MH-5). Pure: delays in, a level and a slope out; time comes from the caller.
// Delays are of single moments and have any constant in them, such as the difference of two clocks. All streams take the same
// way: of what was sent together the least delay counts, since what is over it is a stream's own, such as a frame that is large.
import { RecentLeast } from './RecentLeast.ts';

/** Moments that are taken together, ms. */
const BIN_MS = 125;
/** Moments that the trend is over: three quarters of a second, in two halves. */
const BINS = 6;
const MIN_BINS_A_HALF = 2;
/** Bins that are kept while later ones come: reports of different streams tell of different moments. */
const KEPT_BINS = 12;
/** What was sent so long ago says nothing of what the way is like now, ms. */
const STALE_MS = 2_000;
const MS_PER_SECOND = 1_000;

export interface DelayFigures {
  /** Over the least of the last half a minute: what waits on the way. */
  readonly queueDelayMs: number;
  /**
   * How fast the delay rises steadily, or falls below zero: in each half of the last moments, and from any of the older half to
   * any of the newer. The less steep half counts. Else zero: a large frame or a stall lifts the delay at once and shows in one
   * half, and jitter lifts and lowers it; a queue grows in both.
   */
  readonly slopeMsPerS: number;
}

interface Bin {
  readonly number: number;
  /** Of its least delay. */
  sentAtMs: number;
  delayMs: number;
}

export class DelayTrend {
  /** Oldest first. */
  readonly #bins: Bin[] = [];
  readonly #base = new RecentLeast();

  /** What was sent at one time by this side's clock took so long, but for a constant. Times may come in any order. */
  add(sentAtMs: number, delayMs: number): void {
    const number = Math.floor(sentAtMs / BIN_MS);
    const newest = this.#bins.at(-1)?.number ?? number;
    if (number <= newest - KEPT_BINS) return;
    this.#base.add(delayMs, Math.max(number, newest) * BIN_MS);
    let at = this.#bins.length;
    while (at > 0 && (this.#bins[at - 1]?.number ?? 0) >= number) at--;
    const known = this.#bins[at];
    if (known?.number !== number) this.#bins.splice(at, 0, { number, sentAtMs, delayMs });
    else if (delayMs < known.delayMs) Object.assign(known, { sentAtMs, delayMs });
    while ((this.#bins[0]?.number ?? number) <= number - KEPT_BINS) this.#bins.shift();
  }

  /** Undefined while too little is known of the last two seconds. */
  figures(nowMs: number): DelayFigures | undefined {
    const newest = this.#bins.at(-1);
    const baseMs = this.#base.value;
    if (newest === undefined || baseMs === undefined || nowMs - newest.sentAtMs > STALE_MS) return undefined;
    const half = newest.number - BINS / 2;
    const newer = this.#bins.filter(({ number }) => number > half);
    const older = this.#bins.filter(({ number }) => number <= half && number > half - BINS / 2);
    if (newer.length < MIN_BINS_A_HALF || older.length < MIN_BINS_A_HALF) return undefined;
    const latestMs = least(newer.slice(-2));
    return { queueDelayMs: latestMs - baseMs, slopeMsPerS: steadySlope(older, newer) };
  }
}

/** By least squares. */
function slopeOf(bins: readonly Bin[]): number {
  const meanAtMs = mean(bins.map(({ sentAtMs }) => sentAtMs));
  const meanDelayMs = mean(bins.map(({ delayMs }) => delayMs));
  let covariance = 0;
  let variance = 0;
  for (const { sentAtMs, delayMs } of bins) {
    covariance += (sentAtMs - meanAtMs) * (delayMs - meanDelayMs);
    variance += (sentAtMs - meanAtMs) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * MS_PER_SECOND;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

function steadySlope(older: readonly Bin[], newer: readonly Bin[]): number {
  const [before, after] = [slopeOf(older), slopeOf(newer)];
  if (before > 0 && after > 0 && least(newer) > most(older)) return Math.min(before, after);
  if (before < 0 && after < 0 && most(newer) < least(older)) return Math.max(before, after);
  return 0;
}

function least(bins: readonly Bin[]): number {
  return Math.min(...bins.map(({ delayMs }) => delayMs));
}

function most(bins: readonly Bin[]): number {
  return Math.max(...bins.map(({ delayMs }) => delayMs));
}
