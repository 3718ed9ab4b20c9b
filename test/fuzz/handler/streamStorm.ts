// Hostile media streams for a worker with real parts on paired sessions: random, cut, mutated, split anywhere, oversized, in
// another's name, ended and reset at any byte, many at once; to subscribers that read, read slowly, stop, or never read.
import { MAX_OPEN_COPIES } from '../../../media-node/handler/StreamCopies.ts';
import { MAX_QUEUED_BYTES } from '../../../media-node/handler/StreamCopy.ts';
import { Counter, type Counters } from '../../../media-node/metrics/Counters.ts';
import { DropReason } from '../../../media-node/metrics/DropReason.ts';
import type { ReceiveStream, SendStream } from '../../../media-node/transport/MediaSession.ts';
import { ResetCode, STREAM_HEADER_BYTES } from '../../../shared/media-stream/header.ts';
import {
  join,
  publish,
  type ReceivedStream,
  ROUTER_ID,
  type Seat,
  settle,
  startTestWorker,
  subscribe,
  type TestWorker,
} from '../../unit/handler/meeting.ts';
import { Random } from '../shared/inputs.ts';
import { fateOf, receivedOf, type StreamFate } from './streamFate.ts';
import { hostileStream, NUMBERS, readNumber, SENDER, UNWATCHED } from './streamInputs.ts';

const MAX_CHUNK_BYTES = 64;
/** More than a session may have open at once. */
const MAX_BURST = 20;
/** One in this many goes silent where it ends; so many stand open at most. */
const SILENT_SHARE = 100;
const MAX_SILENT = 6;
/** One stream that is sent, and how. */
interface Sending {
  readonly bytes: Uint8Array;
  readonly fate: StreamFate;
  readonly ending: 'close' | 'reset' | 'silence';
}

interface Receiver {
  readonly seat: Seat;
  readonly isAllOnStreams: boolean;
}

export interface StreamStorm {
  readonly counters: Counters;
  /** Frames in order that were sent. */
  readonly frames: number;
  /** A sentence for each thing that was not as it should be. */
  readonly faults: readonly string[];
}

/** One client sends this many hostile media streams; all sessions are closed at the end. */
export async function streamStorm(seed: number, streams: number): Promise<StreamStorm> {
  const storm = await Storm.start(seed);
  while (storm.sent < streams) await storm.round(streams - storm.sent);
  await storm.end();
  return storm;
}

class Storm implements StreamStorm {
  readonly faults: string[] = [];
  sent = 0;
  frames = 0;
  readonly #test: TestWorker;
  readonly #random: Random;
  readonly #mallory: Seat;
  /** Those who read all they get, which is looked at byte by byte. */
  readonly #readers: readonly Receiver[];
  /** Reads with pauses. */
  readonly #eve: Seat;
  /** Never reads. */
  readonly #carol: Seat;
  /** Stops streams, comes and goes. */
  readonly #dave: Seat;
  readonly #sendings = new Map<number, Sending>();
  readonly #silent: SendStream[] = [];
  #daves: string[] = [];
  #producers: readonly string[] = [];

  private constructor(seed: number, test: TestWorker, seats: readonly [Seat, Seat, Seat, Seat, Seat, Seat]) {
    const [mallory, bob, zoe, eve, carol, dave] = seats;
    this.#random = new Random(seed);
    this.#test = test;
    this.#mallory = mallory;
    this.#readers = [
      { seat: bob, isAllOnStreams: false },
      { seat: zoe, isAllOnStreams: true },
    ];
    [this.#eve, this.#carol, this.#dave] = [eve, carol, dave];
  }

  static async start(seed: number): Promise<Storm> {
    const test = await startTestWorker();
    const mallory = await join(test, SENDER.userId, { deliversOnDemand: true });
    const [bob, zoe] = [await join(test, 2), await join(test, 3)];
    const [eve, carol] = [
      await join(test, 4, { streamWindowBytes: 500 }),
      await join(test, 5, { streamWindowBytes: 60 }),
    ];
    const storm = new Storm(seed, test, [mallory, bob, zoe, eve, carol, await join(test, 6)]);
    const producers: string[] = [];
    for (const [streamId, kind] of SENDER.streams) {
      const producer = await publish(test, mallory, streamId, kind);
      if (streamId === UNWATCHED) continue;
      producers.push(producer);
      for (const seat of [bob, eve, carol]) await subscribe(test, seat, producer);
      await subscribe(test, zoe, producer, 'streams');
    }
    storm.#producers = producers;
    await settle();
    carol.client.session.hold();
    storm.#dave.client.session.setHandlers({
      onDatagram: () => undefined,
      onBidirectionalStream: () => undefined,
      onReceiveStream: (stream) => void storm.#stopSomewhere(stream),
      onClose: () => undefined,
    });
    return storm;
  }

  get counters(): Counters {
    return this.#test.worker.counters;
  }

  /** A single stream, whose fate is known exactly, or a burst of several while the meeting changes around them. */
  async round(left: number): Promise<void> {
    const isBurst = this.#random.below(2) === 0;
    const before = this.#books();
    const sendings = Array.from(
      { length: isBurst ? Math.min(left, 2 + this.#random.below(MAX_BURST)) : 1 },
      () => this.#makeSending(isBurst),
    );
    const sending = Promise.all(sendings.map((one) => this.#send(one)));
    if (isBurst) await this.#disturb();
    await sending;
    await settle();
    const after = this.#books();
    this.#checkReceived(sendings, isBurst ? undefined : after);
    const [only] = sendings;
    if (!isBurst && only !== undefined) this.#checkBooksOf(only, before, after);
    this.#checkBounds();
    this.#sendings.clear();
    for (const { seat } of this.#readers) seat.client.streams.length = 0;
    for (const seat of [this.#eve, this.#carol]) dropEnded(seat.client.streams);
  }

  /** Everybody reads what is left and leaves; then every stream and every copy is accounted for. */
  async end(): Promise<void> {
    for (const stream of this.#silent) stream.reset(ResetCode.none);
    for (const seat of [this.#eve, this.#carol]) seat.client.session.release();
    await settle();
    this.#checkBalance('at rest');
    const { transports } = this.#test.calls.inspectTransports({ router_id: ROUTER_ID }) as Inspected;
    const sentBytes = transports.reduce((sum, { sent }) => sum + (sent?.stream_bytes ?? 0), 0);
    this.#expect('bytes that sessions were sent', sentBytes, this.counters.value(Counter.streamBytesOut));
    for (const { client } of this.#seats) client.session.close(0, 'done');
    await settle();
    this.#checkBalance('after the last session');
    this.#expect('sessions left', this.#test.worker.stats().sessions, 0);
  }

  get #seats(): Seat[] {
    return [this.#mallory, ...this.#readers.map(({ seat }) => seat), this.#eve, this.#carol, this.#dave];
  }

  #makeSending(isBurst: boolean): Sending {
    const random = this.#random;
    const number = this.sent++ % NUMBERS;
    const made = hostileStream(random, number);
    const silent = isBurst && random.below(SILENT_SHARE) === 0 && this.#silent.length < MAX_SILENT;
    const ending = silent ? 'silence' : random.below(4) === 0 ? 'reset' : 'close';
    const sending: Sending = { bytes: made, fate: fateOf(made, SENDER), ending };
    this.#sendings.set(number, sending);
    this.frames += sending.fate.frames;
    return sending;
  }

  async #send({ bytes, ending }: Sending): Promise<void> {
    const random = this.#random;
    const chunkBytes = bytes.length > 10_000 ? 50_000 : MAX_CHUNK_BYTES;
    try {
      const stream = await this.#mallory.client.session.openSendStream();
      for (let at = 0; at < bytes.length; ) {
        const size = 1 + random.below(chunkBytes);
        await stream.write(bytes.subarray(at, at + size));
        at += size;
      }
      if (ending === 'close') await stream.close();
      else if (ending === 'reset') stream.reset(random.below(6));
      else this.#silent.push(stream);
    } catch {
      // The worker stopped the stream: the rest of it is for nobody.
    }
  }

  async #disturb(): Promise<void> {
    const { calls } = this.#test;
    const mute = async (kinds: ('audio' | 'video')[]): Promise<void> => {
      await calls.muteTransport({ router_id: ROUTER_ID, transport_id: this.#mallory.transportId, kinds });
    };
    switch (this.#random.below(10)) {
      case 0:
        await mute(['video']);
        await settle();
        await mute([]);
        break;
      case 1:
        this.#eve.client.session.hold();
        break;
      case 2:
      case 3:
        this.#eve.client.session.release();
        break;
      case 4:
        for (const consumer_id of this.#daves)
          await calls.closeConsumer({ router_id: ROUTER_ID, consumer_id });
        this.#daves = [];
        break;
      case 5:
        if (this.#daves.length === 0)
          for (const producer of this.#producers)
            this.#daves.push(await subscribe(this.#test, this.#dave, producer));
        break;
      default:
        await settle();
    }
  }

  /** Reads some of it, and then no more. */
  async #stopSomewhere(stream: ReceiveStream): Promise<void> {
    try {
      for (let chunks = this.#random.below(4); chunks > 0; chunks--)
        if ((await stream.read()) === undefined) return;
      stream.stop(this.#random.below(6));
    } catch {
      // It was reset before.
    }
  }

  /** Whoever reads everything has got nothing but what was in order, and all of what came to its end. */
  #checkReceived(sendings: readonly Sending[], exactly: Books | undefined): void {
    for (const { seat, isAllOnStreams } of this.#readers) {
      const finished = new Set<Sending>();
      for (const received of seat.client.streams) {
        // A reset overtakes what was on its way.
        if (received.bytes.length < STREAM_HEADER_BYTES && received.end !== 'finished') continue;
        const sending = this.#sendings.get(readNumber(received.bytes));
        const due = sending && dueOf(sending, isAllOnStreams);
        if (sending === undefined || due === undefined)
          this.#fault('Somebody got a stream that is not for him');
        else if (!isPrefix(received.bytes, sending.bytes.subarray(0, due.bytes)))
          this.#fault('Somebody got other bytes than were sent, or bytes behind a fault');
        else if (received.end === 'finished' && received.bytes.length !== due.bytes)
          this.#fault('A copy was cut and ended as if it were whole');
        else if (received.end === 'finished' && !due.isFinished)
          this.#fault('A stream with a fault was ended');
        if (sending !== undefined && received.end === 'finished') finished.add(sending);
      }
      if (exactly === undefined) continue;
      for (const sending of sendings) {
        const due = dueOf(sending, isAllOnStreams);
        if (sending.ending === 'close' && finished.has(sending) !== (due?.isFinished ?? false))
          this.#fault('A whole stream did not arrive');
      }
    }
  }

  /** Of a single stream that its sender closed, whatever else is still open. */
  #checkBooksOf({ fate, ending, bytes }: Sending, before: Books, after: Books): void {
    if (ending !== 'close') return;
    const of = (name: keyof Books): number => after[name] - before[name];
    this.#expect('streams ended', of('ended'), fate.end === 'whole' ? 1 : 0);
    this.#expect('streams malformed', of('malformed'), fate.end === 'malformed' ? 1 : 0);
    this.#expect('streams refused', of('refused'), fate.end === 'refused' ? 1 : 0);
    this.#expect('bytes in order', of('passedBytes'), fate.passedBytes);
    if (fate.end === 'whole') this.#expect('bytes read', of('bytesIn'), bytes.length);
  }

  #checkBounds(): void {
    const { transports } = this.#test.calls.inspectTransports({ router_id: ROUTER_ID }) as Inspected;
    for (const { open_streams = 0, queued_stream_bytes = 0 } of transports.flatMap(
      ({ consumers }) => consumers,
    ))
      if (open_streams > MAX_OPEN_COPIES || queued_stream_bytes > open_streams * MAX_QUEUED_BYTES)
        this.#fault(`${open_streams} copies with ${queued_stream_bytes} bytes wait for one subscription`);
  }

  #checkBalance(when: string): void {
    const { counters } = this;
    const value = (counter: Counter): number => counters.value(counter);
    this.#expect(
      `streams ${when}`,
      value(Counter.streamsReceived),
      value(Counter.streamsEnded) + value(Counter.streamsGivenUp) + counters.streamRefusals,
    );
    this.#expect(
      `copies ${when}`,
      value(Counter.streamCopiesOffered),
      value(Counter.streamCopiesEnded) + value(Counter.streamCopiesGivenUp) + counters.streamCopyDrops,
    );
  }

  #books(): Books {
    const { counters } = this;
    const { transports } = this.#test.calls.inspectTransports({ router_id: ROUTER_ID }) as Inspected;
    const producers = transports.flatMap((transport) => transport.producers);
    return {
      ended: counters.value(Counter.streamsEnded),
      malformed: counters.drops(DropReason.streamMalformed),
      refused: counters.drops(DropReason.streamNotSenders),
      bytesIn: counters.value(Counter.streamBytesIn),
      passedBytes: producers.reduce((sum, { stream_bytes = 0 }) => sum + stream_bytes, 0),
    };
  }

  #expect(what: string, found: number, due: number): void {
    if (found !== due) this.#fault(`${what}: ${found} instead of ${due}`);
  }

  #fault(sentence: string): void {
    this.faults.push(`${sentence} (after ${this.sent} streams)`);
  }
}

interface Books {
  readonly ended: number;
  readonly malformed: number;
  readonly refused: number;
  readonly bytesIn: number;
  readonly passedBytes: number;
}

type Inspected = Awaited<ReturnType<TestWorker['calls']['inspectTransports']>>;

function dueOf({ fate }: Sending, isAllOnStreams: boolean): ReturnType<typeof receivedOf> {
  return fate.streamId === UNWATCHED ? undefined : receivedOf(fate, isAllOnStreams);
}

function dropEnded(streams: ReceivedStream[]): void {
  const open = streams.filter(({ end }) => end === 'open');
  streams.splice(0, streams.length, ...open);
}

function isPrefix(bytes: Uint8Array, of: Uint8Array): boolean {
  return bytes.length <= of.length && Buffer.compare(bytes, of.subarray(0, bytes.length)) === 0;
}
