// What is known of the path to one subscriber at a step of the policy, and what that says of it. Pure.
import type { DelayFigures } from './DelayTrend.ts';

export interface PathFigures {
  /** Undefined while it is not known. */
  readonly roundTripMs: number | undefined;
  /** Of the last two answers, which a busy client may have kept. */
  readonly latestRoundTripMs: number | undefined;
  /** The least of the last half a minute. */
  readonly baseRoundTripMs: number | undefined;
  /** Of the way to it alone, by when frames arrive; undefined where its client does not tell. */
  readonly delay: DelayFigures | undefined;
  /** By how much the way to it makes frames arrive unevenly, and the least of the last half a minute. */
  readonly jitterMs: number | undefined;
  readonly baseJitterMs: number | undefined;
  /** Datagrams since the step before, by the subscriber's reports. */
  readonly expected: number;
  readonly received: number;
  /** Copies since the step before that its full window turned away. */
  readonly refused: number;
  /** What arrived there over the last half a second, streams included, bits per second. */
  readonly deliveredBps: number;
  /** What was sent to it over the same time: less than what it was said to cost, where little moves in a picture. */
  readonly sentBps: number;
  /** What the streams chosen for it cost. */
  readonly allocatedBps: number;
  /** Budget at which more would be sent; undefined when all that is wished for is. */
  readonly nextBps: number | undefined;
  /** What all that is wished for costs. */
  readonly wishedBps: number;
}

/** A path whose round trip is under this is near, or not full. */
export const GOOD_ROUND_TRIP_MS = 150;
/** Less than this share of what is sent gets through: the path is narrow, and what gets through is what it takes. */
const NARROW = 0.85;
/** By more than this over its least, a round trip or the delay of the way there shows a queue. */
const QUEUE_MS = 60;
/** A path whose least round trip is near its present one is long, not full. */
const LONG_FACTOR = 1.25;
const LONG_MARGIN_MS = 30;
/** A delay changes this fast: slower than that it is clocks that drift, or noise. */
const CHANGING_MS_PER_S = 20;
/** So much waits on the way, in ms, that the rise is no noise; so much would be too much, and it would be soon, in seconds. */
const FILLING = { queueMs: 40, fullMs: 150, withinS: 1 };
/** While the path is tried with more, the rise is the try's. */
const FILLING_BY_A_TRY = { queueMs: 25, fullMs: 75, withinS: 1 };
/** What waits must be so many times the jitter: less is the jitter. */
const JITTER_FACTOR = 2;
/** Over its usual level by this, ms, jitter says that the path is not at rest. */
const JITTER_MS = 30;

/**
 * Of what is sent, how much gets through, 0 to 1: by what arrives, and by how fast what is on its way grows. Nothing delivered
 * is no news of what could be: a report may be late.
 */
export function shareThrough(figures: PathFigures): number {
  const { deliveredBps, sentBps, delay } = figures;
  const arriving = deliveredBps > 0 && sentBps > 0 ? Math.min(1, deliveredBps / sentBps) : 1;
  // What is sent in a second takes a second and the rise of the delay to arrive.
  const served = delay !== undefined && fills(figures) ? 1 / (1 + delay.slopeMsPerS / 1_000) : 1;
  return Math.min(arriving, served);
}

export function isNarrow(figures: PathFigures): boolean {
  return shareThrough(figures) < NARROW;
}

/** Whether this round trip shows a queue. */
export function queues({ baseRoundTripMs = 0 }: PathFigures, roundTripMs = 0): boolean {
  return roundTripMs > baseRoundTripMs + QUEUE_MS;
}

/** Whether the way there holds a queue, as far as the client tells. */
export function holdsQueue({ delay }: PathFigures): boolean {
  return delay !== undefined && delay.queueDelayMs > QUEUE_MS;
}

/** What waits on the way grows steadily, and would soon be too much: more is sent than the path takes. */
export function fills(figures: PathFigures): boolean {
  return isFilling(figures, FILLING);
}

/** The same, sooner: while a path is tried. */
export function fillsByTry(figures: PathFigures): boolean {
  return isFilling(figures, FILLING_BY_A_TRY);
}

/** What waits on the way becomes less. */
export function empties({ delay }: PathFigures): boolean {
  return delay !== undefined && delay.slopeMsPerS < -CHANGING_MS_PER_S;
}

/** Jitter above what is usual for this path: a path may be uneven and good. */
export function isUneasy({ jitterMs = 0, baseJitterMs = jitterMs }: PathFigures): boolean {
  return jitterMs > baseJitterMs + JITTER_MS;
}

/** Whether the round trip is over what is good because the path is long, without a queue. */
export function isLong({ roundTripMs, baseRoundTripMs }: PathFigures): boolean {
  if (roundTripMs === undefined || baseRoundTripMs === undefined) return false;
  return (
    baseRoundTripMs >= GOOD_ROUND_TRIP_MS && roundTripMs <= LONG_FACTOR * baseRoundTripMs + LONG_MARGIN_MS
  );
}

function isFilling({ delay, jitterMs = 0 }: PathFigures, limits: typeof FILLING): boolean {
  if (delay === undefined) return false;
  const { queueDelayMs, slopeMsPerS } = delay;
  const isQueue = queueDelayMs > Math.max(limits.queueMs, JITTER_FACTOR * jitterMs);
  return (
    isQueue && slopeMsPerS > CHANGING_MS_PER_S && queueDelayMs + limits.withinS * slopeMsPerS > limits.fullMs
  );
}
