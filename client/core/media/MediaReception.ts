// The receiving half of a media connection: checks what arrives, hands it to whoever subscribed, acknowledges it.
import type { Clock } from '../../../shared/base/clock.ts';
import type { Logger } from '../../../shared/base/log.ts';
import { ControlType, controlLength, turnPingIntoPong } from '../../../shared/frame/control.ts';
import {
  isDiscardable,
  readFragmentIndex,
  readSequence,
  readStreamId,
  readTimestampUs,
  readType,
  readUserId,
} from '../../../shared/frame/read.ts';
import { FrameFault, isControl, validateDatagram } from '../../../shared/frame/validate.ts';
import type { Timers } from '../timers.ts';
import { IncomingStreams } from './IncomingStreams.ts';
import { ReceiverTable } from './ReceiverTable.ts';
import type { RoundTrip } from './RoundTrip.ts';

const ACK_INTERVAL_MS = 50;

/** What was received and could not be used, since the start. */
export interface ReceiveFaults {
  malformed: number;
  duplicates: number;
  /** Datagrams and frames of streams that nobody here has subscribed to, such as stragglers after an unsubscribe. */
  unwanted: number;
  streamFaults: number;
}

export interface MediaReceptionOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  readonly roundTrip: RoundTrip;
  readonly sendDatagram: (bytes: Uint8Array) => void;
}

export class MediaReception {
  readonly receivers: ReceiverTable;
  readonly faults: ReceiveFaults = { malformed: 0, duplicates: 0, unwanted: 0, streamFaults: 0 };
  readonly #options: MediaReceptionOptions;
  readonly #streams: IncomingStreams;
  #ackedAtMs = Number.NEGATIVE_INFINITY;
  #cancelAck: (() => void) | undefined;

  constructor(options: MediaReceptionOptions) {
    this.#options = options;
    this.receivers = new ReceiverTable(options.clock);
    this.#streams = new IncomingStreams({
      onFrameBegins: (header) => {
        const registration = this.receivers.find(readUserId(header, 0), readStreamId(header, 0));
        registration?.transits.recordFrame(header, 0);
      },
      onFrame: (bytes) => this.#onStreamFrame(bytes),
      onFault: (fault) => {
        this.faults.streamFaults += 1;
        options.log.debug('Gave up a media stream', { fault });
      },
    });
  }

  /** Any datagram of the session. Never throws. */
  onDatagram(bytes: Uint8Array): void {
    if (isControl(bytes, 0)) this.#onControl(bytes);
    else this.#onMedia(bytes);
  }

  /** A unidirectional stream that the handler opened. */
  onStream(stream: ReadableStream<Uint8Array>): void {
    this.#streams.accept(stream);
  }

  /** Stops everything. Idempotent. */
  close(): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    this.receivers.clear();
    this.#streams.close();
  }

  #onMedia(bytes: Uint8Array): void {
    if (validateDatagram(bytes, 0) !== FrameFault.none) {
      this.faults.malformed += 1;
      return;
    }
    const registration = this.receivers.find(readUserId(bytes, 0), readStreamId(bytes, 0));
    if (registration === undefined) {
      this.faults.unwanted += 1;
      return;
    }
    const arrivalMs = this.#options.clock.monotonicMs();
    const { stats, transits, receiver } = registration;
    const sequence = readSequence(bytes, 0);
    const timestampUs = readTimestampUs(bytes, 0);
    if (!stats.addDatagram(sequence, timestampUs, bytes.length, arrivalMs, isDiscardable(bytes, 0))) {
      this.faults.duplicates += 1;
      return;
    }
    transits.record(bytes, 0);
    this.#scheduleAck(arrivalMs);
    try {
      receiver.onDatagram(bytes, arrivalMs);
    } catch (error) {
      this.#receiverFailed(error);
    }
  }

  #onStreamFrame(bytes: Uint8Array): void {
    const registration = this.receivers.find(readUserId(bytes, 0), readStreamId(bytes, 0));
    if (registration === undefined) {
      this.faults.unwanted += 1;
      return;
    }
    registration.stats.addStreamFrame(bytes.length, readSequence(bytes, 0), readFragmentIndex(bytes, 0));
    try {
      registration.receiver.onStreamFrame?.(bytes, this.#options.clock.monotonicMs());
    } catch (error) {
      this.#receiverFailed(error);
    }
  }

  #onControl(bytes: Uint8Array): void {
    if (controlLength(bytes, 0) === 0) this.faults.malformed += 1;
    else if (readType(bytes, 0) === ControlType.pong) this.#options.roundTrip.onPong(bytes);
    else if (readType(bytes, 0) === ControlType.ping) {
      turnPingIntoPong(bytes, 0);
      this.#options.sendDatagram(bytes);
    }
  }

  /** Acks go out at once when the last one is long ago, else a moment later: a hidden tab's timers are not relied on. */
  #scheduleAck(nowMs: number): void {
    if (nowMs - this.#ackedAtMs >= ACK_INTERVAL_MS) this.#acknowledge(nowMs);
    else
      this.#cancelAck ??= this.#options.timers.after(ACK_INTERVAL_MS, () =>
        this.#acknowledge(this.#options.clock.monotonicMs()),
      );
  }

  #acknowledge(nowMs: number): void {
    this.#cancelAck?.();
    this.#cancelAck = undefined;
    this.#ackedAtMs = nowMs;
    for (const ack of this.receivers.takeAcks()) this.#options.sendDatagram(ack);
  }

  /** A receiver that throws must not end the datagram loop (ledger MH-10). */
  #receiverFailed(error: unknown): void {
    this.#options.log.error('A stream receiver failed', { error });
  }
}
