import { describe, expect, it } from 'vitest';
import { type ConsumedProducer, Consumer } from '../../../media-node/handler/Consumer.ts';
import { LayerGroup } from '../../../media-node/handler/LayerGroup.ts';
import { Counters } from '../../../media-node/metrics/Counters.ts';
import { DestinationDrops } from '../../../media-node/metrics/DestinationDrops.ts';
import { Arrivals } from '../../../media-node/quality/Arrivals.ts';
import { systemClock } from '../../../shared/base/clock.ts';

/** A group with these layers of a camera, the first of which is sent, and the layers whose key frames it asked for. */
function group(...layers: { readonly spatialLayer: number; readonly isPaused?: boolean }[]) {
  const asked: number[] = [];
  const made = new LayerGroup(() => undefined);
  for (const { spatialLayer, isPaused = false } of layers) {
    const producer: ConsumedProducer = {
      id: `producer-${spatialLayer}`,
      userId: 1,
      streamId: 10 + spatialLayer,
      kind: 'video',
      spatialLayer,
      source: 'camera',
      transportId: 'transport-1',
      bitrateBps: 0,
      arrivals: new Arrivals(systemClock),
      isPaused,
      requestKeyFrame: () => void asked.push(spatialLayer),
    };
    const id = `consumer-${spatialLayer}`;
    made.add(new Consumer(id, 'transport-2', producer, new Counters(), new DestinationDrops()));
  }
  asked.length = 0;
  return { group: made, asked };
}

describe('LayerGroup', () => {
  it('MH-5 asks again for the layer that is sent while its publisher takes it that nobody wants it', () => {
    const { group: paused, asked } = group({ spatialLayer: 0, isPaused: true });
    for (const nowMs of [0, 500, 1_000, 1_500, 2_000]) paused.retry(nowMs);
    expect(asked).toEqual([0, 0]);
  });

  it('SFU-4 asks for a key frame of the layer that is sent too while a change to another is pending', () => {
    const { group: changing, asked } = group({ spatialLayer: 0 }, { spatialLayer: 1 });
    changing.requestKeyFrame();
    expect(asked).toEqual([0, 1]);
  });

  it('MH-5 asks for nothing again while the one layer comes', () => {
    const { group: flowing, asked } = group({ spatialLayer: 0 });
    for (const nowMs of [0, 1_000, 2_000]) flowing.retry(nowMs);
    expect(asked).toEqual([]);
  });
});
