// What one subscriber said of one stream: acknowledgements and reports, and what they make of what was sent to it.
import type { StreamReport } from '../../shared/media-session/messages.ts';
import { DeliveryLedger, type Received } from '../quality/DeliveryLedger.ts';

/** Last figures that the subscriber reported, for its interval. */
export interface ReceiverFigures {
  readonly intervalMs: number;
  readonly highestSequence: number;
  readonly received: number;
  readonly lost: number;
  readonly jitterUs: number;
  readonly bytes: number;
}

export class ReceptionRecord {
  readonly #ledger = new DeliveryLedger();
  /** Of the highest sequence number that went out, the upper half. */
  #upper = 0;
  #highestAcked: number | undefined;
  #figures: ReceiverFigures | undefined;
  #expected = 0;
  #received = 0;
  #streamBytes = 0;

  /** Highest sequence number that was acknowledged; undefined before the first. */
  get highestAckedSequence(): number | undefined {
    return this.#highestAcked;
  }

  get figures(): ReceiverFigures | undefined {
    return this.#figures;
  }

  /** Datagrams, by the reports, since the start. */
  get delivered(): Received {
    return { expected: this.#expected, received: this.#received };
  }

  /** Bytes that arrived on streams, while nothing of it went out as datagrams. */
  get streamBytes(): number {
    return this.#streamBytes;
  }

  /**
   * A datagram has gone out: the lower half of its sequence number, as a signed integer, and the upper one. A receiver takes
   * one with less in its upper half for too old: nothing is expected of it.
   */
  sent(sequence: number, upper: number): void {
    if (upper < this.#upper) return;
    this.#upper = upper;
    this.#ledger.record(sequence);
  }

  /** A frame went out on a stream: datagrams up to this number, as in sent(), are others' form of it. */
  skippedTo(sequence: number): void {
    this.#ledger.skipTo(sequence);
  }

  acknowledged(highestSequence: number): void {
    if (this.#highestAcked === undefined || highestSequence > this.#highestAcked)
      this.#highestAcked = highestSequence;
  }

  reported(report: StreamReport, intervalMs: number): void {
    this.#figures = {
      intervalMs,
      highestSequence: report.highestSequence ?? 0,
      received: report.received ?? 0,
      lost: report.lost ?? 0,
      jitterUs: report.jitterUs ?? 0,
      bytes: report.bytes ?? 0,
    };
    if (this.#ledger.forwarded === 0) {
      this.#streamBytes += this.#figures.bytes;
      return;
    }
    const delivery = this.#ledger.settle(this.#figures.highestSequence, this.#figures.received);
    if (delivery === undefined) return;
    this.#expected += delivery.expected;
    this.#received += delivery.received;
  }
}
