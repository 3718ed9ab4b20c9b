// What was forwarded to one subscriber of one stream, against what it says it has: loss without mistaking frames that were
// left out for lost ones (protocol document). Fixed memory, no allocation per datagram.

/** One datagram in this many is remembered; a power of two. */
const SPACING = 8;
/** Datagrams remembered: with the spacing, 256 datagrams, about a second of the highest layer. */
const CHECKPOINTS = 32;
/** Numbers up to the highest that are told apart from duplicates: the bits of one integer. */
const WINDOW = 32;

/** Datagrams of one report. */
export interface Received {
  readonly expected: number;
  readonly received: number;
}

export class DeliveryLedger {
  /** Pairs of a sequence number, its lower half, and how many had been forwarded with it. */
  readonly #checkpoints = new Int32Array(2 * CHECKPOINTS);
  #written = 0;
  #forwarded = 0;
  #lastSequence = 0;
  /** Of the numbers up to the last one, that one at bit 0: whether they were forwarded. */
  #seen = 0;
  #accounted = 0;
  /** What arrived late makes up for a loss of the report before. */
  #surplus = 0;

  /** Datagrams forwarded so far. */
  get forwarded(): number {
    return this.#forwarded;
  }

  /**
   * A datagram was handed over: the lower half of its sequence number, as a signed integer. A receiver passes over one that it
   * has, or that is too old to tell: a publisher that sends such ones must not make its subscribers' paths look lossy.
   */
  record(sequence: number): void {
    const ahead = this.#forwarded === 0 ? 1 : (sequence - this.#lastSequence) | 0;
    if (ahead <= 0) {
      this.#recordLate(-ahead);
      return;
    }
    this.#forwarded++;
    // After a pause the numbers have gone on: what is in between was not forwarded.
    if (this.#forwarded % SPACING === 1 || ahead > SPACING) this.#remember(sequence, this.#forwarded);
    this.#lastSequence = sequence;
    this.#seen = (ahead < WINDOW ? this.#seen << ahead : 0) | 1;
  }

  /** The next datagram will have this number: those since the last one were for others. */
  skipTo(sequence: number): void {
    if (this.#forwarded === 0 || ((sequence - this.#lastSequence) | 0) <= 1) return;
    this.#remember(sequence, this.#forwarded + 1);
    const last = (sequence - 1) | 0;
    const ahead = (last - this.#lastSequence) | 0;
    this.#seen = ahead < WINDOW ? this.#seen << ahead : 0;
    this.#lastSequence = last;
  }

  /**
   * A report says that the subscriber has got this many more since the report before, up to this number. Undefined when that
   * is too long ago to be judged.
   */
  settle(highestSequence: number, received: number): Received | undefined {
    const upTo = this.#forwardedUpTo(highestSequence);
    if (upTo === undefined) return undefined;
    const expected = Math.max(0, upTo - this.#accounted);
    this.#accounted = Math.max(this.#accounted, upTo);
    const available = received + this.#surplus;
    const counted = Math.min(expected, available);
    this.#surplus = Math.min(SPACING, available - counted);
    return { expected, received: counted };
  }

  /** It comes so far behind the last one. */
  #recordLate(behind: number): void {
    const bit = behind < WINDOW ? 1 << behind : 0;
    if (bit === 0 || (this.#seen & bit) !== 0) return;
    this.#seen |= bit;
    this.#forwarded++;
  }

  #remember(sequence: number, forwarded: number): void {
    const place = 2 * (this.#written++ % CHECKPOINTS);
    this.#checkpoints[place] = sequence;
    this.#checkpoints[place + 1] = forwarded;
  }

  #forwardedUpTo(sequence: number): number | undefined {
    const oldest = Math.max(0, this.#written - CHECKPOINTS);
    let next = this.#forwarded + 1;
    for (let index = this.#written - 1; index >= oldest; index--) {
      const place = 2 * (index % CHECKPOINTS);
      const count = this.#checkpoints[place + 1] ?? 0;
      // Sequence numbers of one call's life do not come near 2^31 apart.
      const ahead = (sequence - (this.#checkpoints[place] ?? 0)) | 0;
      if (ahead >= 0) return Math.min(next - 1, count + ahead);
      next = count;
    }
    return undefined;
  }
}
