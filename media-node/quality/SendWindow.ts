// Bounds what may be on its way to one receiver of one stream, in datagrams and in bytes. The QUIC engine holds a megabyte
// for a slow peer and tells nothing of its path, so the receiver's acknowledgements (frame type 0x84, about every 50 ms) are
// the only sign of what has arrived. The bound follows the delay: while acknowledgements come promptly it grows, when they
// show a queue it shrinks to what the receiver takes in that time. Sending costs three additions; time and arithmetic are
// spent when an acknowledgement comes. A receiver that never acknowledges is not bounded here.

/** How far a datagram that may be lost is held back: from `discardable` on, each also holds back the ones before. */
export const Pressure = { none: 0, discardable: 1, delta: 2, key: 3, all: 4 } as const;
export type Pressure = (typeof Pressure)[keyof typeof Pressure];

/** Bounds of the window, datagrams and bytes. */
export const MIN_WINDOW_DATAGRAMS = 48;
export const MAX_WINDOW_DATAGRAMS = 1_024;
const BYTES_PER_DATAGRAM = 1_100;
export const MIN_WINDOW_BYTES = MIN_WINDOW_DATAGRAMS * BYTES_PER_DATAGRAM;
export const MAX_WINDOW_BYTES = MAX_WINDOW_DATAGRAMS * BYTES_PER_DATAGRAM;
/**
 * Delay beyond the path's own that is taken as a queue, ms. Well above the delay at which a lower layer is chosen (ledger
 * MH-5), which is to act first: this is what holds when it does not.
 */
export const QUEUE_DELAY_MS = 300;
/** Share by which the path's own delay may rise with each acknowledgement: a path may become longer. */
const BASE_DELAY_RISE = 1 / 256;
/** By which the window grows with each acknowledgement that shows no queue: back to its full size in three seconds. */
const GROWTH = 1.06;
/** The rate is measured over at least this, ms. */
const RATE_INTERVAL_MS = 100;
/** Of a rate that was higher, this share is kept for each such time: a receiver that paused is not a slow one. */
const RATE_KEPT = 0.75;
/** Marks are set this far apart at least, ms; with MARKS of them they reach back further than any useful delay. */
const MARK_INTERVAL_MS = 90;
const MARKS = 16;

export class SendWindow {
  #sentDatagrams = 0;
  #sentBytes = 0;
  #lastSequence = 0;
  #arrivedDatagrams = 0;
  #arrivedBytes = 0;
  #windowDatagrams = MAX_WINDOW_DATAGRAMS;
  #windowBytes = MAX_WINDOW_BYTES;
  #acknowledged: Acknowledged | undefined;

  /** Counts a datagram that has gone out. The sequence number is the lower half of the frame's, as a signed integer. */
  sent(bytes: number, sequence: number): void {
    this.#sentDatagrams++;
    this.#sentBytes += bytes;
    this.#lastSequence = sequence;
  }

  /** What should not be sent now. */
  get pressure(): Pressure {
    if (this.#acknowledged === undefined) return Pressure.none;
    return pressureOf(
      this.#sentDatagrams - this.#arrivedDatagrams,
      this.#windowDatagrams,
      this.#sentBytes - this.#arrivedBytes,
      this.#windowBytes,
    );
  }

  /** Sent and not known to have arrived (or to be lost), at most. */
  get outstandingDatagrams(): number {
    return this.#sentDatagrams - this.#arrivedDatagrams;
  }

  get outstandingBytes(): number {
    return this.#sentBytes - this.#arrivedBytes;
  }

  get windowDatagrams(): number {
    return this.#windowDatagrams;
  }

  /**
   * The receiver has this sequence number (lower half, signed) of the stream. Older ones change nothing; one that was never
   * sent counts as the last that was.
   */
  acknowledge(sequence: number, nowMs: number): void {
    this.#acknowledged ??= new Acknowledged(nowMs);
    const state = this.#acknowledged;
    const caughtUp = ((sequence - this.#lastSequence) | 0) >= 0;
    const newest = caughtUp ? NONE : state.newestMarkUpTo(sequence);
    if (caughtUp) this.#arrived(this.#sentDatagrams, this.#sentBytes);
    else if (newest !== NONE) this.#arrived(state.datagrams(newest), state.bytes(newest));
    state.sampleBaseDelay(sequence, nowMs);
    this.#adapt(state, caughtUp ? 0 : state.outstandingForMs(sequence, nowMs), nowMs);
    state.mark(this.#lastSequence, this.#sentDatagrams, this.#sentBytes, nowMs);
  }

  #arrived(datagrams: number, bytes: number): void {
    if (datagrams <= this.#arrivedDatagrams) return;
    this.#arrivedDatagrams = datagrams;
    this.#arrivedBytes = bytes;
  }

  #adapt(state: Acknowledged, delayMs: number, nowMs: number): void {
    const sinceMs = nowMs - state.rateSinceMs;
    if (sinceMs >= RATE_INTERVAL_MS) {
      const datagramsPerMs = (this.#arrivedDatagrams - state.rateFromDatagrams) / sinceMs;
      const bytesPerMs = (this.#arrivedBytes - state.rateFromBytes) / sinceMs;
      state.datagramsPerMs = Math.max(datagramsPerMs, state.datagramsPerMs * RATE_KEPT);
      state.bytesPerMs = Math.max(bytesPerMs, state.bytesPerMs * RATE_KEPT);
      state.rateSinceMs = nowMs;
      state.rateFromDatagrams = this.#arrivedDatagrams;
      state.rateFromBytes = this.#arrivedBytes;
    }
    if (delayMs > state.baseDelayMs + QUEUE_DELAY_MS) {
      const roomMs = state.baseDelayMs + QUEUE_DELAY_MS;
      this.#windowDatagrams = clamp(
        state.datagramsPerMs * roomMs,
        MIN_WINDOW_DATAGRAMS,
        this.#windowDatagrams,
      );
      this.#windowBytes = clamp(state.bytesPerMs * roomMs, MIN_WINDOW_BYTES, this.#windowBytes);
    } else {
      this.#windowDatagrams = clamp(
        this.#windowDatagrams * GROWTH,
        MIN_WINDOW_DATAGRAMS,
        MAX_WINDOW_DATAGRAMS,
      );
      this.#windowBytes = clamp(this.#windowBytes * GROWTH, MIN_WINDOW_BYTES, MAX_WINDOW_BYTES);
    }
  }
}

/** Answers how pressed something is whose bounds are in datagrams and in bytes: at half, three and seven eighths, and full. */
export function pressureOf(
  datagrams: number,
  maxDatagrams: number,
  bytes: number,
  maxBytes: number,
): Pressure {
  // The usual case costs two comparisons.
  if (datagrams * 2 < maxDatagrams && bytes * 2 < maxBytes) return Pressure.none;
  const fill = Math.max(datagrams / maxDatagrams, bytes / maxBytes);
  if (fill >= 1) return Pressure.all;
  if (fill >= 7 / 8) return Pressure.key;
  return fill >= 3 / 4 ? Pressure.delta : Pressure.discardable;
}

const NONE = -1;

/** What is kept once a receiver acknowledges: when how much had been sent, at the last MARKS moments. */
class Acknowledged {
  /** Sequence number, datagrams, bytes and time (ms) of each mark, in one array: small arrays cost more than they hold. */
  readonly #marks = new Float64Array(MARKS * 4);
  #count = 0;
  baseDelayMs = Number.POSITIVE_INFINITY;
  datagramsPerMs = 0;
  bytesPerMs = 0;
  rateSinceMs: number;
  rateFromDatagrams = 0;
  rateFromBytes = 0;

  constructor(nowMs: number) {
    this.rateSinceMs = nowMs;
  }

  mark(sequence: number, datagrams: number, bytes: number, nowMs: number): void {
    if (this.#count > 0) {
      const last = this.#count - 1;
      // Nothing was sent since: the mark before says all.
      if (nowMs - this.#atMs(last) < MARK_INTERVAL_MS || this.#sequence(last) === sequence) return;
    }
    const at = (this.#count % MARKS) * 4;
    this.#marks[at] = sequence;
    this.#marks[at + 1] = datagrams;
    this.#marks[at + 2] = bytes;
    this.#marks[at + 3] = nowMs;
    this.#count++;
  }

  /** The newest mark whose datagrams have arrived with this sequence number; NONE when it is older than all. */
  newestMarkUpTo(sequence: number): number {
    for (let mark = this.#count - 1; mark >= this.#oldest; mark--)
      if (((sequence - this.#sequence(mark)) | 0) >= 0) return mark;
    return NONE;
  }

  /**
   * The path's own delay is the least that was seen. A datagram came after the newest mark before it: it has been on its way
   * no longer than since then.
   */
  sampleBaseDelay(sequence: number, nowMs: number): void {
    for (let mark = this.#count - 1; mark >= this.#oldest; mark--) {
      if (((sequence - this.#sequence(mark)) | 0) <= 0) continue;
      const delayMs = nowMs - this.#atMs(mark);
      this.baseDelayMs = Math.min(delayMs, this.baseDelayMs + delayMs * BASE_DELAY_RISE);
      return;
    }
  }

  /** For how long, at least, something that came after this sequence number has been on its way, ms. */
  outstandingForMs(sequence: number, nowMs: number): number {
    for (let mark = this.#oldest; mark < this.#count; mark++)
      if (((this.#sequence(mark) - sequence) | 0) > 0) return nowMs - this.#atMs(mark);
    return 0;
  }

  datagrams(mark: number): number {
    return this.#field(mark, 1);
  }

  bytes(mark: number): number {
    return this.#field(mark, 2);
  }

  get #oldest(): number {
    return Math.max(0, this.#count - MARKS);
  }

  #sequence(mark: number): number {
    return this.#field(mark, 0);
  }

  #atMs(mark: number): number {
    return this.#field(mark, 3);
  }

  #field(mark: number, field: number): number {
    return this.#marks[(mark % MARKS) * 4 + field] ?? 0;
  }
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(highest, Math.max(lowest, Math.ceil(value)));
}
