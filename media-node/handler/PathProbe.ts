import type { Clock } from '../../shared/base/clock.ts';
import { PING_BYTES, readPingId, readPingTimeUs, writePing } from '../../shared/frame/control.ts';
import { DATAGRAM_PREFIX_BYTES } from '../transport/MediaSession.ts';

/** A pong later than this says that the path was broken, not how long it is. */
const MAX_ROUND_TRIP_MS = 10_000;

/** Round trip to one client by ping datagrams. A pong brings back what its ping said: only the oldest open one is kept. */
export class PathProbe {
  readonly #clock: Clock;
  #nextId = 0;
  #openSinceMs: number | undefined;
  #latestMs: number | undefined;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The latest answer, or how old the oldest open ping was when the client was last heard of, when that is more, ms; undefined
   * before the first answer. A client that is not heard of at all may be busy: its silence says nothing of the path's length.
   */
  get roundTripMs(): number | undefined {
    if (this.#latestMs === undefined || this.#openSinceMs === undefined) return this.#latestMs;
    return Math.max(this.#latestMs, this.#heardAtMs - this.#openSinceMs);
  }

  /** Something else than a pong has come from the client. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** A ping behind the room for the session's prefix. */
  makePing(): Uint8Array {
    const ping = new Uint8Array(DATAGRAM_PREFIX_BYTES + PING_BYTES);
    const nowMs = this.#clock.monotonicMs();
    writePing(ping, DATAGRAM_PREFIX_BYTES, this.#nextId, Math.round(nowMs * 1_000));
    this.#nextId = (this.#nextId + 1) >>> 0;
    this.#openSinceMs ??= nowMs;
    return ping;
  }

  /** Takes a well-formed pong; false for one that this side cannot have asked for. */
  onPong(bytes: Uint8Array, at: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const sampleMs = nowMs - readPingTimeUs(bytes, at) / 1_000;
    if (readPingId(bytes, at) >= this.#nextId || sampleMs < -1 || sampleMs > MAX_ROUND_TRIP_MS) return false;
    // The time went out rounded to a microsecond.
    this.#latestMs = Math.max(0, sampleMs);
    this.#openSinceMs = readPingId(bytes, at) === this.#nextId - 1 ? undefined : nowMs - this.#latestMs;
    return true;
  }
}
