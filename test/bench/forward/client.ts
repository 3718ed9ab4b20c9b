// All clients of one case in one process (Deno): takes commands on standard input, answers each with a line. Sender and
// receivers share a clock, so that latency needs no synchronisation.
import process from 'node:process';
import { createInterface } from 'node:readline';
import { Histogram } from '../../../media-node/metrics/Histogram.ts';
import { DATAGRAM_PREFIX_BYTES } from '../../../media-node/transport/MediaSession.ts';
import { encodeAck } from '../../../shared/frame/control.ts';
import { FrameType, HEADER_BYTES, OFFSET_SEQUENCE, OFFSET_TIMESTAMP } from '../../../shared/frame/layout.ts';
import { readSequence, readStreamId, readTimestampUs, readUserId } from '../../../shared/frame/read.ts';
import { writeFrameHeader, writeUint64 } from '../../../shared/frame/write.ts';
import { pace } from '../../load/client/pace.ts';
import { connectToBareRelay, connectToWorker, type End, type OnDatagram } from './ends.ts';
import {
  type ClientCommand,
  type ConnectCommand,
  type Latencies,
  type RunAnswer,
  type RunCommand,
  type Seat,
  SIDES,
  type Side,
} from './plan.ts';

/** Receivers acknowledge this often, as the project's client does. */
const ACK_INTERVAL_MS = 50;
/** Arrival is over when nothing has come for this long, or after the limit. */
const QUIET_MS = 100;
const DRAIN_LIMIT_MS = 3_000;

interface Member {
  readonly seat: Seat;
  readonly ends: Record<Side, End>;
  /** Highest sequence number by stream, for the acknowledgements to the worker. */
  readonly highest: Map<number, { userId: number; streamId: number; highestSequence: number }>;
}

const members: Member[] = [];
let datagram = new Uint8Array(0);
let delivered = 0;
let latency: Histogram | undefined;
const latencies: Record<Side, Histogram> = { worker: new Histogram(), bare: new Histogram() };
const sequences = new Map<number, number>();

function nowUs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1_000);
}

async function connect(command: ConnectCommand): Promise<void> {
  const hash = Uint8Array.from(atob(command.certificateHash), (character) => character.charCodeAt(0));
  datagram = new Uint8Array(DATAGRAM_PREFIX_BYTES + HEADER_BYTES + command.payloadBytes);
  for (const seat of command.seats) {
    const highest: Member['highest'] = new Map();
    const count: OnDatagram = (bytes, at) => {
      delivered++;
      latency?.record((nowUs() - readTimestampUs(bytes, at)) / 1_000);
      const userId = readUserId(bytes, at);
      const entry = highest.get(userId);
      if (entry) entry.highestSequence = readSequence(bytes, at);
      else highest.set(userId, { userId, streamId: readStreamId(bytes, at), highestSequence: 0 });
    };
    const [worker, bare] = await Promise.all([
      connectToWorker(command.workerUrl, hash, seat.connectionToken, count),
      connectToBareRelay(command.bareUrl, hash, count),
    ]);
    members.push({ seat, ends: { worker, bare }, highest });
  }
}

function send({ seat, ends }: Member, side: Side): void {
  const sequence = sequences.get(seat.userId) ?? 0;
  sequences.set(seat.userId, sequence + 1);
  writeUint64(datagram, DATAGRAM_PREFIX_BYTES + OFFSET_SEQUENCE, sequence);
  writeUint64(datagram, DATAGRAM_PREFIX_BYTES + OFFSET_TIMESTAMP, nowUs());
  // Copied by the engine before it returns.
  ends[side].send(datagram);
}

function acknowledge(): void {
  for (const { ends, highest } of members) {
    if (highest.size === 0) continue;
    const ack = encodeAck([...highest.values()].slice(0, 64));
    highest.clear();
    const bytes = new Uint8Array(DATAGRAM_PREFIX_BYTES + ack.length);
    bytes.set(ack, DATAGRAM_PREFIX_BYTES);
    ends.worker.send(bytes);
  }
}

async function run({ side, ratePerSecond, durationMs, measured }: RunCommand): Promise<RunAnswer> {
  const publishers = members.filter(({ seat }) => seat.streamId > 0);
  latency = measured ? latencies[side] : undefined;
  delivered = 0;
  let sent = 0;
  const acks = side === 'worker' ? setInterval(acknowledge, ACK_INTERVAL_MS) : undefined;
  for (const publisher of publishers) prepare(publisher.seat);
  await pace(publishers.length, ratePerSecond, durationMs, (index) => {
    const publisher = publishers[index];
    if (publisher === undefined) return;
    // One buffer for all: what differs by publisher is written anew where there is more than one.
    if (publishers.length > 1) prepare(publisher.seat);
    send(publisher, side);
    sent++;
  });
  await untilQuiet();
  clearInterval(acks);
  return { sent, expected: sent * (members.length - 1), delivered };
}

function prepare({ userId, streamId }: Seat): void {
  writeFrameHeader(datagram, DATAGRAM_PREFIX_BYTES, {
    // Sound needs no frame before it: what is dropped is one datagram and shows as that.
    type: FrameType.audio,
    userId,
    streamId,
    timestampUs: 0,
    sequence: 0,
    payloadLength: datagram.length - DATAGRAM_PREFIX_BYTES - HEADER_BYTES,
    flags: 1,
    spatialLayer: 0,
    temporalLayer: 0,
    fragmentIndex: 0,
    hopCount: 0,
    baseFrame: 0,
  });
}

async function untilQuiet(): Promise<void> {
  const limitMs = performance.now() + DRAIN_LIMIT_MS;
  for (let before = -1; before !== delivered && performance.now() < limitMs; ) {
    before = delivered;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

function finish(): Latencies {
  for (const { ends } of members) for (const side of SIDES) ends[side].close();
  const figures = (side: Side) => ({
    p50Ms: latencies[side].quantile(0.5) ?? 0,
    p99Ms: latencies[side].quantile(0.99) ?? 0,
  });
  return { worker: figures('worker'), bare: figures('bare') };
}

async function answer(command: ClientCommand): Promise<unknown> {
  if (command.command === 'connect') return await connect(command).then(() => ({}));
  return command.command === 'run' ? await run(command) : finish();
}

globalThis.addEventListener('unhandledrejection', (event) => event.preventDefault());
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as ClientCommand;
  process.stdout.write(`${JSON.stringify(await answer(command))}\n`);
}
process.exit(0);
