// One subscriber who takes every stream of a publisher in one delivery, with the SDK's own reception up to the decoder.
import { type Delivery, Room, type RoomOptions, type SendMode } from '../../../client/core/index.ts';
import { AudioReorderBuffer } from '../../../client/core/media/AudioReorderBuffer.ts';
import type { ReceivedFrame } from '../../../client/core/media/EncodedFrame.ts';
import { FrameAssembler, wholeFrame } from '../../../client/core/media/FrameAssembler.ts';
import { JitterBuffer } from '../../../client/core/media/JitterBuffer.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { isOnDemand, readType } from '../../../shared/frame/read.ts';
import { isWhole } from './numberedPayload.ts';
import type { WatchedFigures } from './plan.ts';

const TYPES: Readonly<Record<number, string>> = {
  [FrameType.audio]: 'sound',
  [FrameType.videoKey]: 'key',
  [FrameType.videoDelta]: 'delta',
};

export interface WatchedStream {
  readonly userId: number;
  readonly streamId: number;
  readonly stream: SendMode | 'sound';
}

class Watched {
  readonly stream: SendMode | 'sound';
  readonly streamId: number;
  forms = new Set<string>();
  frames = 0;
  spoilt = 0;
  readonly #assembler = new FrameAssembler();
  readonly #pictures = new JitterBuffer();
  readonly #sounds = new AudioReorderBuffer();

  constructor({ stream, streamId }: WatchedStream) {
    this.stream = stream;
    this.streamId = streamId;
  }

  onDatagram(bytes: Uint8Array, arrivalMs: number): void {
    this.#note('datagrams', bytes);
    const frame = this.#assembler.push(bytes, arrivalMs);
    if (frame !== undefined) this.#take(frame);
  }

  onStreamFrame(bytes: Uint8Array, arrivalMs: number): void {
    this.#note('stream', bytes);
    this.#take(wholeFrame(bytes, arrivalMs));
  }

  /** Whether a key frame is needed. */
  decode(nowMs: number): boolean {
    for (let frame = this.#pictures.pop(nowMs); frame !== undefined; frame = this.#pictures.pop(nowMs))
      this.#decoded(frame);
    return this.#pictures.needsKeyFrame(nowMs);
  }

  #note(form: string, bytes: Uint8Array): void {
    this.forms.add(`${form} ${TYPES[readType(bytes, 0)]} ${isOnDemand(bytes, 0) ? 'on demand' : 'chosen'}`);
  }

  #take(frame: ReceivedFrame): void {
    if (frame.type === FrameType.audio) this.#sounds.push(frame, (heard) => this.#decoded(heard));
    else this.#pictures.push(frame);
  }

  #decoded({ payload }: ReceivedFrame): void {
    this.frames++;
    if (!isWhole(payload)) this.spoilt++;
  }
}

export class Watcher {
  readonly delivery: Delivery;
  readonly #room: Room;
  readonly #watched: Watched[] = [];
  #userId = 0;

  private constructor(room: Room, delivery: Delivery) {
    this.#room = room;
    this.delivery = delivery;
  }

  static async join(
    options: RoomOptions,
    delivery: Delivery,
    streams: readonly WatchedStream[],
  ): Promise<Watcher> {
    const watcher = new Watcher(await Room.join(options), delivery);
    // What was on its way from the server that is gone is not asked for again.
    watcher.#room.on('mediaReconnected', () => watcher.reset());
    await Promise.all(streams.map((stream) => watcher.#watch(stream)));
    return watcher;
  }

  get figures(): WatchedFigures[] {
    return this.#watched.map(({ stream, forms, frames, spoilt }) => ({
      delivery: this.delivery,
      stream,
      forms: [...forms].toSorted(),
      frames,
      spoilt,
    }));
  }

  has(frames: number): boolean {
    return this.#watched.every((watched) => watched.frames >= frames);
  }

  reset(): void {
    for (const watched of this.#watched) {
      watched.forms = new Set();
      watched.frames = 0;
    }
  }

  /** Decodes what is due; call every few milliseconds. */
  decode(nowMs: number): void {
    for (const watched of this.#watched)
      if (watched.decode(nowMs)) this.#room.media.requestKeyFrame(this.#userId, watched.streamId);
  }

  async leave(): Promise<void> {
    await this.#room.leave();
  }

  async #watch(stream: WatchedStream): Promise<void> {
    const watched = new Watched(stream);
    this.#userId = stream.userId;
    this.#watched.push(watched);
    await this.#room.subscribe(stream.userId, stream.streamId, watched, { delivery: this.delivery });
  }
}
