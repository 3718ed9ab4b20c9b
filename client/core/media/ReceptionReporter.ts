import type { Clock } from '../../../shared/base/clock.ts';
import type { MediaClientMessageInit } from '../../../shared/media-session/messages.ts';
import type { Timers } from '../timers.ts';
import { LoopDelay } from './LoopDelay.ts';
import type { ReceiverTable } from './ReceiverTable.ts';
import type { RoundTrip } from './RoundTrip.ts';

/** Four within the second in which the handler has to notice a bad path (ledger MH-5). */
const REPORT_INTERVAL_MS = 250;
/** Reports after which a stream's figures are those of the next interval: a second. */
const REPORTS_AN_INTERVAL = 4;

export interface ReceptionReporterOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly receivers: ReceiverTable;
  readonly roundTrip: RoundTrip;
  readonly send: (message: MediaClientMessageInit) => void;
}

/** Tells the handler what arrives, and how late this side is by itself. */
export class ReceptionReporter {
  readonly #options: ReceptionReporterOptions;
  readonly #loopDelay: LoopDelay;
  readonly #stop: () => void;
  #reportedAtMs: number;
  #reports = 0;

  /** Runs until close(). */
  constructor(options: ReceptionReporterOptions) {
    const { clock, timers } = options;
    this.#options = options;
    this.#reportedAtMs = clock.monotonicMs();
    this.#loopDelay = new LoopDelay(clock, timers);
    this.#stop = timers.every(REPORT_INTERVAL_MS, () => this.#report());
  }

  /** Idempotent. */
  close(): void {
    this.#stop();
    this.#loopDelay.close();
  }

  #report(): void {
    const { clock, receivers, roundTrip, send } = this.#options;
    const nowMs = clock.monotonicMs();
    const intervalMs = Math.round(nowMs - this.#reportedAtMs);
    this.#reportedAtMs = nowMs;
    this.#reports = (this.#reports + 1) % REPORTS_AN_INTERVAL;
    if (this.#reports === 0) receivers.endIntervals(nowMs);
    const streams = receivers.takeReports(nowMs);
    if (streams.length === 0) return;
    const roundTripUs = Math.round((roundTrip.smoothedMs ?? 0) * 1_000);
    const busyUs = Math.round(this.#loopDelay.takeMs() * 1_000);
    send({ receiverReport: { intervalMs, roundTripUs, busyUs, streams } });
  }
}
