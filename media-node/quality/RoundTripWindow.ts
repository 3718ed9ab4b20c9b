// Which of the round trips that were seen is the path's. A receiver that is busy answers late, in bursts: the last question
// before it gets to answer comes back fast. On a long or a full path no answer is fast. So the least of the last ones counts.
import { RecentLeast } from './RecentLeast.ts';

/** Samples count for so long, ms, and the last few for longer: stalls of a receiver up to this long are not seen. */
const WINDOW_MS = 450;
const MIN_SAMPLES = 2;
/** Answers that come at once say as much as one: they waited for the same thing. */
const MIN_SPAN_MS = 100;
const KEPT_MS = 1_500;
const LATEST = 2;
/** Far more than are asked for within the window. */
const MAX_SAMPLES = 64;

interface Sample {
  readonly atMs: number;
  readonly roundTripMs: number;
}

export class RoundTripWindow {
  /** Oldest first. */
  readonly #samples: Sample[] = [];
  readonly #base = new RecentLeast();

  add(roundTripMs: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#samples.push({ atMs: nowMs, roundTripMs });
    this.#base.add(roundTripMs, nowMs);
  }

  /** Undefined while too few have been seen lately to tell. */
  roundTripMs(nowMs: number): number | undefined {
    const relevant = this.#relevant(nowMs);
    const spanMs = (relevant.at(-1)?.atMs ?? 0) - (relevant[0]?.atMs ?? 0);
    if (relevant.length < MIN_SAMPLES || spanMs < MIN_SPAN_MS) return undefined;
    return Math.min(...relevant.map((one) => one.roundTripMs));
  }

  /** The least of the last two: sooner to tell of a queue, and easier to fool. Undefined before. */
  get latestMs(): number | undefined {
    const latest = this.#samples.slice(-LATEST);
    return latest.length < LATEST ? undefined : Math.min(...latest.map((one) => one.roundTripMs));
  }

  /** What it is without a queue, as far as was seen; undefined before the first sample. */
  get baseMs(): number | undefined {
    return this.#base.value;
  }

  /** Makes room for one more, and drops from the front what says nothing any more. */
  #forget(nowMs: number): void {
    for (;;) {
      const oldest = this.#samples[0];
      if (oldest === undefined) return;
      const keptMs = this.#samples.length > MIN_SAMPLES ? WINDOW_MS : KEPT_MS;
      if (nowMs - oldest.atMs <= keptMs && this.#samples.length < MAX_SAMPLES) return;
      this.#samples.shift();
    }
  }

  #relevant(nowMs: number): Sample[] {
    const last = this.#samples.length - MIN_SAMPLES;
    return this.#samples.filter(
      ({ atMs }, index) => nowMs - atMs <= WINDOW_MS || (index >= last && nowMs - atMs <= KEPT_MS),
    );
  }
}
