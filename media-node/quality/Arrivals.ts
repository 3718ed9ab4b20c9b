// When the frames of one published stream came in, against their capture times: what their way to here took is not the fault of
// the way on to a subscriber. Each form of a frame has a way of its own: what is sent twice may be late on streams while its
// datagrams are not, and a subscriber gets one of them. Nothing is allocated per frame.
import type { Clock } from '../../shared/base/clock.ts';
import { isOnDemand, readFragmentIndex } from '../../shared/frame/read.ts';
import { TransitWindows } from '../../shared/frame/TransitWindows.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';

/** Weight of a new sample of the jitter (RFC 3550, section 6.4.1). */
const JITTER_GAIN = 1 / 16;

/** Of what a subscriber gets in a delivery, those that count (see Audience). */
const CHOSEN_DATAGRAMS = 0;
const ON_DEMAND_DATAGRAMS = 1;
const CHOSEN_ON_STREAMS = 2;
const ON_DEMAND_ON_STREAMS = 3;
const FORMS_OF: Record<Delivery, readonly [number, number]> = {
  publishers_choice: [CHOSEN_DATAGRAMS, CHOSEN_ON_STREAMS],
  streams: [CHOSEN_ON_STREAMS, ON_DEMAND_ON_STREAMS],
  datagrams: [CHOSEN_DATAGRAMS, ON_DEMAND_DATAGRAMS],
};

export class Arrivals {
  readonly #clock: Clock;
  /** By form; each made with its first frame. */
  readonly #transits: (TransitWindows | undefined)[] = [undefined, undefined, undefined, undefined];
  // Doubles from the start: V8 then writes them in place.
  #lastTransitUs = Number.NaN;
  #jitterUs = Number.NaN;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the valid media datagram bytes[at..] as it comes in. Only a frame's first one counts: the others queue behind it. */
  record(bytes: Uint8Array, at: number): void {
    if (readFragmentIndex(bytes, at) !== 0) return;
    const transits = this.#transitsOf(isOnDemand(bytes, at) ? ON_DEMAND_DATAGRAMS : CHOSEN_DATAGRAMS);
    transits.record(bytes, at);
    const transitUs = transits.latestUs;
    const difference = Math.abs(transitUs - this.#lastTransitUs);
    this.#lastTransitUs = transitUs;
    if (Number.isNaN(difference)) return;
    if (Number.isNaN(this.#jitterUs)) this.#jitterUs = 0;
    this.#jitterUs += (difference - this.#jitterUs) * JITTER_GAIN;
  }

  /** Takes the header bytes[at..] of a frame on a stream as it comes in. Jitter is of datagrams alone. */
  recordOnStream(bytes: Uint8Array, at: number): void {
    const form = isOnDemand(bytes, at) ? ON_DEMAND_ON_STREAMS : CHOSEN_ON_STREAMS;
    this.#transitsOf(form).recordFrame(bytes, at);
  }

  /**
   * Of the frames captured in this window, in the forms that a delivery consists of: the least time to their arrival,
   * microseconds; undefined where it is not known. Where none came in those forms, its publisher does not deliver on demand.
   */
  leastTransitUs(window: number, delivery: Delivery): number | undefined {
    return this.#leastOf(window, FORMS_OF[delivery]) ?? this.#leastOf(window, FORMS_OF.publishers_choice);
  }

  /** Interarrival jitter here (RFC 3550, section 6.4.1), microseconds; 0 before the second frame. */
  get jitterUs(): number {
    return Number.isNaN(this.#jitterUs) ? 0 : this.#jitterUs;
  }

  #leastOf(window: number, [one, other]: readonly [number, number]): number | undefined {
    const oneUs = this.#transits[one]?.leastUs(window);
    const otherUs = this.#transits[other]?.leastUs(window);
    return oneUs === undefined || otherUs === undefined ? (oneUs ?? otherUs) : Math.min(oneUs, otherUs);
  }

  #transitsOf(form: number): TransitWindows {
    const known = this.#transits[form];
    if (known !== undefined) return known;
    const made = new TransitWindows(this.#clock);
    this.#transits[form] = made;
    return made;
  }
}
