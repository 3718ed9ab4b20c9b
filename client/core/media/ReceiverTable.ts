import type { Clock } from '../../../shared/base/clock.ts';
import { type AckEntry, encodeAck, MAX_ACK_ENTRIES } from '../../../shared/frame/control.ts';
import { TransitWindows, type WindowTransit } from '../../../shared/frame/TransitWindows.ts';
import type { StreamReport } from '../../../shared/media-session/messages.ts';
import { type IntervalMark, intervalMark, type ReceiverInterval, ReceiverStats } from './ReceiverStats.ts';
import type { StreamReceiver } from './StreamReceiver.ts';

/** Windows of a stream that one report tells of: twice as many as end between two reports. */
const MAX_REPORTED_WINDOWS = 4;

export interface Registration {
  readonly userId: number;
  readonly streamId: number;
  readonly receiver: StreamReceiver;
  readonly stats: ReceiverStats;
  readonly transits: TransitWindows;
  /** What has been reported. */
  readonly reported: IntervalMark;
  /** Figures of the last whole interval. */
  interval: ReceiverInterval | undefined;
  acknowledged: number;
  /** The newest window of `transits` that was reported. */
  reportedWindow: number;
  /** Monotonic time of the last key frame request that went out, ms. */
  keyFrameRequestedAtMs: number;
}

/** Who gets which stream: two look-ups by number, no allocation per datagram. */
export class ReceiverTable {
  readonly #byUser = new Map<number, Map<number, Registration>>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  find(userId: number, streamId: number): Registration | undefined {
    return this.#byUser.get(userId)?.get(streamId);
  }

  /** Replaces a registration of the same stream. */
  add(userId: number, streamId: number, receiver: StreamReceiver): Registration {
    const registration: Registration = {
      userId,
      streamId,
      receiver,
      stats: new ReceiverStats(this.#clock.monotonicMs()),
      transits: new TransitWindows(this.#clock),
      reported: intervalMark(this.#clock.monotonicMs()),
      interval: undefined,
      acknowledged: -1,
      reportedWindow: -1,
      keyFrameRequestedAtMs: Number.NEGATIVE_INFINITY,
    };
    const streams = this.#byUser.get(userId) ?? new Map<number, Registration>();
    streams.set(streamId, registration);
    this.#byUser.set(userId, streams);
    return registration;
  }

  remove(registration: Registration): void {
    const streams = this.#byUser.get(registration.userId);
    if (streams?.get(registration.streamId) !== registration) return;
    streams.delete(registration.streamId);
    if (streams.size === 0) this.#byUser.delete(registration.userId);
  }

  clear(): void {
    this.#byUser.clear();
  }

  /** Ack datagrams for every stream that has received since the ack before; none when nothing has. */
  takeAcks(): Uint8Array[] {
    const entries: AckEntry[] = [];
    for (const registration of this.#all()) {
      const highestSequence = registration.stats.highestSequence;
      if (highestSequence <= registration.acknowledged) continue;
      registration.acknowledged = highestSequence;
      entries.push({ userId: registration.userId, streamId: registration.streamId, highestSequence });
    }
    const acks: Uint8Array[] = [];
    for (let from = 0; from < entries.length; from += MAX_ACK_ENTRIES)
      acks.push(encodeAck(entries.slice(from, from + MAX_ACK_ENTRIES)));
    return acks;
  }

  /** Ends the interval that every stream's figures are for, and starts the next. */
  endIntervals(nowMs: number): void {
    for (const registration of this.#all()) registration.interval = registration.stats.takeInterval(nowMs);
  }

  /** A report for each stream that received anything or missed something since the report before. */
  takeReports(nowMs: number): StreamReport[] {
    const reports: StreamReport[] = [];
    for (const registration of this.#all()) {
      const interval = registration.stats.takeInterval(nowMs, registration.reported);
      if (interval.received + interval.lost + interval.bytes === 0) continue;
      reports.push({
        userId: registration.userId,
        streamId: registration.streamId,
        highestSequence: interval.highestSequence,
        received: interval.received,
        lost: interval.lost,
        jitterUs: interval.jitterUs,
        bytes: interval.bytes,
        transits: takeTransits(registration),
      });
    }
    return reports;
  }

  *#all(): Iterable<Registration> {
    for (const streams of this.#byUser.values()) yield* streams.values();
  }
}

/** What has not been reported yet. */
function takeTransits(registration: Registration): WindowTransit[] {
  const completed = registration.transits.completedAfter(registration.reportedWindow);
  registration.reportedWindow = completed.at(-1)?.window ?? registration.reportedWindow;
  return completed.slice(-MAX_REPORTED_WINDOWS);
}
