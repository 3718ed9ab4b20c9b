// When the frames of one published stream came in, against their capture times: what their way to here took is not the fault of
// the way on to a subscriber. Each form of a frame has a way of its own: what is sent twice may be late on streams while its
// datagrams are not, and a subscriber gets one of them. Nothing is allocated per frame.
import type { Clock } from '../../shared/base/clock.ts';
import { isOnDemand, readFragmentIndex } from '../../shared/frame/read.ts';
import { TransitWindows } from '../../shared/frame/TransitWindows.ts';
import type { Delivery } from '../../shared/media-session/delivery.ts';

/** Weight of a new sample of the jitter (RFC 3550, section 6.4.1). */
const JITTER_GAIN = 1 / 16;

export class Arrivals {
  readonly #clock: Clock;
  /**
   * As its publisher chose to send them, and on demand; each but the usual one made with its first frame. Until something comes
   * on demand everybody gets what the publisher chose, and that is kept together: a stream is to take under a kilobyte.
   */
  readonly #datagrams: TransitWindows;
  #datagramsOnDemand: TransitWindows | undefined;
  #onStreams: TransitWindows | undefined;
  #onStreamsOnDemand: TransitWindows | undefined;
  // Doubles from the start: V8 then writes them in place.
  #lastTransitUs = Number.NaN;
  #jitterUs = Number.NaN;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#datagrams = new TransitWindows(clock);
  }

  /** Takes the valid media datagram bytes[at..] as it comes in. Only a frame's first one counts: the others queue behind it. */
  record(bytes: Uint8Array, at: number): void {
    if (readFragmentIndex(bytes, at) !== 0) return;
    const transits = isOnDemand(bytes, at) ? this.#ofDatagramsOnDemand() : this.#datagrams;
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
    if (isOnDemand(bytes, at)) {
      this.#onStreamsOnDemand ??= new TransitWindows(this.#clock);
      this.#onStreamsOnDemand.recordFrame(bytes, at);
    } else this.#ofStreams().recordFrame(bytes, at);
  }

  /**
   * Of the frames captured in this window, in the forms that a delivery consists of: the least time to their arrival,
   * microseconds; undefined where it is not known. Where none came in those forms, its publisher does not deliver on demand.
   */
  leastTransitUs(window: number, delivery: Delivery): number | undefined {
    const chosenUs = (): number | undefined => leastOf(window, this.#datagrams, this.#onStreams);
    if (delivery === 'publishers_choice') return chosenUs();
    if (delivery === 'datagrams')
      return leastOf(window, this.#datagrams, this.#datagramsOnDemand) ?? chosenUs();
    return leastOf(window, this.#onStreams, this.#onStreamsOnDemand) ?? chosenUs();
  }

  /** Interarrival jitter here (RFC 3550, section 6.4.1), microseconds; 0 before the second frame. */
  get jitterUs(): number {
    return Number.isNaN(this.#jitterUs) ? 0 : this.#jitterUs;
  }

  #ofStreams(): TransitWindows {
    if (this.#onStreams !== undefined) return this.#onStreams;
    if (this.#datagramsOnDemand === undefined && this.#onStreamsOnDemand === undefined)
      return this.#datagrams;
    this.#onStreams = new TransitWindows(this.#clock);
    return this.#onStreams;
  }

  #ofDatagramsOnDemand(): TransitWindows {
    this.#datagramsOnDemand ??= new TransitWindows(this.#clock);
    return this.#datagramsOnDemand;
  }
}

function leastOf(
  window: number,
  one: TransitWindows | undefined,
  other: TransitWindows | undefined,
): number | undefined {
  const oneUs = one?.leastUs(window);
  const otherUs = other?.leastUs(window);
  return oneUs === undefined || otherUs === undefined ? (oneUs ?? otherUs) : Math.min(oneUs, otherUs);
}
