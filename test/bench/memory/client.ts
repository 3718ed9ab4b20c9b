// Clients of the memory bench (Deno): many sessions, many slow streams.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { DATAGRAM_PREFIX_BYTES } from '../../../media-node/transport/MediaSession.ts';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { writeFrameHeader } from '../../../shared/frame/write.ts';
import { pace } from '../../load/client/pace.ts';
import { connectToWorker, type End } from '../forward/ends.ts';
import type { MemoryCommand, Person, SendAnswer } from './plan.ts';

const PAYLOAD_BYTES = 160;
const QUIET_MS = 300;
const DRAIN_LIMIT_MS = 3_000;

const members: { readonly person: Person; readonly end: End }[] = [];
const datagram = new Uint8Array(DATAGRAM_PREFIX_BYTES + HEADER_BYTES + PAYLOAD_BYTES);
let delivered = 0;

async function connect(url: string, certificateHash: string, people: readonly Person[]): Promise<void> {
  const hash = Uint8Array.from(atob(certificateHash), (character) => character.charCodeAt(0));
  for (const person of people) {
    const end = await connectToWorker(url, hash, person.connectionToken, () => {
      delivered++;
    });
    members.push({ person, end });
  }
}

async function send(ratePerStream: number, durationMs: number): Promise<SendAnswer> {
  const streams = members.flatMap(({ person, end }) =>
    Array.from({ length: person.streams }, (_, index) => ({
      userId: person.userId,
      streamId: index + 1,
      end,
      sequence: 0,
    })),
  );
  const sentByUser: Record<number, number> = {};
  delivered = 0;
  await pace(streams.length, ratePerStream, durationMs, (index) => {
    const stream = streams[index];
    if (stream === undefined) return;
    const { userId, streamId } = stream;
    writeFrameHeader(datagram, DATAGRAM_PREFIX_BYTES, {
      type: FrameType.audio,
      userId,
      streamId,
      timestampUs: 0,
      sequence: stream.sequence++,
      payloadLength: PAYLOAD_BYTES,
      flags: 1,
      spatialLayer: 0,
      temporalLayer: 0,
      fragmentIndex: 0,
      hopCount: 0,
      baseFrame: 0,
    });
    stream.end.send(datagram);
    sentByUser[userId] = (sentByUser[userId] ?? 0) + 1;
  });
  const limitMs = performance.now() + DRAIN_LIMIT_MS;
  for (let before = -1; before !== delivered && performance.now() < limitMs; ) {
    before = delivered;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
  return { sentByUser, delivered };
}

globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as MemoryCommand;
  const answer =
    command.command === 'connect'
      ? await connect(command.url, command.certificateHash, command.people).then(() => ({}))
      : await send(command.ratePerStream, command.durationMs);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
