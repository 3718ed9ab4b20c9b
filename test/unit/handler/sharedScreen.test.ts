// What a subscriber gets of a shared screen and of cameras when its path does not take everything (ledger MH-5): a real
// worker, its policy in the loop, and a viewer that reports what a path of so many bits per second would have let through.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PATH_STEP_MS } from '../../../media-node/quality/PathPolicy.ts';
import { turnPingIntoPong } from '../../../shared/frame/control.ts';
import { FrameType, HEADER_BYTES } from '../../../shared/frame/layout.ts';
import { readStreamId, readUserId } from '../../../shared/frame/read.ts';
import { isControl } from '../../../shared/frame/validate.ts';
import { frame, join, ROUTER_ID, type Seat, settle, startTestWorker, type TestWorker } from './meeting.ts';

const PAYLOAD_BYTES = 1_000;
const DISCARDABLE_END = 3;
/** Of a stream's datagrams. */
const DISCARDABLE_SHARE = 0.4;
const SETTLED_STEPS = 40;
/** Datagrams at once. */
const BURST = 8;

interface Source {
  readonly userId: number;
  readonly kind: 'camera' | 'screen';
  /** By layer, bits per second. */
  readonly layersBps: readonly number[];
}

const ADA = { userId: 1, kind: 'camera', layersBps: [60_000, 200_000, 600_000] } as const;
const BEN = { userId: 2, kind: 'camera', layersBps: [60_000, 200_000, 600_000] } as const;
const SCREEN = { userId: 1, kind: 'screen', layersBps: [400_000, 1_200_000] } as const;
const SOURCES: readonly Source[] = [ADA, BEN, SCREEN];

let test: TestWorker;
let publishers: Map<number, Seat>;
let viewer: Seat;
/** Next sequence number by stream. */
let sequences: Map<string, number>;

/** Streams 10 to 12 are a camera's layers, 20 and 21 a screen's. */
function streamOf({ kind }: Source, layer: number): number {
  return (kind === 'camera' ? 10 : 20) + layer;
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  test = await startTestWorker();
  sequences = new Map();
  publishers = new Map([
    [ADA.userId, await join(test, ADA.userId)],
    [BEN.userId, await join(test, BEN.userId)],
  ]);
  viewer = await join(test, 3);
  for (const source of SOURCES) {
    const { producers } = await test.calls.createProducers({
      router_id: ROUTER_ID,
      producers: source.layersBps.map((bitrate_bps, layer) => ({
        transport_id: publishers.get(source.userId)?.transportId ?? '',
        stream_id: streamOf(source, layer),
        kind: 'video' as const,
        source: source.kind,
        spatial_layer: layer,
        bitrate_bps,
      })),
    });
    await test.calls.createConsumers({
      router_id: ROUTER_ID,
      consumers: producers.map(({ producer_id }) => ({ transport_id: viewer.transportId, producer_id })),
    });
  }
  await settle();
});

afterEach(() => {
  vi.useRealTimers();
});

/** One layer's datagrams of a step: whole frames, most of them key frames, the rest discardable. */
async function sendLayer(source: Source, layer: number): Promise<void> {
  const stream = streamOf(source, layer);
  const key = `${source.userId}/${stream}`;
  const count = Math.round(((source.layersBps[layer] ?? 0) * PATH_STEP_MS) / 8_000 / PAYLOAD_BYTES);
  for (let index = 0; index < count; index++) {
    const sequence = sequences.get(key) ?? 0;
    sequences.set(key, sequence + 1);
    const isDiscardable = index >= count * (1 - DISCARDABLE_SHARE);
    publishers.get(source.userId)?.client.sendDatagram(
      frame(source.userId, stream, {
        sequence,
        spatialLayer: layer,
        payloadLength: PAYLOAD_BYTES,
        ...(isDiscardable
          ? { type: FrameType.videoDelta, temporalLayer: 1, flags: DISCARDABLE_END }
          : { type: FrameType.videoKey }),
      }),
    );
    // A path takes what is spread over time, not all at once.
    if (index % BURST === BURST - 1) await settle();
  }
  await settle();
}

/** Reports what a path of `rateBps` lets through of what has come, one datagram in so many lost. */
async function report(rateBps: number): Promise<void> {
  const sent = new Map<string, number>();
  for (const bytes of viewer.client.datagrams.splice(0)) {
    if (isControl(bytes, 0)) continue;
    const key = `${readUserId(bytes, 0)}/${readStreamId(bytes, 0)}`;
    sent.set(key, (sent.get(key) ?? 0) + 1);
  }
  const datagrams = [...sent.values()].reduce((sum, count) => sum + count, 0);
  const sentBps = (datagrams * PAYLOAD_BYTES * 8_000) / PATH_STEP_MS;
  const share = Math.min(1, rateBps / sentBps);
  let owed = 0;
  const streams = [...sent].map(([key, count]) => {
    const [userId = 0, streamId = 0] = key.split('/').map(Number);
    owed += count * share;
    const received = Math.min(count, Math.round(owed));
    owed -= received;
    const bytes = received * (HEADER_BYTES + PAYLOAD_BYTES);
    return { userId, streamId, highestSequence: (sequences.get(key) ?? 1) - 1, received, bytes };
  });
  await viewer.client.say({ receiverReport: { intervalMs: PATH_STEP_MS, streams } });
}

/** Lets a path of so many bits per second settle; answers the layer that is sent of each source. */
async function settleAt(rateBps: number): Promise<Record<'ada' | 'ben' | 'screen', string>> {
  for (let step = 0; step < SETTLED_STEPS; step++) {
    for (const source of SOURCES) for (const layer of source.layersBps.keys()) await sendLayer(source, layer);
    await report(rateBps);
    test.clock.nowMs += PATH_STEP_MS;
    await vi.advanceTimersByTimeAsync(PATH_STEP_MS);
    for (const ping of viewer.client.pings.splice(0)) {
      turnPingIntoPong(ping, 0);
      viewer.client.sendDatagram(ping);
    }
    await settle();
  }
  const { transports } = await test.calls.inspectTransports({ router_id: ROUTER_ID });
  const consumers =
    transports.find(({ transport_id }) => transport_id === viewer.transportId)?.consumers ?? [];
  const sentOf = (source: Source): string => {
    const layers = source.layersBps.map((_, layer) =>
      consumers.find(
        (consumer) => consumer.user_id === source.userId && consumer.stream_id === streamOf(source, layer),
      ),
    );
    const layer = layers.findLastIndex((consumer) => consumer?.forwarding === 'all');
    return `${layer}${layers[layer]?.max_temporal_layer === 0 ? ' thinned' : ''}`;
  };
  return { ada: sentOf(ADA), ben: sentOf(BEN), screen: sentOf(SCREEN) };
}

describe('a shared screen and cameras over a narrow path', () => {
  it('MH-5 sends everything while there is room', async () => {
    expect(await settleAt(10_000_000)).toEqual({ ada: '2', ben: '2', screen: '1' });
  });

  it('MH-5 lowers the cameras first, and leaves the screen all that it has', async () => {
    await settleAt(10_000_000);
    const { ada, ben, screen } = await settleAt(1_600_000);
    expect(screen).toBe('1');
    expect(Number.parseInt(ada, 10)).toBeLessThan(2);
    expect(Number.parseInt(ben, 10)).toBeLessThan(2);
  });

  it('MH-5 gives who speaks what the screen leaves, before the other cameras', async () => {
    await viewer.client.say({
      layerChange: {
        userId: BEN.userId,
        streamId: 10,
        preferredSpatialLayer: 2,
        maxTemporalLayer: 7,
        priority: 1,
      },
    });
    await settleAt(10_000_000);
    const { ada, ben, screen } = await settleAt(1_700_000);
    expect([ada, screen]).toEqual(['0', '1']);
    expect(Number.parseInt(ben, 10)).toBeGreaterThan(1);
  });

  it('MH-5 lowers the screen too when the cameras have no more to give, its frames before its sharpness', async () => {
    await settleAt(10_000_000);
    const { ada, ben, screen } = await settleAt(1_100_000);
    expect([ada[0], ben[0], screen]).toEqual(['0', '0', '1 thinned']);
  });
});
