import type { Clock } from '../../shared/base/clock.ts';
import { PING_BYTES, readPingId, readPingTimeUs, writePing } from '../../shared/frame/control.ts';
import { RoundTripWindow } from '../quality/RoundTripWindow.ts';
import { DATAGRAM_PREFIX_BYTES } from '../transport/MediaSession.ts';

/** A pong later than this says that the path was broken, not how long it is. */
const MAX_ROUND_TRIP_MS = 10_000;
/** Pings whose time is kept; a power of two. */
const KEPT = 64;
/** From here on it is asked more often, so that a busy receiver can show that its path is short. */
const SUSPICIOUS_MS = 120;
/** One lost ping or pong says nothing. */
const MIN_OPEN = 2;
/** A ping that is open for less says too little: it may yet be a good one (ledger MH-5). */
const MIN_OPEN_MS = 200;

/** Round trip to one client by ping datagrams. */
export class PathProbe {
  readonly #clock: Clock;
  readonly #window = new RoundTripWindow();
  readonly #sentAtMs = new Float64Array(KEPT);
  #nextId = 0;
  /** The oldest ping that neither it nor a later one was answered. */
  #oldestOpen = 0;
  #latestMs: number | undefined;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Of the path, as far as is known now, ms. */
  get roundTripMs(): number | undefined {
    return this.#window.roundTripMs(this.#clock.monotonicMs());
  }

  /** The least of the last two answers, ms. */
  get latestRoundTripMs(): number | undefined {
    return this.#window.latestMs;
  }

  /** The least of the last half a minute, ms. */
  get baseRoundTripMs(): number | undefined {
    return this.#window.baseMs;
  }

  /** Whether the next ping should go out sooner. */
  get isSuspicious(): boolean {
    return (
      (this.#latestMs ?? 0) > SUSPICIOUS_MS || this.#openForMs(this.#clock.monotonicMs()) > SUSPICIOUS_MS
    );
  }

  /** Something else than a pong has come from the client: it is not the client that keeps a ping. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** A ping behind the room for the session's prefix. */
  makePing(): Uint8Array {
    const nowMs = this.#clock.monotonicMs();
    this.#sampleOpen(nowMs);
    const ping = new Uint8Array(DATAGRAM_PREFIX_BYTES + PING_BYTES);
    writePing(ping, DATAGRAM_PREFIX_BYTES, this.#nextId, Math.round(nowMs * 1_000));
    this.#sentAtMs[this.#nextId % KEPT] = nowMs;
    this.#nextId = (this.#nextId + 1) >>> 0;
    return ping;
  }

  /** Takes a well-formed pong, each once; false for one that this side cannot have asked for, or heard of already. */
  onPong(bytes: Uint8Array, at: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    const id = readPingId(bytes, at);
    const sampleMs = nowMs - readPingTimeUs(bytes, at) / 1_000;
    if (id < this.#oldestOpen || id >= this.#nextId) return false;
    if (sampleMs < -1 || sampleMs > MAX_ROUND_TRIP_MS) return false;
    this.#oldestOpen = id + 1;
    // The time went out rounded to a microsecond.
    this.#latestMs = Math.max(0, sampleMs);
    this.#window.add(this.#latestMs, nowMs);
    return true;
  }

  /**
   * A ping that is open for longer than the latest took is a sample as well: on a path that fills up, answers come ever
   * later. As long as nothing at all comes from the client, it may be busy, and that is no sample; nor is one that never
   * answered.
   */
  #sampleOpen(nowMs: number): void {
    if (this.#latestMs === undefined || this.#nextId - this.#oldestOpen < MIN_OPEN) return;
    const openForMs = this.#openForMs(this.#heardAtMs);
    if (openForMs > Math.max(MIN_OPEN_MS, this.#latestMs)) this.#window.add(openForMs, nowMs);
  }

  /** Until this moment; 0 when all are answered. */
  #openForMs(untilMs: number): number {
    if (this.#oldestOpen === this.#nextId) return 0;
    const oldestKept = Math.max(this.#oldestOpen, this.#nextId - KEPT);
    return Math.max(0, untilMs - (this.#sentAtMs[oldestKept % KEPT] ?? untilMs));
  }
}
