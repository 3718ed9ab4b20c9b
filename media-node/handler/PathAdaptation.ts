// Fits what one subscriber is sent to what its path takes (ledger MH-5): figures from its reports, from pings and from the
// engine's answers go to the policy; the layers that its budget pays for go to the groups.
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { mediaSession } from '../../shared/media-session/messages.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { type Allocation, allocate } from '../quality/allocate.ts';
import { PATH_STEP_MS, type PathDecision, PathPolicy } from '../quality/PathPolicy.ts';
import { DATAGRAM_PREFIX_BYTES, type MediaSession } from '../transport/MediaSession.ts';
import type { Consumer } from './Consumer.ts';
import { limitOfRung, rungsOf } from './layerRungs.ts';
import { PathProbe } from './PathProbe.ts';
import type { Transport } from './Transport.ts';

/** Steps that the delivered bit rate is taken over: reports come in at their own pace. */
const RATE_STEPS = 4;
/** Reports whose delays may be in a round trip. */
const BUSY_REPORTS = 2;

const REASONS = {
  loss: mediaSession.QualityReason.LOSS,
  round_trip: mediaSession.QualityReason.ROUND_TRIP,
  congestion: mediaSession.QualityReason.CONGESTION,
} as const;

export interface PathAdaptationOptions {
  readonly session: MediaSession;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Logger;
}

/** What was seen of a consumer at the step before. */
interface Mark {
  readonly expected: number;
  readonly received: number;
  readonly bytes: number;
  readonly refused: number;
}

const NOTHING: Mark = { expected: 0, received: 0, bytes: 0, refused: 0 };

export class PathAdaptation {
  readonly #options: PathAdaptationOptions;
  readonly #probe: PathProbe;
  readonly #policy = new PathPolicy();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #videoBytes: number[] = [];
  #marks = new Map<Consumer, Mark>();
  #allocation: Allocation = { rungs: [], totalBps: 0, nextBps: undefined };
  #toldRungs = '';
  /** Of the last reports: a ping may have waited while the one before was being made. */
  readonly #busyMs: number[] = [];

  /** Runs until close(). */
  constructor(options: PathAdaptationOptions) {
    this.#options = options;
    this.#probe = new PathProbe(options.clock);
    this.#timer = setInterval(() => this.#step(), PATH_STEP_MS);
  }

  get roundTripMs(): number | undefined {
    return this.#probe.roundTripMs;
  }

  /** Infinity while nothing limits it, bits per second. */
  get budgetBps(): number {
    return this.#policy.budgetBps;
  }

  /** A report says for how long the client itself could not answer, ms. */
  onReport(busyMs: number): void {
    this.onHeard(this.#options.clock.monotonicMs());
    this.#busyMs.push(busyMs);
    if (this.#busyMs.length > BUSY_REPORTS) this.#busyMs.shift();
  }

  /** Anything else but a pong has come from the client, at a monotonic time. */
  onHeard(nowMs: number): void {
    this.#probe.heard(nowMs);
  }

  onPong(bytes: Uint8Array, at: number): boolean {
    return this.#probe.onPong(bytes, at);
  }

  /** Shares the budget out anew: what the client watches, or wishes for, has changed. */
  share(): void {
    const groups = [...this.#options.transport.groups];
    const watched = groups.map((group) => ({
      priority: group.priority,
      rungsBps: rungsOf(group).map(({ costBps }) => costBps),
    }));
    this.#allocation = allocate(this.#policy.budgetBps, watched);
    for (const [index, group] of groups.entries())
      group.allow(limitOfRung(group, this.#allocation.rungs[index] ?? 0));
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.#marks.clear();
  }

  #step(): void {
    const { session, transport, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const { expected, received, refused, reports } = this.#collect();
    // A client that reports nothing is neither asked nor judged.
    if (reports) {
      session.sendDatagram(this.#probe.makePing(), DATAGRAM_PREFIX_BYTES);
      const deliveredBps = this.#deliveredBps();
      const { totalBps: allocatedBps, nextBps } = this.#allocation;
      const roundTripMs = this.#pathRoundTripMs();
      const figures = { roundTripMs, expected, received, refused, deliveredBps, allocatedBps, nextBps };
      const decision = this.#policy.step(nowMs, figures);
      this.share();
      this.#tell(decision, deliveredBps);
    }
    for (const group of transport.groups) group.retry(nowMs);
  }

  /** What is left of the round trip without the time that the client itself was too busy to answer. */
  #pathRoundTripMs(): number | undefined {
    const { roundTripMs } = this.#probe;
    return roundTripMs === undefined ? undefined : Math.max(0, roundTripMs - Math.max(0, ...this.#busyMs));
  }

  /** Sums since the step before, over all that the client consumes. */
  #collect(): Omit<Mark, 'bytes'> & { readonly reports: boolean } {
    const sum = { expected: 0, received: 0, refused: 0, reports: false };
    const marks = new Map<Consumer, Mark>();
    let videoBytes = 0;
    for (const consumer of this.#options.transport.consumers()) {
      const before = this.#marks.get(consumer) ?? NOTHING;
      const mark: Mark = { ...consumer.delivered, refused: consumer.datagramsRefused };
      marks.set(consumer, mark);
      sum.expected += mark.expected - before.expected;
      sum.received += mark.received - before.received;
      sum.refused += mark.refused - before.refused;
      sum.reports ||= consumer.receiverFigures !== undefined;
      if (consumer.producer.kind === 'video') videoBytes += mark.bytes - before.bytes;
    }
    this.#marks = marks;
    this.#videoBytes.push(videoBytes);
    if (this.#videoBytes.length > RATE_STEPS) this.#videoBytes.shift();
    return sum;
  }

  #deliveredBps(): number {
    const bytes = this.#videoBytes.reduce((sum, one) => sum + one, 0);
    return (bytes * 8_000) / (PATH_STEP_MS * this.#videoBytes.length);
  }

  /** Once for each change for the worse, and when all is well again. */
  #tell({ lowered, recovered, budgetBps }: PathDecision, deliveredBps: number): void {
    if (lowered === undefined && !recovered) return;
    const rungs = this.#allocation.rungs.join();
    if (lowered !== undefined && this.#toldRungs === rungs) return;
    this.#toldRungs = recovered ? '' : rungs;
    const { transport, counters, log } = this.#options;
    const figures = {
      roundTripMs: Math.round(this.#pathRoundTripMs() ?? 0),
      lossPerMille: Math.round(1_000 * (this.#policy.loss ?? 0)),
      deliveredBps: Math.round(deliveredBps),
      budgetBps: Number.isFinite(budgetBps) ? Math.round(budgetBps) : 0,
    };
    const reason = lowered === undefined ? mediaSession.QualityReason.RECOVERED : REASONS[lowered];
    transport.tellQuality({ reason, ...figures });
    counters.add(Counter.qualityAlerts, 1);
    log.info('Quality alert', { reason: lowered ?? 'recovered', ...figures });
  }
}
