import type { Clock } from '../../../shared/base/clock.ts';
import { PING_BYTES, readPingId, readPingTimeUs, writePing } from '../../../shared/frame/control.ts';

/** Weight of a new sample (RFC 6298, section 2.3). */
const GAIN = 1 / 8;
/** A pong that comes later than this says that the path was broken, not how long it is. */
const MAX_ROUND_TRIP_MS = 10_000;

/** Round-trip time by ping datagrams; a pong brings back what the ping said, so that nothing is kept per ping. */
export class RoundTrip {
  readonly #clock: Clock;
  #nextId = 0;
  #smoothedMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Smoothed, ms; undefined before the first pong. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs;
  }

  makePing(): Uint8Array {
    const ping = new Uint8Array(PING_BYTES);
    writePing(ping, 0, this.#nextId, Math.round(this.#clock.monotonicMs() * 1_000));
    this.#nextId = (this.#nextId + 1) >>> 0;
    return ping;
  }

  /** Takes a well-formed pong; one that this side cannot have asked for is ignored. */
  onPong(bytes: Uint8Array): void {
    const sampleMs = this.#clock.monotonicMs() - readPingTimeUs(bytes, 0) / 1_000;
    if (readPingId(bytes, 0) >= this.#nextId || sampleMs < -1 || sampleMs > MAX_ROUND_TRIP_MS) return;
    // The time went out rounded to a microsecond.
    const roundTripMs = Math.max(0, sampleMs);
    this.#smoothedMs =
      this.#smoothedMs === undefined
        ? roundTripMs
        : this.#smoothedMs + (roundTripMs - this.#smoothedMs) * GAIN;
  }
}
