// One participant: publishes a stream, subscribes to everybody else's, and notices when media of all of them comes again.
import {
  type OutgoingStream,
  type ParticipantQuality,
  Room,
  type TransportFactory,
} from '../../../client/core/index.ts';
import { FrameType } from '../../../shared/frame/layout.ts';

const PAYLOAD = new Uint8Array(160);

export interface TalkerOptions {
  readonly apiUrl: string;
  readonly meetingId: string;
  readonly displayName: string;
  readonly transport: TransportFactory;
  /** Media of all `others` has come, for the first time or again. */
  readonly onHeardAll: () => void;
  readonly onReconnecting: () => void;
  /** Word of somebody's path. */
  readonly onQuality?: (quality: ParticipantQuality) => void;
  readonly onEnded: (reason: string) => void;
}

export class Talker {
  readonly #options: TalkerOptions;
  readonly #room: Room;
  readonly #outgoing: OutgoingStream;
  readonly #heard = new Set<number>();
  #others = Number.POSITIVE_INFINITY;
  #received = 0;
  #reconnections = 0;

  private constructor(options: TalkerOptions, room: Room, outgoing: OutgoingStream) {
    this.#options = options;
    this.#room = room;
    this.#outgoing = outgoing;
    room.on('mediaReconnecting', () => options.onReconnecting());
    room.on('participantQuality', (quality) => options.onQuality?.(quality));
    room.on('mediaReconnected', () => {
      this.#reconnections += 1;
      this.#heard.clear();
    });
    room.on('ended', ({ source, error }) => {
      if (error !== undefined) options.onEnded(`${options.displayName}: ${source}: ${error.message}`);
    });
  }

  static async join(options: TalkerOptions): Promise<Talker> {
    const room = await Room.join(options);
    const settings = { kind: 'audio', source: 'microphone', codec: 'opus' } as const;
    return new Talker(options, room, await room.publish(settings, { mode: 'datagram' }));
  }

  get userId(): number {
    return this.#room.self.userId;
  }

  get roster(): readonly number[] {
    return [...this.#room.participants.keys()].toSorted((a, b) => a - b);
  }

  get streamId(): number {
    return this.#outgoing.streamId;
  }

  get sent(): number {
    return this.#outgoing.stats.datagramsSent;
  }

  get received(): number {
    return this.#received;
  }

  get reconnections(): number {
    return this.#reconnections;
  }

  async listenTo(others: readonly Talker[]): Promise<void> {
    this.#others = others.length;
    await Promise.all(
      others.map((other) =>
        this.#room.subscribe(other.userId, other.#outgoing.streamId, {
          onDatagram: () => this.#hear(other.userId),
        }),
      ),
    );
  }

  talk(): void {
    this.#outgoing.send({
      type: FrameType.audio,
      timestampUs: Date.now() * 1_000,
      payload: PAYLOAD,
      temporalLayer: 0,
      discardable: false,
    });
  }

  async leave(): Promise<void> {
    await this.#room.leave();
  }

  #hear(userId: number): void {
    this.#received += 1;
    if (this.#heard.has(userId)) return;
    this.#heard.add(userId);
    if (this.#heard.size === this.#others) this.#options.onHeardAll();
  }
}
