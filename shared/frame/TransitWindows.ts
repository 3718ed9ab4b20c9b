// Transit is arrival less capture time: it holds the unknown difference of two clocks, so that only differences of it mean
// something. Who forwards a stream and who receives it both keep the least transit of the frames that were captured within
// each eighth of a second. For the same frames the one less the other is what their way from here to there took, whatever the
// publisher's clock or its own path did. Constant memory; nothing is allocated per frame.
import type { Clock } from '../base/clock.ts';
import { readFragmentIndex, readTimestampUs } from './read.ts';

/** Frames are taken together by capture time: a window's number is its frames' timestamp divided by this, rounded down. */
export const CAPTURE_WINDOW_US = 125_000;
/** Windows that are kept: one and a half seconds. */
const WINDOWS = 12;

export interface WindowTransit {
  readonly window: number;
  /** Relative to this side's own epoch, microseconds. */
  readonly leastUs: number;
}

export class TransitWindows {
  readonly #clock: Clock;
  /** Of each window at its number modulo WINDOWS, NaN without a frame; then the number of the newest. */
  readonly #leastUs: number[] = Array.from({ length: WINDOWS + 1 }, () => Number.NaN);
  // A double from the start: V8 then writes it in place.
  #latestUs = Number.NaN;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the frame that was recorded last, microseconds; NaN before the first. */
  get latestUs(): number {
    return this.#latestUs;
  }

  /**
   * Takes the valid media datagram bytes[at..] as it arrives. Only a frame's first one counts, the others queue behind it; and
   * none of a window that is over, so that both ends count the same frames whatever timestamps a publisher invents.
   */
  record(bytes: Uint8Array, at: number): void {
    if (readFragmentIndex(bytes, at) === 0) this.recordFrame(bytes, at);
  }

  /** Takes the header bytes[at..] of a frame as it arrives on a stream; else as record(). */
  recordFrame(bytes: Uint8Array, at: number): void {
    // Numbers of this size are handed to no function that is not inlined: V8 would make an object of each.
    const timestampUs = readTimestampUs(bytes, at);
    const transitUs = Math.round(this.#clock.monotonicMs() * 1_000) - timestampUs;
    this.#latestUs = transitUs;
    const window = Math.floor(timestampUs / CAPTURE_WINDOW_US);
    const leastUs = this.#leastUs;
    const newest = leastUs[WINDOWS] ?? Number.NaN;
    if (window < newest) return;
    if (window !== newest) this.#advance(newest, window);
    const place = window % WINDOWS;
    if (!(transitUs >= (leastUs[place] ?? Number.NaN))) leastUs[place] = transitUs;
  }

  /** Undefined for a window without a frame, and one that is not kept (any more). */
  leastUs(window: number): number | undefined {
    const newest = this.#leastUs[WINDOWS] ?? Number.NaN;
    if (!(window <= newest && window > newest - WINDOWS)) return undefined;
    const transitUs = this.#leastUs[window % WINDOWS];
    return transitUs === undefined || Number.isNaN(transitUs) ? undefined : transitUs;
  }

  /** Windows after this one that are over: frames of a later one have come. Oldest first. */
  completedAfter(window: number): WindowTransit[] {
    const newest = this.#leastUs[WINDOWS] ?? Number.NaN;
    const completed: WindowTransit[] = [];
    for (let one = Math.max(window + 1, newest - WINDOWS + 1); one < newest; one++) {
      const leastUs = this.leastUs(one);
      if (leastUs !== undefined) completed.push({ window: one, leastUs });
    }
    return completed;
  }

  /** Windows in between had no frame. */
  #advance(from: number, to: number): void {
    const leastUs = this.#leastUs;
    leastUs[WINDOWS] = to;
    // Without a window before, the comparison with NaN leaves all of them.
    const first = from > to - WINDOWS ? from + 1 : Math.max(0, to - WINDOWS + 1);
    for (let one = first; one <= to; one++) leastUs[one % WINDOWS] = Number.NaN;
  }
}
