// One synthetic participant: the SDK's own core over our own HTTP/3 client, with counted datagrams instead of media.
import type { JoinTimings, OutgoingStream } from '../../../client/core/index.ts';
import { type PublishedStream, Room, type TransportFactory } from '../../../client/core/index.ts';
import type { Histogram } from '../../../media-node/metrics/Histogram.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { readTimestampUs } from '../../../shared/frame/read.ts';

const US_PER_MS = 1_000;

export interface ParticipantOptions {
  readonly apiUrl: string;
  readonly meetingId: string;
  readonly displayName: string;
  readonly transport: TransportFactory;
  /** Takes the latency of each datagram that arrives, ms. */
  readonly latencyMs: Histogram;
  /** Told once when the session ends before leave(). */
  readonly onProblem: (text: string) => void;
}

/** Microseconds since the epoch on this process's monotonic clock: capture and arrival are on the same one. */
function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * US_PER_MS);
}

export class Participant {
  readonly #room: Room;
  readonly #latencyMs: Histogram;
  #outgoing: OutgoingStream | undefined;
  #received = 0;

  private constructor(room: Room, latencyMs: Histogram) {
    this.#room = room;
    this.#latencyMs = latencyMs;
  }

  static async join(options: ParticipantOptions): Promise<Participant> {
    const room = await Room.join({ ...options, clientName: 'dark-tower-load-test' });
    room.on('ended', ({ source, error }) => {
      if (error !== undefined) options.onProblem(`${options.displayName}: ${source} ended: ${error.message}`);
    });
    return new Participant(room, options.latencyMs);
  }

  get userId(): number {
    return this.#room.self.userId;
  }

  /** Steps of joining, from the REST call to the media session being ready. */
  get timings(): JoinTimings {
    return this.#room.timings;
  }

  get received(): number {
    return this.#received;
  }

  get duplicates(): number {
    return this.#room.media.faults.duplicates;
  }

  get sent(): number {
    return this.#outgoing?.stats.datagramsSent ?? 0;
  }

  async publish(): Promise<PublishedStream> {
    const settings = { kind: 'audio', source: 'microphone', codec: 'opus' } as const;
    this.#outgoing = await this.#room.publish(settings, { mode: 'datagram' });
    return { ...settings, userId: this.userId, streamId: this.#outgoing.streamId };
  }

  async subscribe(stream: PublishedStream): Promise<void> {
    await this.#room.subscribe(stream.userId, stream.streamId, {
      onDatagram: (bytes) => {
        this.#received += 1;
        this.#latencyMs.record((nowUs() - readTimestampUs(bytes, 0)) / US_PER_MS);
      },
    });
  }

  send(payload: Uint8Array): void {
    this.#outgoing?.send({
      type: FrameType.audio,
      timestampUs: nowUs(),
      payload,
      temporalLayer: 0,
      discardable: false,
    });
  }

  leave(): Promise<void> {
    return this.#room.leave();
  }
}
