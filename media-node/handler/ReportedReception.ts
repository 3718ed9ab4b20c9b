// What a client's reports say of the way to it (ledger MH-5): delivered bit rate, delay and jitter. What its publishers' own ways
// put into the figures is taken out, and so is the time for which it was too busy by itself.

import { CAPTURE_WINDOW_US } from '../../shared/frame/TransitWindows.ts';
import type { MediaClientMessage } from '../../shared/media-session/messages.ts';
import { type DelayFigures, DelayTrend } from '../quality/DelayTrend.ts';
import { RecentLeast } from '../quality/RecentLeast.ts';
import type { Consumer } from './Consumer.ts';
import type { Transport } from './Transport.ts';

/** Reports that the delivered bit rate is taken over: half a second. */
const RATE_REPORTS = 2;
/** More than any path brings between two reports: a client may say what it likes, and what is told of it stays exact. */
const MAX_REPORT_BYTES = 1_000_000_000;
/** A report that is older than this says nothing of what is delivered now, ms. */
const STALE_MS = 1_000;
/** Reports whose delays may be in a figure: a ping may have waited while the one before was being made. */
const BUSY_REPORTS = 2;
/** Windows of a stream that a report brings news of. */
const MAX_WINDOWS = 4;
const US_PER_MS = 1_000;

export type ReceiverReport = NonNullable<MediaClientMessage['receiverReport']>;
type StreamReport = NonNullable<ReceiverReport['streams']>[number];

export class ReportedReception {
  readonly #reports: { readonly bytes: number; readonly intervalMs: number; readonly atMs: number }[] = [];
  readonly #busyMs: number[] = [];
  readonly #trend = new DelayTrend();
  readonly #baseJitter = new RecentLeast();
  #jitterMs: number | undefined;

  /** Whether the client reports at all. */
  get isKnown(): boolean {
    return this.#reports.length > 0;
  }

  /** The longest for which the client was too busy lately, ms. */
  get busyMs(): number {
    return Math.max(0, ...this.#busyMs);
  }

  /**
   * By how much the way to it makes frames arrive unevenly, without what it was busy for, ms; undefined where the last report
   * tells of no datagram.
   */
  get jitterMs(): number | undefined {
    return this.#jitterMs === undefined ? undefined : Math.max(0, this.#jitterMs - this.busyMs);
  }

  /** The least of the last half a minute, ms. */
  get baseJitterMs(): number | undefined {
    return this.#baseJitter.value;
  }

  /** Takes a report at a monotonic time. Streams that the transport does not receive are passed over. */
  add({ intervalMs, busyUs, streams }: ReceiverReport, transport: Transport, nowMs: number): void {
    this.#busyMs.push((busyUs ?? 0) / US_PER_MS);
    if (this.#busyMs.length > BUSY_REPORTS) this.#busyMs.shift();
    let bytes = 0;
    let jitterUs = Number.POSITIVE_INFINITY;
    for (const stream of streams ?? []) {
      const consumer = transport.consumerOf(stream.userId ?? 0, stream.streamId ?? 0);
      if (consumer === undefined) continue;
      const { kind, arrivals } = consumer.producer;
      if (kind === 'video') bytes += stream.bytes ?? 0;
      // Streams go the same way: what one has more of than another is its own. One of which no datagram came tells nothing.
      if ((stream.received ?? 0) > 0)
        jitterUs = Math.min(jitterUs, Math.max(0, (stream.jitterUs ?? 0) - arrivals.jitterUs));
      this.#takeTransits(stream, consumer);
    }
    this.#jitterMs = Number.isFinite(jitterUs) ? jitterUs / US_PER_MS : undefined;
    if (this.#jitterMs !== undefined) this.#baseJitter.add(this.#jitterMs, nowMs);
    this.#reports.push({
      bytes: Math.min(MAX_REPORT_BYTES, bytes),
      intervalMs: intervalMs ?? 0,
      atMs: nowMs,
    });
    if (this.#reports.length > RATE_REPORTS) this.#reports.shift();
  }

  /** What arrived there over the last half a second, streams included; 0 without a fresh report. */
  deliveredBps(nowMs: number): number {
    const fresh = this.#reports.filter(({ atMs }) => nowMs - atMs < STALE_MS);
    const intervalMs = fresh.reduce((sum, report) => sum + report.intervalMs, 0);
    return intervalMs === 0 ? 0 : (fresh.reduce((sum, { bytes }) => sum + bytes, 0) * 8_000) / intervalMs;
  }

  /** Of the way to it; undefined where the client does not tell what that takes. */
  delay(nowMs: number): DelayFigures | undefined {
    const delay = this.#trend.figures(nowMs);
    return delay && { ...delay, queueDelayMs: Math.max(0, delay.queueDelayMs - this.busyMs) };
  }

  #takeTransits({ transits }: StreamReport, { producer, delivery }: Consumer): void {
    for (const { window, leastUs } of transits?.slice(-MAX_WINDOWS) ?? []) {
      const cameUs = producer.arrivals.leastTransitUs(window ?? 0, delivery);
      if (cameUs === undefined) continue;
      const sentAtMs = ((window ?? 0) * CAPTURE_WINDOW_US + cameUs) / US_PER_MS;
      this.#trend.add(sentAtMs, ((leastUs ?? 0) - cameUs) / US_PER_MS);
    }
  }
}
