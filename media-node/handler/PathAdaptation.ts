// Fits what one subscriber is sent to what its path takes (ledger MH-5): figures from its reports, from pings and from the
// engine's answers go to the policy; the layers that its budget pays for go to the groups.
import type { QualityAlert } from '../../shared/api/handler.ts';
import type { Clock } from '../../shared/base/clock.ts';
import type { Logger } from '../../shared/base/log.ts';
import { MAX_DATAGRAM_BYTES } from '../../shared/frame/layout.ts';
import { mediaSession } from '../../shared/media-session/messages.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { AlertPacer } from '../quality/AlertPacer.ts';
import { type Allocation, allocate } from '../quality/allocate.ts';
import { PATH_STEP_MS, type PathDecision, PathPolicy } from '../quality/PathPolicy.ts';
import type { PathReport } from '../quality/PathReport.ts';
import { DATAGRAM_PREFIX_BYTES, type MediaSession } from '../transport/MediaSession.ts';
import type { Consumer } from './Consumer.ts';
import { limitOfRung, rungsOf } from './layerRungs.ts';
import { PathProbe } from './PathProbe.ts';
import { type ReceiverReport, ReportedReception } from './ReportedReception.ts';
import type { Transport } from './Transport.ts';

/** Steps that the bit rate that was sent is taken over, as the delivered one: half a second. */
const RATE_STEPS = 2;
/** A path that takes long is asked twice in each step. */
const TICK_MS = PATH_STEP_MS / 2;
/** Of what is sent so many further copies at most: what is too little to be copied is raised without a trial. */
const MAX_COPIES = 4;

const LOWERED = {
  loss: Counter.layersLoweredForLoss,
  round_trip: Counter.layersLoweredForRoundTrip,
  congestion: Counter.layersLoweredForCongestion,
} as const;
const REASONS = {
  recovered: mediaSession.QualityReason.RECOVERED,
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
  /** A change of the path, for the meeting's controller: at most one in two seconds. */
  readonly onAlert: (alert: PathAlert) => void;
}

/** What is told of a path, but for whose it is. */
export type PathAlert = Omit<QualityAlert, 'router_id' | 'meeting_id' | 'participant_id' | 'user_id'>;

/** What was seen of a consumer at the step before. */
interface Mark {
  readonly expected: number;
  readonly received: number;
  readonly refused: number;
  /** Of pictures: as datagrams, or on streams where they come on those alone. */
  readonly bytesSent: number;
  /** That arrived on streams, of what comes on those alone. */
  readonly streamBytes: number;
}

const NOTHING: Mark = { expected: 0, received: 0, refused: 0, bytesSent: 0, streamBytes: 0 };

export class PathAdaptation {
  readonly #options: PathAdaptationOptions;
  readonly #probe: PathProbe;
  readonly #policy = new PathPolicy();
  readonly #alerts = new AlertPacer<PathAlert>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #reception = new ReportedReception();
  #ticks = 0;
  #isTrying = false;
  /** Of the last steps. */
  readonly #bytesSent: number[] = [];
  #marks = new Map<Consumer, Mark>();
  #allocation: Allocation = { rungs: [], totalBps: 0, nextBps: undefined, wishedBps: 0 };
  /** What was sent when the client was last told that it gets less; undefined while all is well. */
  #toldRungs: string | undefined;

  /** Runs until close(). */
  constructor(options: PathAdaptationOptions) {
    this.#options = options;
    this.#probe = new PathProbe(options.clock);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** What is known of the path; made when asked for. */
  get figures(): PathReport {
    const roundTripMs = this.#pathRoundTripMs();
    const { loss, budgetBps } = this.#policy;
    const { jitterMs } = this.#reception;
    const delay = this.#reception.delay(this.#options.clock.monotonicMs());
    return {
      ...(roundTripMs !== undefined && { roundTripMs }),
      ...(loss !== undefined && { lossRatio: loss }),
      ...(delay && { queueDelayMs: delay.queueDelayMs, delaySlopeMsPerS: delay.slopeMsPerS }),
      ...(jitterMs !== undefined && { jitterMs }),
      ...(Number.isFinite(budgetBps) && { budgetBps }),
    };
  }

  onPong(bytes: Uint8Array, at: number): boolean {
    return this.#probe.onPong(bytes, at);
  }

  /** Anything else but a pong has come from the client, at a monotonic time. */
  onHeard(nowMs: number): void {
    this.#probe.heard(nowMs);
  }

  onReport(report: ReceiverReport): void {
    const { transport, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    this.onHeard(nowMs);
    this.#reception.add(report, transport, nowMs);
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

  /** A client that reports nothing is neither asked nor judged. */
  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const isStep = this.#ticks++ % 2 === 0;
    if (this.#reception.isKnown && (isStep || this.#isTrying || this.#probe.isSuspicious))
      this.#options.session.sendDatagram(this.#probe.makePing(), DATAGRAM_PREFIX_BYTES);
    if (!isStep) return;
    const counted = this.#collect();
    if (this.#reception.isKnown) this.#step(nowMs, counted);
    for (const group of this.#options.transport.groups) group.retry(nowMs);
  }

  #step(nowMs: number, { bytesSent, streamBytes, ...counted }: Mark): void {
    // On streams nothing is lost. Without a datagram that is all that is known of loss, and a path without any is none to judge.
    const onStreams = counted.expected === 0 ? Math.ceil(streamBytes / MAX_DATAGRAM_BYTES) : 0;
    this.#bytesSent.push(bytesSent);
    if (this.#bytesSent.length > RATE_STEPS) this.#bytesSent.shift();
    const sentBps =
      (this.#bytesSent.reduce((sum, one) => sum + one, 0) * 8_000) / (PATH_STEP_MS * this.#bytesSent.length);
    // What it watches, or what that costs, may have changed since the step before.
    this.share();
    const { budgetBps } = this.#policy;
    const roundTripMs = this.#pathRoundTripMs();
    const { latestRoundTripMs, baseRoundTripMs } = this.#probe;
    const { totalBps: allocatedBps, nextBps, wishedBps } = this.#allocation;
    const { jitterMs, baseJitterMs } = this.#reception;
    const deliveredBps = this.#reception.deliveredBps(nowMs);
    const decision = this.#policy.step(nowMs, {
      roundTripMs,
      latestRoundTripMs,
      baseRoundTripMs,
      delay: this.#reception.delay(nowMs),
      jitterMs,
      baseJitterMs,
      ...counted,
      expected: counted.expected + onStreams,
      received: counted.received + onStreams,
      deliveredBps,
      sentBps,
      allocatedBps,
      nextBps,
      wishedBps,
    });
    const before = this.#allocation.rungs;
    if (decision.budgetBps !== budgetBps) this.share();
    this.#count(decision, before);
    this.#isTrying = decision.probeBps > 0;
    this.#copy(decision.probeBps, sentBps);
    this.#tell(decision, deliveredBps, nowMs);
  }

  /** What is left of the round trip without the time that the client itself was too busy to answer. */
  #pathRoundTripMs(): number | undefined {
    const { roundTripMs } = this.#probe;
    return roundTripMs === undefined ? undefined : Math.max(0, roundTripMs - this.#reception.busyMs);
  }

  /** Sums since the step before, over all that the client consumes. */
  #collect(): Mark {
    const sum = { ...NOTHING };
    const marks = new Map<Consumer, Mark>();
    for (const consumer of this.#options.transport.consumers()) {
      const before = this.#marks.get(consumer) ?? NOTHING;
      const { expected, received } = consumer.delivered;
      const { bytes, streamBytes: bytesOnStreams } = consumer.sent;
      const bytesSent = consumer.producer.kind === 'video' ? bytes || bytesOnStreams : 0;
      const streamBytes = consumer.streamBytesDelivered;
      const mark: Mark = { expected, received, refused: consumer.datagramsRefused, bytesSent, streamBytes };
      marks.set(consumer, mark);
      sum.expected += mark.expected - before.expected;
      sum.received += mark.received - before.received;
      sum.refused += mark.refused - before.refused;
      // It went from streams to datagrams: what went on those before says nothing of now.
      sum.bytesSent += Math.max(0, mark.bytesSent - before.bytesSent);
      sum.streamBytes += mark.streamBytes - before.streamBytes;
    }
    this.#marks = marks;
    return sum;
  }

  /** Sends so much more of the pictures that are sent. */
  #copy(probeBps: number, sentBps: number): void {
    const copies = sentBps === 0 ? 0 : Math.min(MAX_COPIES, probeBps / sentBps);
    for (const { current } of this.#options.transport.groups) current?.copy(copies);
  }

  /** The subscriber at once, for each change for the worse and when all is well again; the meeting's controller in time. */
  #tell(
    { lowered, lossRatio, recovered, budgetBps }: PathDecision,
    deliveredBps: number,
    nowMs: number,
  ): void {
    const rungs = this.#allocation.rungs.join();
    const isWell = recovered === true && this.#toldRungs !== undefined;
    if (isWell || (lowered !== undefined && this.#toldRungs !== rungs)) {
      this.#toldRungs = isWell ? undefined : rungs;
      const reason = lowered ?? 'recovered';
      const loss = lossRatio ?? this.#policy.loss ?? 0;
      const figures = {
        roundTripMs: Math.round(this.#pathRoundTripMs() ?? 0),
        lossPerMille: Math.max(0, Math.round(1_000 * loss)),
        deliveredBps: Math.round(deliveredBps),
        budgetBps: Number.isFinite(budgetBps) ? Math.round(budgetBps) : 0,
      };
      const queueDelayMs = Math.round(this.#reception.delay(nowMs)?.queueDelayMs ?? 0);
      this.#options.transport.tellQuality({ reason: REASONS[reason], queueDelayMs, ...figures });
      this.#alerts.put({
        reason,
        round_trip_ms: figures.roundTripMs,
        loss_ratio: Math.min(1, figures.lossPerMille / 1_000),
        delivered_bps: figures.deliveredBps,
        ...(Number.isFinite(budgetBps) && { budget_bps: figures.budgetBps }),
      });
    }
    const alert = this.#alerts.take(nowMs);
    if (alert === undefined) return;
    this.#options.counters.add(Counter.qualityAlerts, 1);
    this.#options.log.info('Quality alert', alert);
    this.#options.onAlert(alert);
  }

  /** Of how many sources less is sent than before, or more, by this decision. */
  #count({ lowered }: PathDecision, before: readonly number[]): void {
    const { counters } = this.#options;
    for (const [index, rung] of this.#allocation.rungs.entries()) {
      const was = before[index] ?? rung;
      if (rung > was) counters.add(Counter.layersRaised, 1);
      else if (rung < was && lowered !== undefined) counters.add(LOWERED[lowered], 1);
    }
  }
}
