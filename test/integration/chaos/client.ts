// Clients that do what no client should, all of it drawn from a seed: garbage everywhere, streams that are reset, stopped or
// forgotten, closes in the middle of everything (Deno).
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { dialSession } from '../../../media-node/transport/deno/dial.ts';
import {
  type BidirectionalStream,
  DATAGRAM_PREFIX_BYTES,
  DEFAULT_TRANSPORT_LIMITS,
  type MediaSession,
  type ReceiveStream,
} from '../../../media-node/transport/MediaSession.ts';
import { encodeAck } from '../../../shared/frame/control.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { frameMediaClientMessage } from '../../../shared/media-session/messages.ts';
import { STREAM_HEADER_BYTES, StreamType, writeStreamHeader } from '../../../shared/media-stream/header.ts';
import type { Person } from '../../bench/memory/plan.ts';
import { concat, Random } from '../../fuzz/shared/inputs.ts';
import { frame } from '../../unit/frame.ts';
import type { ChaosAnswer, ChaosPlan } from './plan.ts';

const MAX_PAUSE_MS = 5;
/** One in so many of the actions that end a session is carried out, so that most sessions see the end. */
const ENDINGS = 200;
const VIDEO_STREAM = 1;

class UnrulyClient {
  readonly #plan: ChaosPlan;
  readonly #person: Person;
  readonly #random: Random;
  #session: MediaSession | undefined;
  #control: BidirectionalStream | undefined;

  constructor(plan: ChaosPlan, person: Person) {
    this.#plan = plan;
    this.#person = person;
    this.#random = new Random(plan.seed + person.userId);
  }

  async connect(): Promise<void> {
    const session = await dialSession({
      url: this.#plan.url,
      certificateHashes: [
        Uint8Array.from(atob(this.#plan.certificateHash), (character) => character.charCodeAt(0)),
      ],
      limits: DEFAULT_TRANSPORT_LIMITS,
    });
    this.#session = session;
    session.setHandlers({
      onDatagram: () => undefined,
      onBidirectionalStream: () => undefined,
      onReceiveStream: (stream) => void this.#receive(stream).catch(() => undefined),
      onClose: () => undefined,
    });
    this.#control = await session.openBidirectionalStream();
    const { connectionToken } = this.#person;
    await this.#control.send.write(frameMediaClientMessage({ auth: { connectionToken } }));
  }

  async run(): Promise<void> {
    for (let action = 0; action < this.#plan.actions; action++) {
      // Each may take as long as the server leaves it: nothing waits for another.
      void this.#act().catch(() => undefined);
      await pause(this.#random.below(MAX_PAUSE_MS));
    }
  }

  sendFrame(): void {
    const { userId } = this.#person;
    this.#send(frame(userId, VIDEO_STREAM, { payloadLength: this.#random.below(1_000) }));
  }

  async #act(): Promise<void> {
    const random = this.#random;
    const session = this.#session;
    if (session === undefined) return;
    switch (random.below(12)) {
      case 0:
        this.#send(random.bytes(random.below(1_200)));
        return;
      case 1:
        this.#send(
          encodeAck([
            { userId: random.below(30), streamId: VIDEO_STREAM, highestSequence: random.below(1e6) },
          ]),
        );
        return;
      case 2:
        await this.#control?.send.write(
          frameMediaClientMessage({ keyFrameRequest: { userId: random.below(30), streamId: VIDEO_STREAM } }),
        );
        return;
      case 3:
        return await this.#sendStream(random.bytes(random.below(5_000)));
      case 4: {
        const both = await session.openBidirectionalStream();
        await both.send.write(random.bytes(10));
        if (random.below(2) === 0) both.receive.stop(1);
        return;
      }
      case 5:
        // Rare: it ends the session.
        if (random.below(ENDINGS) === 0) await this.#control?.send.write(random.bytes(64));
        return;
      case 6:
        if (random.below(ENDINGS) === 0) session.close(random.below(5_000), 'chaos');
        return;
      case 7:
      case 8:
        return await this.#sendStream(this.#keyFrame());
      default:
        this.sendFrame();
    }
  }

  #keyFrame(): Uint8Array {
    const { userId } = this.#person;
    const header = new Uint8Array(STREAM_HEADER_BYTES);
    writeStreamHeader(header, 0, { type: StreamType.video, userId, streamId: VIDEO_STREAM, fourCc: 'VP80' });
    const payloadLength = this.#random.below(60_000);
    return concat(header, frame(userId, VIDEO_STREAM, { type: FrameType.videoKey, payloadLength }));
  }

  async #sendStream(bytes: Uint8Array): Promise<void> {
    const stream = await this.#session?.openSendStream();
    await stream?.write(bytes.subarray(0, this.#random.below(bytes.length + 1)));
    const end = this.#random.below(3);
    if (end === 0) await stream?.close();
    else if (end === 1) stream?.reset(this.#random.below(5));
  }

  async #receive(stream: ReceiveStream): Promise<void> {
    const manner = this.#random.below(3);
    if (manner === 0) stream.stop(this.#random.below(5));
    while (manner === 1 && (await stream.read()) !== undefined);
  }

  #send(payload: Uint8Array): void {
    const datagram = new Uint8Array(DATAGRAM_PREFIX_BYTES + payload.length);
    datagram.set(payload, DATAGRAM_PREFIX_BYTES);
    this.#session?.sendDatagram(datagram, DATAGRAM_PREFIX_BYTES);
  }
}

function answer(type: ChaosAnswer['type']): void {
  process.stdout.write(`${JSON.stringify({ type } satisfies ChaosAnswer)}\n`);
}

globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
for await (const line of createInterface({ input: process.stdin })) {
  const plan = JSON.parse(line) as ChaosPlan;
  const clients = plan.people.map((person) => new UnrulyClient(plan, person));
  await Promise.all(clients.map((client) => client.connect()));
  answer('connected');
  await Promise.all(clients.map((client) => client.run()));
  setInterval(() => {
    for (const client of clients) client.sendFrame();
  }, 1);
  answer('done');
}
