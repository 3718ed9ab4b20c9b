// Runs in Deno: a publisher and its subscribers, who send streams and read them when they are told to.
import { createHash } from 'node:crypto';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { certificateHashBytes } from '../../../client/core/api/certificateHash.ts';
import {
  DATAGRAM_PREFIX_BYTES,
  type MediaSession,
  type ReceiveStream,
  type SendStream,
} from '../../../media-node/transport/MediaSession.ts';
import { FrameType } from '../../../shared/frame/layout.ts';
import { openMediaSession } from '../../bench/forward/ends.ts';
import { frame } from '../../unit/frame.ts';
import { type LookAnswer, PUBLISHER_USER_ID, type StallCommand, type TakenAnswer } from './plan.ts';

const TALK_INTERVAL_MS = 5;

class Seat {
  readonly #reading: Promise<void>;
  readonly #streams: { readonly hash: ReturnType<typeof createHash>; byteCount: number; ended: boolean }[] =
    [];
  datagrams = 0;

  /** Reads its streams once `reading` resolves. */
  constructor(reading: Promise<void>) {
    this.#reading = reading;
  }

  get streams(): LookAnswer['seats'][number]['streams'] {
    return this.#streams.map(({ hash, ...stream }) => ({ ...stream, sha256: hash.copy().digest('hex') }));
  }

  async read(stream: ReceiveStream): Promise<void> {
    const received = { hash: createHash('sha256'), byteCount: 0, ended: false };
    this.#streams.push(received);
    await this.#reading;
    try {
      for (let chunk = await stream.read(); chunk !== undefined; chunk = await stream.read()) {
        received.hash.update(chunk);
        received.byteCount += chunk.length;
      }
    } finally {
      received.ended = true;
    }
  }
}

const reading = Promise.withResolvers<void>();
const seats: Seat[] = [];
const sent: SendStream[] = [];
let publisher: MediaSession | undefined;
let talking: ReturnType<typeof setInterval> | undefined;
let datagramsSent = 0;

function say(streamId: number): void {
  const sound = frame(PUBLISHER_USER_ID, streamId, { type: FrameType.audio, sequence: datagramsSent++ });
  const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + sound.length);
  bytes.set(sound, DATAGRAM_PREFIX_BYTES);
  publisher?.sendDatagram(bytes, DATAGRAM_PREFIX_BYTES);
}

async function write(stream: SendStream | undefined, base64: string): Promise<TakenAnswer> {
  try {
    await stream?.write(Buffer.from(base64, 'base64'));
    return { taken: true };
  } catch {
    return { taken: false };
  }
}

async function carryOut(command: StallCommand): Promise<object> {
  switch (command.command) {
    case 'connect':
      for (const [index, token] of command.connectionTokens.entries()) {
        const seat = new Seat(command.idle.includes(index) ? reading.promise : Promise.resolve());
        seats.push(seat);
        const session = await openMediaSession(
          command.url,
          certificateHashBytes(command.certificateHash),
          token,
          {
            onDatagram: () => void seat.datagrams++,
            onReceiveStream: (stream) => void seat.read(stream).catch(() => undefined),
          },
        );
        publisher ??= session;
      }
      return {};
    case 'open':
      if (publisher !== undefined) sent.push(await publisher.openSendStream());
      return {};
    case 'write':
      return await write(sent[command.stream], command.bytes);
    case 'finish':
      await sent[command.stream]?.close();
      return {};
    case 'read':
      reading.resolve();
      return {};
    case 'talk':
      talking = setInterval(() => say(command.streamId), TALK_INTERVAL_MS);
      return {};
    case 'be silent':
      clearInterval(talking);
      return {};
    case 'look': {
      const look: LookAnswer = {
        datagramsSent,
        seats: seats.map(({ datagrams, streams }) => ({ datagrams, streams })),
      };
      return look;
    }
  }
}

globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as StallCommand))}\n`);
