// When the frames of one published stream came in, against their capture times: what their way to here took is not the fault of
// the way on to a subscriber. Nothing is allocated per frame.
import type { Clock } from '../../shared/base/clock.ts';
import { readFragmentIndex } from '../../shared/frame/read.ts';
import { TransitWindows } from '../../shared/frame/TransitWindows.ts';

/** Weight of a new sample of the jitter (RFC 3550, section 6.4.1). */
const JITTER_GAIN = 1 / 16;

export class Arrivals {
  readonly #transits: TransitWindows;
  // Doubles from the start: V8 then writes them in place.
  #lastTransitUs = Number.NaN;
  #jitterUs = Number.NaN;

  constructor(clock: Clock) {
    this.#transits = new TransitWindows(clock);
  }

  /** Takes the valid media datagram bytes[at..] as it comes in. Only a frame's first one counts: the others queue behind it. */
  record(bytes: Uint8Array, at: number): void {
    if (readFragmentIndex(bytes, at) !== 0) return;
    this.#transits.record(bytes, at);
    const transitUs = this.#transits.latestUs;
    const difference = Math.abs(transitUs - this.#lastTransitUs);
    this.#lastTransitUs = transitUs;
    if (Number.isNaN(difference)) return;
    if (Number.isNaN(this.#jitterUs)) this.#jitterUs = 0;
    this.#jitterUs += (difference - this.#jitterUs) * JITTER_GAIN;
  }

  /** Takes the header bytes[at..] of a frame on a stream as it comes in. Jitter is of datagrams alone. */
  recordOnStream(bytes: Uint8Array, at: number): void {
    this.#transits.recordFrame(bytes, at);
  }

  /** Of the frames captured in this window: the least time to their arrival, microseconds; undefined where it is not known. */
  leastTransitUs(window: number): number | undefined {
    return this.#transits.leastUs(window);
  }

  /** Interarrival jitter here (RFC 3550, section 6.4.1), microseconds; 0 before the second frame. */
  get jitterUs(): number {
    return Number.isNaN(this.#jitterUs) ? 0 : this.#jitterUs;
  }
}
