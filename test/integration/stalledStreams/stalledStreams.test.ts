// Streams that stand still, on a real worker with real clients: what is given up, and what goes on. How long is too long is
// counted exactly in test/unit/handler/stall.test.ts.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { BENCH_HOST, type BenchWorker, startBenchWorker } from '../../bench/forward/BenchWorker.ts';
import { LineProcess } from '../../bench/forward/LineProcess.ts';
import { frame, mediaStream } from '../../unit/handler/meeting.ts';
import { type LookAnswer, PUBLISHER_USER_ID, type StallCommand, type TakenAnswer } from './plan.ts';

const ROUTER = { router_id: 'r' };
const VIDEO = 10;
const SOUND = 11;
const BEN = 1;
const EVE = 2;
/** What the kernel may drop on a busy machine, in front of a process that has no core for a moment. */
const MAX_KERNEL_LOSS_RATIO = 0.02;
const WAIT = { timeout: 20_000, interval: 50 };

/** A key frame whose bytes differ, so that what is missing or elsewhere shows. */
function keyFrame(payloadLength: number): Uint8Array {
  const bytes = frame(PUBLISHER_USER_ID, VIDEO, { type: FrameType.videoKey, payloadLength });
  for (let at = HEADER_BYTES; at < bytes.length; at++) bytes[at] = (at * 31) >> 3;
  return bytes;
}

const PICTURE = mediaStream(PUBLISHER_USER_ID, VIDEO, [keyFrame(40_000)]);

interface Whole {
  readonly byteCount: number;
  readonly sha256: string;
}

function digest(bytes: Uint8Array): Whole {
  return { byteCount: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describe.each([
  // A frame that waits for flow control fills the stream's window first, and no copy may keep more than 1,000,000 bytes.
  { over: 'QUIC', tcp: false, framesToStall: 2 },
  { over: 'TCP', tcp: true, framesToStall: 1 },
])('media streams that stand still, over $over', { timeout: 60_000 }, ({ tcp, framesToStall }) => {
  let worker: BenchWorker;
  let clients: LineProcess;

  beforeEach(async () => {
    worker = await startBenchWorker(
      { client: 'test/integration/stalledStreams/client.ts' },
      undefined,
      undefined,
      tcp,
    );
    clients = new LineProcess(join(worker.directory, 'client.js'), false);
  });
  afterEach(async () => {
    clients?.stop();
    await worker?.stop();
  });

  const ask = async <Answer>(command: StallCommand): Promise<Answer> => await clients.ask<Answer>(command);
  const look = async (): Promise<LookAnswer> => await ask<LookAnswer>({ command: 'look' });

  /** A publisher of video and sound, and two who are sent both. The publisher talks from now on. */
  async function meet(idle: readonly number[]): Promise<void> {
    await worker.process.call('createRouter', { ...ROUTER, meeting_id: 'm', generation: 1 });
    const { transports } = await worker.process.call('createTransports', {
      ...ROUTER,
      transports: [0, BEN, EVE].map((seat) => ({
        participant_id: `p-${seat}`,
        user_id: PUBLISHER_USER_ID + seat,
      })),
    });
    const [publisher, ...subscribers] = transports;
    const { producers } = await worker.process.call('createProducers', {
      ...ROUTER,
      producers: (
        [
          [VIDEO, 'video'],
          [SOUND, 'audio'],
        ] as const
      ).map(([stream_id, kind]) => ({
        transport_id: publisher?.transport_id ?? '',
        stream_id,
        kind,
      })),
    });
    await worker.process.call('createConsumers', {
      ...ROUTER,
      consumers: subscribers.flatMap(({ transport_id }) =>
        producers.map(({ producer_id }) => ({ transport_id, producer_id })),
      ),
    });
    const authority = `${BENCH_HOST}:${worker.process.udpPort}`;
    await ask({
      command: 'connect',
      url: `https://${authority}/media${tcp ? `?tcp=${encodeURIComponent(authority)}` : ''}`,
      certificateHash: worker.certificate.hash,
      connectionTokens: transports.map(({ connection_token }) => connection_token),
      idle,
    });
    await ask({ command: 'talk', streamId: SOUND });
  }

  async function write(stream: number, bytes: Uint8Array): Promise<boolean> {
    const { taken } = await ask<TakenAnswer>({
      command: 'write',
      stream,
      bytes: Buffer.from(bytes).toString('base64'),
    });
    return taken;
  }

  async function sendWhole(stream: number, bytes: Uint8Array): Promise<void> {
    await ask({ command: 'open' });
    await write(stream, bytes);
    await ask({ command: 'finish', stream });
  }

  const drops = async (): Promise<Readonly<Record<string, number>>> =>
    (await worker.process.call('stats', null)).drops;

  /** All that a seat has got, once its streams have ended. */
  async function streamsOf(seat: number, count: number): Promise<Whole[]> {
    const ended = async (): Promise<number> =>
      (await look()).seats[seat]?.streams.filter((stream) => stream.ended).length ?? 0;
    await expect.poll(ended, WAIT).toBe(count);
    const streams = (await look()).seats[seat]?.streams ?? [];
    return streams.map(({ byteCount, sha256 }) => ({ byteCount, sha256 }));
  }

  /** The handler has sent every datagram to both, whatever became of the streams, and both have got them. */
  async function expectAllSound(): Promise<void> {
    await ask({ command: 'be silent' });
    const { datagramsSent } = await look();
    expect(datagramsSent).toBeGreaterThan(0);
    const least = async (): Promise<number> =>
      Math.min(...(await look()).seats.slice(1).map(({ datagrams }) => datagrams));
    await expect.poll(least, WAIT).toBeGreaterThanOrEqual((1 - MAX_KERNEL_LOSS_RATIO) * datagramsSent);
    const { datagrams_in: received, datagrams_out: sent } = await worker.process.call('stats', null);
    expect(sent).toBe(2 * received);
  }

  it('MH-4 a frame that does not go on ends its stream and no other', async () => {
    await meet([]);
    const begun = PICTURE.subarray(0, 10_000);
    await ask({ command: 'open' });
    await write(0, begun);
    await expect.poll(drops, WAIT).toEqual({ streamStalled: 1 });
    await expect.poll(async () => await write(0, Uint8Array.of(0)), WAIT).toBe(false);
    for (const seat of [BEN, EVE]) expect(await streamsOf(seat, 1)).toEqual([digest(begun)]);

    await sendWhole(1, PICTURE);
    for (const seat of [BEN, EVE]) expect(await streamsOf(seat, 2)).toEqual([digest(begun), digest(PICTURE)]);
    await expectAllSound();
    expect(await drops()).toEqual({ streamStalled: 1 });
  });

  it('MH-4 a subscriber that takes nothing of its copy loses that copy, and nobody else does', async () => {
    await meet([EVE]);
    const big = keyFrame(900_000);
    const frames = Array.from({ length: framesToStall }, () => big);
    const stream = mediaStream(PUBLISHER_USER_ID, VIDEO, frames);
    await ask({ command: 'open' });
    const head = stream.length - framesToStall * big.length;
    for (let end = head + big.length; end <= stream.length; end += big.length) {
      await write(0, stream.subarray(end === head + big.length ? 0 : end - big.length, end));
      // One after the other: what matters is that nothing is taken, not that it comes at once.
      await expect.poll(async () => (await look()).seats[BEN]?.streams[0]?.byteCount, WAIT).toBe(end);
    }
    await ask({ command: 'finish', stream: 0 });
    expect(await streamsOf(BEN, 1)).toEqual([digest(stream)]);
    await expect.poll(drops, WAIT).toEqual({ streamDestinationStalled: 1 });

    await sendWhole(1, PICTURE);
    expect(await streamsOf(BEN, 2)).toEqual([digest(stream), digest(PICTURE)]);
    await ask({ command: 'read' });
    const [cut, next] = await streamsOf(EVE, 2);
    expect(cut?.byteCount).toBeLessThan(stream.length);
    expect(cut).toEqual(digest(stream.subarray(0, cut?.byteCount)));
    expect(next).toEqual(digest(PICTURE));
    await expectAllSound();
    expect(await drops()).toEqual({ streamDestinationStalled: 1 });
  });
});
