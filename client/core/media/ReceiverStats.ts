// Figures of one received stream. Constant memory; nothing is allocated per packet.

/** Sequence numbers below the highest that are told apart from duplicates. */
const WINDOW = 1_024;
const WORD_BITS = 32;
/** A larger gap in front of a key frame is time in which the handler did not send this layer: nothing was lost in it. */
const PAUSE_DATAGRAMS = 64;

/** Figures since the interval before. */
export interface ReceiverInterval {
  readonly intervalMs: number;
  readonly highestSequence: number;
  readonly received: number;
  /**
   * Sequence numbers that did not arrive. A handler that thins the stream leaves gaps too, so that this is an upper
   * bound; the handler, which knows what it forwarded, has the exact figure (protocol document).
   */
  readonly lost: number;
  readonly jitterUs: number;
  readonly bytes: number;
  readonly bitrateBps: number;
  /** lost / (lost + received), 0 to 1; absent when nothing was expected, and while discardable frames are left out. */
  readonly lossRatio?: number;
}

/** Where an interval started. */
export interface IntervalMark {
  startMs: number;
  expected: number;
  received: number;
  bytes: number;
  discardable: number;
}

export function intervalMark(nowMs: number): IntervalMark {
  return { startMs: nowMs, expected: 0, received: 0, bytes: 0, discardable: 0 };
}

export class ReceiverStats {
  readonly #seen = new Uint32Array(WINDOW / WORD_BITS);
  #highest = -1;
  #first = -1;
  #received = 0;
  #discardable = 0;
  /** Numbers in gaps that are pauses. */
  #paused = 0;
  /** Highest number in front of the latest large gap, and the number behind it. */
  #gapFrom = -1;
  #gapTo = -1;
  #duplicates = 0;
  #bytes = 0;
  #jitterUs = 0;
  #lastTransitUs: number | undefined;
  readonly #mark: IntervalMark;

  constructor(nowMs: number) {
    this.#mark = intervalMark(nowMs);
  }

  /** Highest sequence number so far; -1 before the first datagram. */
  get highestSequence(): number {
    return this.#highest;
  }

  get received(): number {
    return this.#received;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  /** Interarrival jitter (RFC 3550, section 6.4.1), microseconds. */
  get jitterUs(): number {
    return this.#jitterUs;
  }

  /** Takes a datagram into account. False when it had been here before, or is too old to tell. */
  addDatagram(
    sequence: number,
    timestampUs: number,
    bytes: number,
    arrivalMs: number,
    isDiscardable: boolean,
  ): boolean {
    if (this.#highest >= 0 && sequence - this.#highest > PAUSE_DATAGRAMS) {
      this.#gapFrom = this.#highest;
      this.#gapTo = sequence;
    }
    if (this.#first < 0 || sequence < this.#first) this.#first = sequence;
    if (!this.#addOnce(sequence)) {
      this.#duplicates += 1;
      return false;
    }
    this.#received += 1;
    this.#bytes += bytes;
    if (isDiscardable) this.#discardable += 1;
    const transitUs = arrivalMs * 1_000 - timestampUs;
    if (this.#lastTransitUs !== undefined) {
      const difference = Math.abs(transitUs - this.#lastTransitUs);
      this.#jitterUs += (difference - this.#jitterUs) / 16;
    }
    this.#lastTransitUs = transitUs;
    return true;
  }

  /**
   * Takes a frame that came on a stream into account: it is reliable, and its sequence number is that of the datagram that
   * follows it. Datagrams may overtake it. `datagrams`: as so many, right before that one, the same frame went to others; a
   * publisher may claim any number of them, and those that are too old to be told apart are passed over.
   */
  addStreamFrame(bytes: number, nextSequence: number, datagrams = 0): void {
    this.#bytes += bytes;
    if (this.#highest < 0) return;
    if (nextSequence - this.#highest > PAUSE_DATAGRAMS) {
      this.#paused += nextSequence - 1 - this.#highest;
      this.#forget(nextSequence - 1);
      this.#highest = nextSequence - 1;
    } else if (nextSequence > this.#gapFrom && nextSequence <= this.#gapTo) {
      this.#paused += nextSequence - 1 - this.#gapFrom;
      this.#gapTo = this.#gapFrom;
    } else {
      const from = Math.max(this.#first, nextSequence - datagrams, this.#highest - WINDOW + 1);
      for (let own = from; own < nextSequence; own++) if (this.#addOnce(own)) this.#paused += 1;
    }
  }

  /** Ends the interval at `nowMs` and starts the next. Who counts intervals of its own brings a mark of its own. */
  takeInterval(nowMs: number, mark: IntervalMark = this.#mark): ReceiverInterval {
    const intervalMs = Math.max(1, nowMs - mark.startMs);
    const expected = this.#highest < 0 ? 0 : this.#highest - this.#first + 1 - this.#paused;
    const received = this.#received - mark.received;
    // Late ones make up for a loss of the interval before, hence the bound at zero (RFC 3550, appendix A.3).
    const lost = Math.max(0, expected - mark.expected - received);
    const bytes = this.#bytes - mark.bytes;
    mark.startMs = nowMs;
    mark.expected = expected;
    mark.received = this.#received;
    mark.bytes = this.#bytes;
    // Where a stream has such frames and none came, the handler leaves them out: gaps say nothing of loss.
    const isThinned = this.#discardable > 0 && this.#discardable === mark.discardable;
    mark.discardable = this.#discardable;
    return {
      intervalMs,
      highestSequence: Math.max(0, this.#highest),
      received,
      lost,
      jitterUs: Math.round(this.#jitterUs),
      bytes,
      bitrateBps: Math.round((bytes * 8_000) / intervalMs),
      ...(received + lost > 0 && !isThinned && { lossRatio: lost / (received + lost) }),
    };
  }

  #addOnce(sequence: number): boolean {
    if (sequence > this.#highest) {
      this.#forget(sequence);
      this.#highest = sequence;
    } else if (this.#highest - sequence >= WINDOW) return false;
    const bit = sequence % WINDOW;
    const word = Math.floor(bit / WORD_BITS);
    const mask = 1 << (bit % WORD_BITS);
    const bits = this.#seen[word] ?? 0;
    if ((bits & mask) !== 0) return false;
    this.#seen[word] = bits | mask;
    return true;
  }

  /** Clears the marks of the numbers between the highest and the new one, which reuse the places of old ones. */
  #forget(upTo: number): void {
    if (this.#highest < 0 || upTo - this.#highest >= WINDOW) {
      this.#seen.fill(0);
      return;
    }
    for (let sequence = this.#highest + 1; sequence <= upTo; sequence++) {
      const bit = sequence % WINDOW;
      const word = Math.floor(bit / WORD_BITS);
      this.#seen[word] = (this.#seen[word] ?? 0) & ~(1 << (bit % WORD_BITS));
    }
  }
}
