import { describe, expect, it } from 'vitest';
import type { OutgoingStream } from '../../../../client/core/media/OutgoingStream.ts';
import type { StreamSettings } from '../../../../client/core/signaling/types.ts';
import { type LayerPublisher, SimulcastStream } from '../../../../client/media/SimulcastStream.ts';
import { encoded } from '../frames.ts';

const LAYERS: readonly StreamSettings[] = [0, 1, 2].map((spatialLayer) => ({
  kind: 'video',
  source: 'camera',
  codec: 'vp8',
  spatialLayer,
}));

/** A room that gives out stream ids from 1, and refuses the layer that it is told to. */
class FakeRoom {
  refusedLayer: number | undefined;
  readonly published = new Map<number, StreamSettings>();
  readonly frames: number[] = [];
  #nextId = 1;

  async publish(settings: StreamSettings): Promise<OutgoingStream> {
    await Promise.resolve();
    if (settings.spatialLayer === this.refusedLayer) throw new Error('No room for the layer');
    const streamId = this.#nextId++;
    this.published.set(streamId, settings);
    return {
      streamId,
      stats: { bytes: 100, framesSent: 10 * streamId },
      send: () => void this.frames.push(streamId),
    } as unknown as OutgoingStream;
  }

  async unpublish(streamId: number): Promise<void> {
    await Promise.resolve();
    this.published.delete(streamId);
  }

  get layers(): (number | undefined)[] {
    return [...this.published.values()].map(({ spatialLayer }) => spatialLayer);
  }
}

async function camera(room = new FakeRoom()) {
  const announced: [number, number][] = [];
  const stream = await SimulcastStream.publish({
    room: room as LayerPublisher,
    layers: LAYERS,
    onPublished: ({ streamId }, layer) => void announced.push([streamId, layer]),
  });
  return { room, stream, announced };
}

describe('SimulcastStream', () => {
  it('SFU-4 publishes each layer as a stream of its own, and sends a frame on that of its layer', async () => {
    const { room, stream, announced } = await camera();
    expect(room.layers).toEqual([0, 1, 2]);
    expect(announced).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    for (const spatialLayer of [2, 0, 1]) stream.send({ ...encoded(), spatialLayer });
    expect(room.frames).toEqual([3, 1, 2]);
    expect(stream.stats).toEqual({ bytes: 300, framesSent: 30 });
  });

  it('SFU-4 publishes all layers or none', async () => {
    const room = new FakeRoom();
    room.refusedLayer = 1;
    await expect(camera(room)).rejects.toThrow('No room for the layer');
    expect(room.layers).toEqual([]);
  });

  it('SFU-4 gives up a layer and publishes it again, as a new stream', async () => {
    const { room, stream, announced } = await camera();
    await stream.setLayerCount(2);
    expect(room.layers).toEqual([0, 1]);
    stream.send({ ...encoded(), spatialLayer: 2 });
    expect(room.frames).toEqual([]);
    await stream.setLayerCount(3);
    expect(room.layers).toEqual([0, 1, 2]);
    expect(announced.at(-1)).toEqual([4, 2]);
    expect(stream.stats.bytes).toBe(400);
  });

  it('SFU-4 keeps the lowest layer, and only the last count that was asked for', async () => {
    const { room, stream } = await camera();
    await Promise.all([stream.setLayerCount(1), stream.setLayerCount(3), stream.setLayerCount(0)]);
    expect(room.layers).toEqual([0]);
    expect(stream.streamId).toBe(1);
  });

  it('SFU-4 goes on with the layers that it has when one cannot be published again, and may try once more', async () => {
    const { room, stream } = await camera();
    await stream.setLayerCount(2);
    room.refusedLayer = 2;
    await expect(stream.setLayerCount(3)).rejects.toThrow('No room for the layer');
    expect(room.layers).toEqual([0, 1]);
    room.refusedLayer = undefined;
    await stream.setLayerCount(3);
    expect(room.layers).toEqual([0, 1, 2]);
  });

  it('SFU-9 leaves no stream behind when it is unpublished while a layer is on its way', async () => {
    const { room, stream } = await camera();
    await stream.setLayerCount(1);
    const changing = stream.setLayerCount(3);
    await Promise.all([changing, stream.unpublish()]);
    expect(room.layers).toEqual([]);
  });
});
