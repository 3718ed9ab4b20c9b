// Passes one media stream of a publisher on to the subscribers it has at that moment, as the bytes come (cut-through): same
// form, nothing re-encoded, nothing waited for but the first frame's header, which says whom the stream is for. Subscribers that
// come later get the stream that the publisher begins next. Which frames a subscriber gets is its consumer's word.
import { isOnDemand } from '../../shared/frame/read.ts';
import { ResetCode, type StreamHeader, StreamType } from '../../shared/media-stream/header.ts';
import { Counter, type Counters } from '../metrics/Counters.ts';
import { DropReason } from '../metrics/DropReason.ts';
import { type ReceiveStream, StreamClosedError } from '../transport/MediaSession.ts';
import { Audience } from './Audience.ts';
import type { Consumer, FrameVerdict } from './Consumer.ts';
import { MediaStreamParser } from './MediaStreamParser.ts';
import type { IncomingStream, Producer } from './Producer.ts';
import { StallTimer } from './StallTimer.ts';
import type { StreamCopy } from './StreamCopy.ts';

/** Who sends the stream. */
export interface StreamSource {
  readonly userId: number;
  producerOf(streamId: number): Producer | undefined;
  /** Whether it may not send this kind now (ledger MC-10). */
  isMuted(kind: 'audio' | 'video'): boolean;
}

interface RelayedCopy {
  readonly consumer: Consumer;
  readonly copy: StreamCopy;
  /** On the frame that is being passed on. */
  verdict: FrameVerdict;
}

export class StreamRelay implements IncomingStream {
  readonly #stream: ReceiveStream;
  readonly #source: StreamSource;
  readonly #counters: Counters;
  readonly #parser: MediaStreamParser;
  readonly #stall = new StallTimer(() => this.#refuse(DropReason.streamStalled, ResetCode.quotaExceeded));
  #producer: Producer | undefined;
  /** Of those who were there at the first frame; undefined before it. */
  #copies: RelayedCopy[] | undefined;
  /** What came before the first frame: the stream's own header. */
  #head: Uint8Array | undefined;
  #ended = false;
  #refusal: DropReason = DropReason.streamNotSenders;

  constructor(stream: ReceiveStream, source: StreamSource, counters: Counters) {
    this.#stream = stream;
    this.#source = source;
    this.#counters = counters;
    this.#parser = new MediaStreamParser({
      onHeader: (header) => this.#open(header),
      onFrame: (bytes, at) => {
        this.#producer?.arrivals.recordOnStream(bytes, at);
        return (
          this.#copies === undefined ||
          this.#copies.some(({ consumer, verdict }) => consumer.verdictOnStreamFrame(bytes, at) !== verdict)
        );
      },
      onCut: (bytes, at) => this.#startFrame(bytes, at),
      onBytes: (bytes) => {
        if (this.#producer !== undefined) this.#producer.traffic.streamBytes += bytes.length;
        if (this.#copies === undefined) this.#head = bytes;
        else for (const { copy, verdict } of this.#copies) if (verdict === 'send') copy.write(bytes);
      },
    });
  }

  /** Relays until the stream ends, is refused or aborted. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#relay();
    } catch (error) {
      if (this.#ended) return;
      this.#counters.add(Counter.streamsGivenUp, 1);
      const code = error instanceof StreamClosedError ? error.code : ResetCode.internalError;
      this.#end((copy) => copy.reset(code ?? ResetCode.none));
    } finally {
      this.#producer?.removeIncomingStream(this);
    }
  }

  /** Stops reading and abandons the copies. Idempotent. */
  abort(code: number): void {
    if (this.#ended) return;
    this.#counters.add(Counter.streamsGivenUp, 1);
    this.#stop(code);
  }

  #stop(code: number): void {
    this.#end((copy) => copy.reset(code));
    this.#stream.stop(code);
  }

  async #relay(): Promise<void> {
    while (!this.#ended) {
      // Between frames a sender may be silent as long as it likes; what it has begun it owes.
      const reading = this.#stream.read();
      const chunk = await (this.#parser.atBoundary ? reading : this.#stall.watch(reading));
      if (this.#ended) return;
      if (chunk === undefined) {
        this.#finish();
        return;
      }
      this.#counters.add(Counter.streamBytesIn, chunk.length);
      const verdict = this.#parser.push(chunk);
      if (verdict === 'malformed') this.#refuse(DropReason.streamMalformed, ResetCode.invalidFormat);
      else if (verdict === 'refused') this.#refuse(this.#refusal, ResetCode.authenticationFailed);
    }
  }

  #open(header: StreamHeader): boolean {
    const producer =
      header.userId === this.#source.userId ? this.#source.producerOf(header.streamId) : undefined;
    if (producer === undefined || (producer.kind === 'video') !== (header.type === StreamType.video))
      return false;
    if (this.#source.isMuted(producer.kind)) {
      this.#refusal = DropReason.streamMuted;
      return false;
    }
    this.#producer = producer;
    producer.addIncomingStream(this);
    this.#counters.add(Counter.streamsIn, 1);
    producer.traffic.streams++;
    return true;
  }

  /** From a frame on at which something changes for a subscriber. */
  #startFrame(bytes: Uint8Array, at: number): void {
    this.#copies ??= this.#openCopies(bytes, at);
    for (const relayed of this.#copies) relayed.verdict = relayed.consumer.verdictOnStreamFrame(bytes, at);
    if (!this.#copies.some(({ verdict }) => verdict === 'end')) return;
    for (const { copy, verdict } of this.#copies) if (verdict === 'end') copy.finish();
    this.#copies = this.#copies.filter(({ verdict }) => verdict !== 'end');
  }

  #openCopies(bytes: Uint8Array, at: number): RelayedCopy[] {
    const { audience } = this.#producer ?? { audience: Audience.empty };
    const copies: RelayedCopy[] = [];
    for (const consumer of isOnDemand(bytes, at) ? audience.onDemandOnStreams : audience.onStreams) {
      const copy = consumer.openCopy(bytes, at);
      if (copy === undefined) continue;
      if (this.#head) copy.write(this.#head);
      copies.push({ consumer, copy, verdict: 'send' });
    }
    if (copies.length === 0) this.#counters.drop(DropReason.streamNoSubscribers);
    return copies;
  }

  #finish(): void {
    if (this.#parser.atBoundary) {
      this.#counters.add(Counter.streamsEnded, 1);
      this.#end((copy) => copy.finish());
    } else {
      this.#counters.drop(DropReason.streamMalformed);
      this.#end((copy) => copy.reset(ResetCode.invalidFormat));
    }
  }

  #refuse(reason: DropReason, code: number): void {
    if (this.#ended) return;
    this.#counters.drop(reason);
    this.#stop(code);
  }

  #end(endCopy: (copy: StreamCopy) => void): void {
    this.#ended = true;
    this.#stall.stop();
    for (const { copy } of this.#copies ?? []) endCopy(copy);
  }
}
