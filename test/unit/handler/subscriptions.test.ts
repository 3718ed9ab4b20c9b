// What a worker's limit of consumers counts (ledger SFU-8): the sources that each subscriber receives.
import { beforeEach, describe, expect, it } from 'vitest';
import { failure } from './failure.ts';
import { join, ROUTER_ID, type Seat, startTestWorker, type TestWorker } from './meeting.ts';

let test: TestWorker;
let publisher: Seat;
let viewers: Seat[];
let layers: string[];
let sound: string;

async function produce(
  producers: readonly { kind: 'audio' | 'video'; source?: 'camera' | 'screen'; spatial_layer?: number }[],
  firstStreamId: number,
): Promise<string[]> {
  const made = await test.calls.createProducers({
    router_id: ROUTER_ID,
    producers: producers.map((producer, index) => ({
      transport_id: publisher.transportId,
      stream_id: firstStreamId + index,
      ...producer,
    })),
  });
  return made.producers.map(({ producer_id }) => producer_id);
}

function consume(viewer: number, producers: readonly string[]) {
  const transport_id = viewers[viewer]?.transportId ?? '';
  return test.calls.createConsumers({
    router_id: ROUTER_ID,
    consumers: producers.map((producer_id) => ({ transport_id, producer_id })),
  });
}

function count(): number {
  return test.worker.stats().subscriptions;
}

beforeEach(async () => {
  test = await startTestWorker({ maxConsumers: 3 });
  publisher = await join(test, 1);
  viewers = [await join(test, 2), await join(test, 3)];
  layers = await produce(
    [0, 1, 2].map((spatial_layer) => ({ kind: 'video', source: 'camera', spatial_layer }) as const),
    10,
  );
  [sound = ''] = await produce([{ kind: 'audio' }], 20);
});

describe('the limit of consumers', () => {
  it('SFU-8 SFU-4 counts the layers of one camera once for each subscriber, in one batch as one by one', async () => {
    await consume(0, [...layers, sound]);
    expect(test.worker.stats()).toMatchObject({ consumers: 4, subscriptions: 2 });
    for (const layer of layers) await consume(1, [layer]);
    expect(test.worker.stats()).toMatchObject({ consumers: 7, subscriptions: 3 });
    expect(await failure(() => consume(1, [sound]))).toEqual({
      code: 'CAPACITY_EXCEEDED',
      message: 'No room for 1 more subscriptions: 0 left',
    });
  });

  it('SFU-3 SFU-8 refuses a batch that does not fit whole', async () => {
    await consume(0, [layers[0] ?? '', sound]);
    expect(await failure(() => consume(1, [...layers, sound]))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
    expect(count()).toBe(2);
    await consume(1, layers);
    expect(count()).toBe(3);
  });

  it('SFU-8 counts streams that cannot be layers of one source each by itself', async () => {
    const apart = await produce(
      [
        { kind: 'video', source: 'screen' },
        { kind: 'video', source: 'screen' },
        { kind: 'video' },
        { kind: 'video', spatial_layer: 1 },
      ],
      30,
    );
    expect(await failure(() => consume(0, apart))).toMatchObject({
      message: 'No room for 4 more subscriptions: 3 left',
    });
    for (const [index, producer] of apart.slice(0, 3).entries()) {
      await consume(0, [producer]);
      expect(count()).toBe(index + 1);
    }
  });

  it('SFU-8 has room again when the last layer of a source, or a sound, is let go', async () => {
    const { consumers } = await consume(0, layers);
    await consume(0, [sound]);
    await consume(1, [sound]);
    for (const [index, { consumer_id }] of consumers.entries()) {
      expect(await failure(() => consume(1, layers))).toMatchObject({ code: 'CAPACITY_EXCEEDED' });
      await test.calls.closeConsumer({ router_id: ROUTER_ID, consumer_id });
      expect(count()).toBe(index < 2 ? 3 : 2);
    }
    await consume(1, layers);
    await test.calls.closeTransport({ router_id: ROUTER_ID, transport_id: viewers[0]?.transportId ?? '' });
    expect(count()).toBe(2);
    await test.calls.closeProducer({ router_id: ROUTER_ID, producer_id: sound });
    expect(count()).toBe(1);
  });
});
